"""Clients that are slow, invalid or disconnect: the server handles each, and others don't notice."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.support.process import Server, say_raw

LIMIT = 2_097_152
GOOD = json.dumps({"users": ["zoe"]}).encode()


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        yield connection


def post(body: bytes, *headers: str, length: int | None = None) -> bytes:
    """A request for recommendations by a body."""
    lines = (
        "POST /recommendations HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def received(connection: socket.socket) -> bytes:
    answer = b""
    while chunk := connection.recv(65_536):
        answer += chunk
    return answer


def assert_serving(server: Server) -> None:
    start = time.monotonic()
    assert server.get("/recommendations?users=zoe").status_code == 200
    assert time.monotonic() - start < 10
    assert len(server.workers()) == 3
    assert "Traceback" not in server.stderr()


def problem(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head.lower()
    found = json.loads(body)
    assert found["detail"] == found["error"]
    return int(head.split()[1]), found["error"]


def test_a_request_that_trickles_in_is_answered_like_any_other(running: Server) -> None:
    with connected(running) as connection:
        for byte in b"GET /check_users?users=zoe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
            connection.sendall(bytes([byte]))
            time.sleep(0.005)
        assert received(connection).endswith(b'{"zoe":false}\n')


def test_a_body_that_trickles_in_is_answered_like_any_other(running: Server) -> None:
    request = post(GOOD)
    with connected(running) as connection:
        connection.sendall(request[: -len(GOOD)])
        for byte in GOOD:
            time.sleep(0.02)
            connection.sendall(bytes([byte]))
        assert b"200 OK" in received(connection)


def test_many_connections_that_say_nothing_or_half_a_head_keep_nobody_waiting(
    running: Server,
) -> None:
    with ExitStack() as stack:
        for number in range(200):
            connection = stack.enter_context(connected(running))
            if number % 2:
                connection.sendall(b"GET /recommendations?users=zoe HTTP/1.1\r\nHost: ")
        assert_serving(running)


def test_a_connection_closed_on_the_senders_side_is_let_go(running: Server) -> None:
    # The server takes a half-closed connection for a closed one; the answer may be lost.
    for _ in range(20):
        with connected(running) as connection:
            connection.sendall(
                b"GET /check_users?users=zoe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            connection.shutdown(socket.SHUT_WR)
            answer = received(connection)
        assert answer == b"" or answer.endswith(b'{"zoe":false}\n')
    assert_serving(running)


@pytest.mark.parametrize("part", [1, 30, -1])
def test_clients_that_hang_up_in_the_middle_disturb_nobody(running: Server, part: int) -> None:
    for request in (post(GOOD), b"GET /recommendations?users=zoe HTTP/1.1\r\nHost: x\r\n\r\n"):
        for _ in range(20):
            with connected(running) as connection:
                connection.sendall(request[:part])
    assert_serving(running)


def test_clients_that_do_not_wait_for_their_answer_disturb_nobody(running: Server) -> None:
    users = json.dumps({"users": [f"u{i}" for i in range(5_000)], "n": 20}).encode()
    for _ in range(10):
        with connected(running) as connection:
            connection.sendall(post(users))
    assert_serving(running)


def test_an_announced_body_too_large_is_refused_with_the_limit(running: Server) -> None:
    with connected(running) as connection:
        connection.sendall(post(b"", length=10 * LIMIT))
        connection.shutdown(socket.SHUT_WR)
        answer = received(connection)
    assert problem(answer)[0] == 413
    assert f"{LIMIT:,}" in problem(answer)[1]
    assert_serving(running)


def test_a_body_sent_in_chunks_is_held_to_the_same_limit(running: Server) -> None:
    head = post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with connected(running) as connection:
        connection.sendall(head)
        try:
            for _ in range(3 * LIMIT // 0x10000):
                connection.sendall(chunk)
            connection.sendall(b"0\r\n\r\n")
        except ConnectionError:
            pass  # refused before all of it was sent
        answer = received(connection)
    assert problem(answer)[0] in (400, 413)
    assert_serving(running)


def test_a_good_body_in_chunks_is_read(running: Server) -> None:
    head = post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in GOOD) + b"0\r\n\r\n"
    status, _, body = say_raw(running, head + chunks)
    assert "200" in status
    assert b'"zoe"' in body


def test_a_body_shorter_than_announced_is_no_good_request(running: Server) -> None:
    with connected(running) as connection:
        connection.sendall(post(GOOD, length=len(GOOD) + 10))
        connection.shutdown(socket.SHUT_WR)
        answer = received(connection)
    assert answer == b"" or "of 28 bytes" in problem(answer)[1]
    assert_serving(running)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/9.9",
        b"GET /\xff\xfe HTTP/1.1",
        b"GET /recommendations?users=\xff HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http://elsewhere/recommendations?users=zoe HTTP/1.1",
        b"BREW /recommendations HTTP/1.1",
        b"GET /recommendations?users=" + b"x" * 70_000 + b" HTTP/1.1",
        b"GET //recommendations HTTP/1.1",
        b"GET /items/..%2f..%2fetc%2fpasswd HTTP/1.1",
        b"GET /items/%00 HTTP/1.1",
        b"CONNECT somewhere:80 HTTP/1.1",
        b"* * *",
    ],
)
def test_requests_that_are_none_are_refused_and_no_worker_minds(
    running: Server, request_line: bytes
) -> None:
    with connected(running) as connection:
        connection.sendall(request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = received(connection)
    assert b"HTTP/1.1 5" not in answer
    assert b"<html" not in answer.lower()
    assert_serving(running)


def test_two_hundred_headers_or_a_megabyte_of_them_are_refused_or_answered(running: Server) -> None:
    many = [f"X-{number}: y" for number in range(200)]
    for headers in (many, ["X-Long: " + "y" * 1_000_000]):
        with connected(running) as connection:
            try:
                connection.sendall(post(GOOD, *headers))
                answer = received(connection)
            except ConnectionError:
                continue  # refused before it was all sent
        assert b"HTTP/1.1 5" not in answer
    assert_serving(running)

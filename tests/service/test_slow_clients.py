"""Slow clients and stopped workers: whoever is well behaved is served all the while."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil
import pytest

from config import Config
from tests.support.process import Server, serving, until
from tests.support.services import copy_of

ANNOUNCED = b"POST /recommendations HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
CHUNKED = (
    b"POST /recommendations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(published: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = copy_of(
        published, tmp_path_factory.mktemp("slow"), workers=2, body_timeout_s=2, worker_timeout_s=5
    )
    with serving(config) as server:
        yield server


def connect(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def seconds_of(server: Server, path: str) -> float:
    start = time.monotonic()
    assert server.get(path).status_code == 200
    return time.monotonic() - start


@pytest.mark.parametrize("request_head", [ANNOUNCED, CHUNKED])
def test_clients_that_announce_a_body_and_stay_silent_hold_up_nobody_and_get_a_408(
    server: Server, request_head: bytes
) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(server)) for _ in range(60)]
        for connection in slow:
            connection.sendall(request_head)
        for path in ("/recommendations?users=zoe", "/check_users?users=zoe,amir") * 5:
            assert seconds_of(server, path) < 2
        answers = [connection.recv(65_536) for connection in slow]
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)


def test_thousands_of_idle_connections_hold_up_nobody(server: Server) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))
    with ExitStack() as stack:
        for number in range(3_000):
            connection = stack.enter_context(connect(server))
            if number % 3 == 0:
                connection.sendall(b"GET /check_users?users=zoe HTTP/1.1\r\nHost: ")
        assert seconds_of(server, "/recommendations?users=zoe") < 2


def test_silent_connections_are_closed_whatever_they_began_to_say(server: Server) -> None:
    answered = b"GET /check_users?users=zoe HTTP/1.1\r\nHost: x\r\n\r\n"
    begun = (b"", b"PRI * HT", b"GET / HTTP/1.1\r\nHost: ", answered)
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(server)) for _ in begun]
        for connection, sent in zip(connections, begun, strict=True):
            connection.sendall(sent)
        for connection in connections:
            while connection.recv(65_536):
                pass


def test_clients_that_never_read_their_answers_are_let_go_with_them(server: Server) -> None:
    users = [f"somebody {number:0170}" for number in range(10_000)]
    body = json.dumps({"users": users}).encode()
    head = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    asked = b"POST /recommendations HTTP/1.1\r\n" + head.encode() + body
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(server)) for _ in range(3)]
        for connection in connections:
            with suppress(ConnectionError):  # the first may be let go while the second is sent
                connection.sendall(asked + asked)  # more answers than the system's buffers hold
        ports = {connection.getsockname()[1] for connection in connections}
        until(lambda: not ports & connected_ports(server), timeout_s=20)
        assert seconds_of(server, "/recommendations?users=zoe") < 2
    assert server.post("/recommendations", data=body, headers=JSON).ok


def connected_ports(server: Server) -> set[int]:
    """The ports of the clients whose connections the workers still have."""
    found = [psutil.Process(pid).net_connections("tcp") for pid in server.workers()]
    return {each.raddr.port for those in found for each in those if each.raddr}


def test_a_stopped_worker_is_noticed_and_replaced(server: Server) -> None:
    before = server.workers()
    os.kill(before[0], signal.SIGSTOP)
    until(lambda: not psutil.pid_exists(before[0]) or _is_dead(before[0]), timeout_s=20)
    until(lambda: len(set(server.workers()) - {before[0]}) == 2, timeout_s=20)
    for _ in range(20):
        assert seconds_of(server, "/recommendations?users=zoe") < 2
    assert "no sign of life" in server.stderr()


def _is_dead(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True

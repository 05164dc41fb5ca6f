"""Requests are read whole before a thread is given to them, within time, size and memory."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import pytest

from api.asgi.body import BodyReader
from api.asgi.environ import environ_of
from api.asgi.gateway import Gateway
from api.asgi.sender import ResponseSender
from api.asgi.threads import RequestThreads
from api.wsgi.middleware import REFUSAL

LIMIT = 10
THREADS = RequestThreads(2, nullcontext())


class Echo:
    """A WSGI application that answers with its thread and the body it was sent."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if REFUSAL in environ:
            return environ[REFUSAL](environ, start_response)  # type: ignore[no-any-return]
        start_response("201 CREATED", [("X-Thread", threading.current_thread().name)])
        return [environ["wsgi.input"].read()]


def scope(method: str = "POST", path: str = "/", *headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "client": ("192.0.2.7", 4711),
        "server": ("192.0.2.1", 8080),
    }


def gateway(timeout_s: float = 5.0, bodies: BodyReader | None = None) -> Gateway:
    reader = bodies or BodyReader(LIMIT, timeout_s)
    return Gateway(
        Echo(), lambda method, path, query: path == "/quick", THREADS, reader, ResponseSender(5.0)
    )


def ask(
    application: Gateway, request: dict[str, Any], *chunks: bytes, ends: bool = True
) -> tuple[int, dict[str, str], bytes]:
    """Send a request chunk by chunk; without `ends`, the client then stays silent."""

    async def run() -> list[dict[str, Any]]:
        waiting = [
            {"type": "http.request", "body": chunk, "more_body": not ends or i < len(chunks) - 1}
            for i, chunk in enumerate(chunks)
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop(0)
            return await asyncio.Future()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await application(request, receive, send)
        return sent

    start, body = asyncio.run(run())
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, body["body"]


def test_a_body_in_pieces_reaches_the_application_whole_in_a_thread() -> None:
    request = scope("POST", "/", ("content-length", "5"))
    status, headers, body = ask(gateway(), request, b"he", b"llo")
    assert (status, body) == (201, b"hello")
    assert headers["x-thread"].startswith("request")


def test_a_quick_request_is_answered_in_the_event_loop() -> None:
    _, headers, _ = ask(gateway(), scope("GET", "/quick"))
    assert headers["x-thread"] == "MainThread"


def test_a_silent_client_gets_a_408_and_no_thread() -> None:
    request = scope("POST", "/", ("content-length", "5"))
    status, headers, body = ask(gateway(timeout_s=0.05), request, b"h", ends=False)
    assert status == 408
    assert headers["connection"] == "close"
    assert "BODY_TIMEOUT_S" in json.loads(body)["error"]


@pytest.mark.parametrize("headers", [(("content-length", "11"),), (("transfer-encoding", "x"),)])
def test_a_body_too_large_is_refused_announced_or_not(headers: tuple[tuple[str, str]]) -> None:
    status, _, body = ask(gateway(), scope("POST", "/", *headers), b"x" * 6, b"x" * 5)
    assert status == 413
    assert "larger than 10 bytes" in json.loads(body)["error"]


def test_bodies_that_arrive_at_once_share_a_bounded_memory_and_give_it_back() -> None:
    bodies = BodyReader(LIMIT, 5.0)
    application = gateway(bodies=bodies)
    request = scope("POST", "/", ("transfer-encoding", "chunked"))
    for _ in range(100):  # far more than fits at a time
        assert ask(application, request, b"x" * LIMIT)[0] == 201
        assert ask(application, request, b"x" * LIMIT, b"x")[0] == 413
    held = b"x" * (32 * LIMIT - 4)
    bodies.release(b"")
    bodies._free_bytes -= len(held)
    assert ask(application, request, b"x" * 4)[0] == 201
    status, headers, _ = ask(application, request, b"x" * 5)
    assert (status, headers["retry-after"]) == (503, "1")
    bodies.release(held)
    assert ask(application, request, b"x" * 5)[0] == 201


def test_a_client_that_leaves_in_the_middle_of_its_body_gets_a_400() -> None:
    async def run() -> int:
        messages = [
            {"type": "http.request", "body": b"h", "more_body": True},
            {"type": "http.disconnect"},
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return messages.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await gateway()(scope("POST", "/", ("content-length", "5")), receive, send)
        return int(sent[0]["status"])

    assert asyncio.run(run()) == 400


def test_the_environment_is_that_of_wsgi() -> None:
    request = scope(
        "GET", "/a%2Fb/%FF", ("host", "x"), ("x-a", "1"), ("x-a", "2"), ("content-type", "t")
    )
    environ = environ_of(request, b"")
    assert environ["PATH_INFO"] == "/a/b/\xff"
    assert environ["HTTP_X_A"] == "1,2"
    assert environ["CONTENT_TYPE"] == "t"
    assert (environ["REMOTE_ADDR"], environ["SERVER_PORT"]) == ("192.0.2.7", "8080")


def test_the_event_loop_is_announced_when_it_starts() -> None:
    started: list[bool] = []
    application = Gateway(
        Echo(),
        lambda *_: False,
        THREADS,
        BodyReader(LIMIT, 1.0),
        ResponseSender(1.0),
        lambda: started.append(True),
    )

    async def run() -> list[str]:
        events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent: list[str] = []

        async def receive() -> dict[str, Any]:
            return events.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["type"])

        await application({"type": "lifespan"}, receive, send)
        return sent

    assert asyncio.run(run()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert started == [True]

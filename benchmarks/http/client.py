"""A small HTTP client that keeps many connections busy at little cost of its own.

The client shares the cores with the server that it measures. So it is one process, one epoll
loop and plain sockets: an answer costs about 20 microseconds here, a tenth of what the
cheapest endpoint costs the server.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
GENERATION = b"x-generation: "


class Answer(NamedTuple):
    """The answer to one request.

    Attributes:
        request: Number of the request.
        begun: When its first byte was sent, in nanoseconds of `time.monotonic_ns`.
        ended: When the last byte of the answer had come, likewise.
        raw: Head and body as received; empty where the connection was lost.
    """

    request: int
    begun: int
    ended: int
    raw: bytes

    @property
    def status(self) -> int:
        """HTTP status; 0 where the connection was lost."""
        return int(self.raw[9:12]) if self.raw else 0

    @property
    def generation(self) -> str:
        """Generation that the answer says it was made from."""
        head = self.raw.partition(HEAD_END)[0].lower() + b"\r\n"
        return head.partition(GENERATION)[2].partition(b"\r\n")[0].decode("latin-1")

    @property
    def body(self) -> bytes:
        """Everything after the head."""
        return self.raw.partition(HEAD_END)[2]


def get(path: str) -> bytes:
    """Write the bytes of a GET request for a path."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("ascii")


def ask(port: int, requests: Sequence[bytes], n_connections: int) -> Iterator[Answer]:
    """Send the requests in turns, one at a time on each connection, until the caller stops.

    Connections are kept alive. One that the server closes is replaced, and its request is
    yielded as an answer without any bytes.

    Args:
        port: Port of a server on this machine.
        requests: Requests as `get` writes them.
        n_connections: How many requests are in flight at any time.
    """
    with selectors.DefaultSelector() as selector:
        connections = [_Connection(port) for _ in range(n_connections)]
        for number, connection in enumerate(connections):
            connection.start(selector)
            connection.send(requests, number % len(requests))
        sent = n_connections
        try:
            while True:
                for key, _ in selector.select():
                    answer = key.data.receive()
                    if answer is None:
                        continue
                    if not answer.raw:
                        key.data.restart(selector)
                    key.data.send(requests, sent % len(requests))
                    sent += 1
                    yield answer
        finally:
            for connection in connections:
                connection.socket.close()


class _Connection:
    """One socket, and the request in flight on it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._received = b""
        self._request = 0
        self._begun = 0

    def start(self, selector: selectors.BaseSelector) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(self.socket, selectors.EVENT_READ, self)

    def restart(self, selector: selectors.BaseSelector) -> None:
        selector.unregister(self.socket)
        self.socket.close()
        self.start(selector)

    def send(self, requests: Sequence[bytes], number: int) -> None:
        self._request, self._received = number, b""
        self._begun = time.monotonic_ns()
        self.socket.sendall(requests[number])

    def receive(self) -> Answer | None:
        """Read what is there, and return the answer once it is whole or the connection is lost."""
        try:
            chunk = self.socket.recv(262_144)
        except OSError:
            chunk = b""
        self._received = self._received + chunk if chunk else b""
        if chunk and not _is_whole(self._received):
            return None
        return Answer(self._request, self._begun, time.monotonic_ns(), self._received)


def _is_whole(received: bytes) -> bool:
    head_length = received.find(HEAD_END)
    if head_length < 0:
        return False
    start = received[:head_length].lower().find(LENGTH)
    length = int(received[start + len(LENGTH) : head_length].partition(b"\r\n")[0])
    return len(received) >= head_length + len(HEAD_END) + length

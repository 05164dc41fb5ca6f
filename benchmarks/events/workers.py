"""A connection to each worker of a running service, so that each one can be asked."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import psutil

from benchmarks.http.service import RunningService

TIMEOUT_S: Final = 120
_MOST_TRIES: Final = 1_000
_START_TIMEOUT_S: Final = 60


class Response(NamedTuple):
    """The status and the body of a response."""

    status: int
    body: bytes


class Workers:
    """Connections to all workers; a worker closes its connection after ten idle seconds."""

    def __init__(self, service: RunningService, n_workers: int) -> None:
        """Connect until each worker has a connection; the kernel decides who gets one.

        Raises:
            TimeoutError: Some worker has none.
        """
        self._port = service.port
        deadline = time.monotonic() + _START_TIMEOUT_S
        while len(found := service.workers()) < n_workers:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {n_workers} workers have started.")
            time.sleep(0.05)
        by_worker: dict[int, http.client.HTTPConnection] = {}
        for _ in range(_MOST_TRIES):
            connection = self._connect()
            worker = _peer(found, connection)
            if worker is None or worker in by_worker:
                connection.close()
            else:
                by_worker[worker] = connection
            if len(by_worker) == n_workers:
                self._connections = list(by_worker.values())
                return
        raise TimeoutError(f"{len(by_worker)} of {n_workers} workers took connections.")

    def __len__(self) -> int:
        """Count the workers."""
        return len(self._connections)

    def get(self, worker: int, path: str) -> Response:
        """Ask a worker, by its number from 0."""
        return self._send(worker, "GET", path)

    def post(self, worker: int, path: str, content: Any) -> Response:
        """Send JSON to a worker, by its number from 0."""
        return self._send(worker, "POST", path, json.dumps(content).encode())

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()

    def _send(self, worker: int, method: str, path: str, body: bytes | None = None) -> Response:
        connection = self._connections[worker]
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Response(response.status, response.read())

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        return connection


def _peer(workers: Sequence[int], connection: http.client.HTTPConnection) -> int | None:
    """Find the worker at the other end."""
    own_port = connection.sock.getsockname()[1]
    for worker in workers:
        ends = psutil.Process(worker).net_connections("tcp")
        if any(each.raddr[1:] == (own_port,) for each in ends):
            return worker
    return None

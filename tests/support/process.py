"""A real server process: `python app.py` on a free port, reached over a socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import requests

from config import PROJECT_ROOT, Config

START_TIMEOUT_S = 60


class Server(NamedTuple):
    """The server's parent process, its address and the file of its stderr."""

    process: subprocess.Popen[str]
    url: str
    stderr_path: Path

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=30, **kwargs)

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=120, **kwargs)

    def stderr(self) -> str:
        return self.stderr_path.read_text(encoding="utf-8")

    def workers(self) -> list[int]:
        """Return the ids of the processes that listen on the port."""
        children = psutil.Process(self.process.pid).children()
        return sorted(child.pid for child in children if self._listens(child))

    def _listens(self, child: psutil.Process) -> bool:
        port = int(self.url.rpartition(":")[2])
        try:
            found = child.net_connections("tcp")
        except psutil.Error:  # it has just ended
            return False
        return any(each.laddr.port == port and each.status == psutil.CONN_LISTEN for each in found)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to end it, and return its exit status."""
        self.process.send_signal(how)
        return self.process.wait(timeout=60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(config: Config) -> dict[str, str]:
    """Return this process's environment with all settings and one thread for each library."""
    return os.environ | config.as_environment() | {"OMP_NUM_THREADS": "1"}


def run_app(config: Config, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run `python app.py` until it ends, for starts that fail."""
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT_ROOT,
        env=environment(config) | changes,
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )


@contextmanager
def serving(config: Config) -> Iterator[Server]:
    """Start a server, wait until it reports that it is ready, and end it with all its children."""
    config.log_path.mkdir(parents=True, exist_ok=True)
    stderr_path = config.log_path / "stderr"
    with stderr_path.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=PROJECT_ROOT,
            env=environment(config),
            stderr=stderr,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
    server = Server(process, f"http://127.0.0.1:{config.port}", stderr_path)
    try:
        until(lambda: "Ready at" in server.stderr() or process.poll() is not None)
        assert process.poll() is None, server.stderr()
        yield server
    finally:
        family = (
            [*psutil.Process(process.pid).children(recursive=True)]
            if process.poll() is None
            else []
        )
        process.kill()
        process.wait()
        for child in family:
            if child.is_running():
                child.kill()


def until(happens: Any, timeout_s: float = START_TIMEOUT_S) -> None:
    """Wait until `happens()` is true."""
    deadline = time.monotonic() + timeout_s
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def say_raw(server: Server, request: bytes) -> tuple[str, dict[str, str], bytes]:
    """Send raw bytes, and return the status line, headers and body of the response."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return status, headers, body

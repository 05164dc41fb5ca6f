"""Start the service as a process of its own, and look at what it costs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil
import requests

from config import PROJECT_ROOT, Config

START_TIMEOUT_S = 300
STOP_TIMEOUT_S = 60


@dataclass(frozen=True)
class RunningService:
    """A running service.

    Attributes:
        process: The process that started the others.
        port: Port on which it answers.
        start_s: Seconds from its start to its first recommendation.
    """

    process: psutil.Popen
    port: int
    start_s: float

    def workers(self) -> list[int]:
        """List the ids of the processes that answer requests: those that listen on the port."""
        found = []
        for child in self.process.children():
            try:
                ports = {each.laddr.port for each in child.net_connections("tcp")}
            except psutil.Error:  # it has just ended
                continue
            if self.port in ports:
                found.append(child.pid)
        return found

    def processor_s(self) -> float:
        """Add up the processor time that all processes of the service have used so far."""
        family = [self.process, *self.process.children(recursive=True)]
        return float(sum(sum(each.cpu_times()[:2]) for each in family))

    def pss_mb(self, *, parent: bool = False) -> float:
        """Add up the proportional set sizes of the workers, and of the parent if asked."""
        processes = [*self.workers(), *([self.process.pid] if parent else [])]
        return float(sum(psutil.Process(each).memory_full_info().pss for each in processes) / 1e6)


@contextmanager
def running(config: Config, module: Sequence[str] = ("app.py",)) -> Iterator[RunningService]:
    """Run `python MODULE` with these settings until the block ends.

    Raises:
        RuntimeError: It ended before it answered; the message has the end of its stderr.
    """
    config.log_path.mkdir(parents=True, exist_ok=True)
    stderr_path = config.log_path / f"stderr-{config.port}"
    started = time.monotonic()
    with stderr_path.open("w") as stderr:
        process = psutil.Popen(
            [sys.executable, *module],
            cwd=PROJECT_ROOT,
            env=os.environ | config.as_environment() | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        while not _answers(config.port):
            if process.poll() is not None or time.monotonic() > started + START_TIMEOUT_S:
                raise RuntimeError(
                    f"The service doesn't answer: {stderr_path.read_text()[-2_000:]}"
                )
            time.sleep(0.01)
        yield RunningService(process, config.port, time.monotonic() - started)
    finally:
        with suppress(psutil.NoSuchProcess):  # it may have ended by itself
            process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Find a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        answer = requests.get(f"http://127.0.0.1:{port}/recommendations?users=x", timeout=30)
    except requests.ConnectionError:
        return False
    return answer.ok

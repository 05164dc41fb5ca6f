"""A real object store that speaks S3: SeaweedFS in one process, whose files survive its end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests

from benchmarks.http.service import free_port
from storage.remote.client import StoreError
from storage.remote.object_store import ObjectStore

PROGRAM: Final = "weed"
BUCKET: Final = "shop"
ACCESS_KEY: Final = "tester"
SECRET_KEY: Final = "t3st-s3cret"  # noqa: S105 - of a store that lives for one run
START_TIMEOUT_S: Final = 60

_OPTIONS: Final = (
    *("-filer", "-s3", "-s3.iam=false", "-master.telemetry=false", "-master.electionTimeout=1s"),
    *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=30", "-master.volumeSizeLimitMB=64"),
    *("-volume.preStopSeconds=0", "-s3.port.iceberg=0", "-s3.port.lance=0"),
)
_PORTS: Final = (
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc"),
    *("filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc"),
)


class ObjectServer:
    """The server's process, which can be killed and started again on the same files."""

    def __init__(self, folder: Path) -> None:
        """Choose ports; nothing is started yet."""
        self._folder = folder
        self._log = folder / "log"
        self._ports = {name: free_port() for name in _PORTS}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._ports['s3.port']}"

    def url(self, prefix: str) -> str:
        """Name a place in the store with all that is needed to reach it, secrets too."""
        return (
            f"s3://{BUCKET}/{prefix}?endpoint={self.endpoint}&region=us-east-1"
            f"&access_key_id={ACCESS_KEY}&secret_access_key={SECRET_KEY}"
        )

    def start(self) -> None:
        """Start it, and wait until the bucket is there."""
        identities = self._folder / "identities.json"
        identities.write_text(json.dumps({"identities": [_IDENTITY]}), encoding="utf-8")
        ports = [f"-{name}={port}" for name, port in self._ports.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(program()),
                    "-logtostderr",
                    "server",
                    f"-dir={self._folder}",
                    f"-s3.config={identities}",
                    *_OPTIONS,
                    *ports,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def kill(self) -> None:
        """End it without warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._process is not None and self._process.poll() is None:
            try:
                requests.get(self.endpoint, timeout=1)
                ObjectStore(self.url("")).upload("ready", b"yes")
            except (requests.RequestException, StoreError):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"The object store doesn't start: {self._log.read_text()[-2_000:]}")


_IDENTITY: Final = {
    "name": "tester",
    "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
    "actions": ["Admin", "Read", "List", "Write"],
}


def program() -> Path | None:
    """Find the server's program, beside this Python or anywhere else; None where there is none."""
    beside = Path(sys.executable).parent / PROGRAM
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(PROGRAM)
    return None if found is None else Path(found)


@contextmanager
def object_server(folder: Path) -> Iterator[ObjectServer]:
    """Start a store on an empty folder, and end it."""
    folder.mkdir(parents=True, exist_ok=True)
    server = ObjectServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()

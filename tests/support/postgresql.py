"""A real PostgreSQL server of its own, from the system's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.http.service import free_port

OWNER = "postgres"
"""Who runs it where tests run as root, which the server refuses."""

PASSWORD = "not-asked"


def programs() -> Path | None:
    """Find the folder of the newest server's programs; None where there is no server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server while the block runs; yields the URL of a database."""
    with postgresql_server() as server:
        yield server.url


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Run a server, which the block may end and start again, while the block runs."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:  # pytest's are root's alone
        server = PostgresqlServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


class PostgresqlServer:
    """A server with a port and a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Make an empty database."""
        self._folder, self._data = folder, folder / "data"
        self._port = free_port()
        self.url = f"postgresql://{OWNER}:{PASSWORD}@127.0.0.1:{self._port}/postgres"
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER)
        self._run("initdb", "-D", self._data, "-U", OWNER, "--auth=trust", "--encoding=UTF8")

    def start(self) -> None:
        """Start it."""
        options = f"-p {self._port} -h 127.0.0.1 -k {self._folder} -c fsync=off"
        log = self._folder / "log"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """End it at once, as a crash would; without effect where it has ended."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop", check=False)

    def _run(self, program: str, *words: object, check: bool = True) -> None:
        place = programs()
        assert place is not None
        as_owner = ("runuser", "-u", OWNER, "--") if os.geteuid() == 0 else ()
        command = [*as_owner, str(place / program), *map(str, words)]
        subprocess.run(
            command,
            check=check,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=None if check else subprocess.DEVNULL,
        )

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


def programs() -> Path | None:
    """Find the folder of the newest server's programs; None where there is no server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server while the block runs; yields the URL of a database."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:  # pytest's are root's alone
        yield from _running(Path(folder))


def _running(folder: Path) -> Iterator[str]:
    place, port, data = programs(), free_port(), folder / "data"
    assert place is not None
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    _run(folder, place / "initdb", "-D", data, "-U", OWNER, "--auth=trust", "--encoding=UTF8")
    _run(folder, place / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql://{OWNER}:not-asked@127.0.0.1:{port}/postgres"
    finally:
        _run(folder, place / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def _run(folder: Path, *command: object) -> None:
    as_owner = ("runuser", "-u", OWNER, "--") if os.geteuid() == 0 else ()
    words = [*as_owner, *map(str, command)]
    subprocess.run(words, check=True, cwd=folder, stdout=subprocess.DEVNULL)

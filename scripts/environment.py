"""The virtual environment that install.py sets up, and the steps of doing so."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
PROJECT = SCRIPTS.parent
LOCK = PROJECT / "poetry.lock"
POETRY = SCRIPTS / "poetry"
QUIET = () if sys.stderr.isatty() else ("--quiet",)  # no progress bars in a log


def say(message: str) -> None:
    """Print one line about the step that starts."""
    print(f"set-up: {message}", file=sys.stderr, flush=True)


class Environment:
    """A virtual environment, with stamps of the installed groups and their lock file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.python = path / "bin" / "python"
        self.unfinished = path / ".set-up-unfinished"
        sources = (LOCK, POETRY, *sorted(SCRIPTS.glob("*.py")))
        self.state = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()

    def is_sound(self) -> bool:
        """Whether it runs and no earlier set-up was killed halfway through a package."""
        return os.access(self.python, os.X_OK) and not self.unfinished.exists()

    def stamp(self, group: str) -> Path:
        """Return the file with the hash of the sources that a group was installed from."""
        return self.path / f".set-up-{group}"

    def missing(self, groups: list[str]) -> list[str]:
        """Return the groups that are not installed from the current lock file."""
        if not self.is_sound():
            return groups
        stamps = {group: self.stamp(group) for group in groups}
        return [g for g, s in stamps.items() if not s.exists() or s.read_text() != self.state]

    def create(self) -> None:
        """Create it anew."""
        say(f"creating {self.path.name} with Python {platform.python_version()}")
        if find_spec("ensurepip") is None:  # Debian packages this part of Python separately
            self.run(SCRIPTS / "debian-packages", "python3-venv")
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        self.unfinished.touch()
        self.run(sys.executable, "-m", "venv", self.path)

    def run(self, *command: object, output: int | None = None) -> None:
        """Run a command as if the environment were activated.

        Raises:
            subprocess.CalledProcessError: The command failed.
        """
        variables = {**os.environ, "VIRTUAL_ENV": str(self.path), "PYTHON": sys.executable}
        words = [str(word) for word in command]
        subprocess.run(words, check=True, cwd=PROJECT, env=variables, stdout=output, stderr=output)

    def pip_install(self, *words: object, output: int | None = None) -> None:
        """Install with pip, without dependencies, since the lock file names them all."""
        pip = (self.python, "-m", "pip", "install", "--disable-pip-version-check", *QUIET)
        self.run(*pip, "--no-deps", "--no-compile", *words, output=output)

    def poetry_install(self, *groups: str) -> None:
        """Install groups exactly as locked."""
        say(f"installing {', '.join(groups)} as locked (minutes, the first time)")
        self.run(POETRY, "install", "--only", ",".join(groups), "--no-interaction", *QUIET)

#!/usr/bin/env python3
"""Install dependency groups of poetry.lock into the virtual environment of the checkout.

    python3 scripts/install.py main pipeline report dev

Does nothing, in a tenth of a second, when the groups are there already. Needs only Python.
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
POETRY = PROJECT / "scripts" / "poetry"
LOCK = PROJECT / "poetry.lock"
PYTHON_VERSIONS = ((3, 11), (3, 12), (3, 13))  # as in pyproject.toml
PYTORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CUDA_ONLY = re.compile(r"(torch|triton|nvidia-[\w-]+|cuda-[\w-]+)==")
QUIET = () if sys.stderr.isatty() else ("--quiet",)  # a log needs no progress bars


def say(message: str) -> None:
    """Print one line about the step that begins."""
    print(f"set-up: {message}", file=sys.stderr, flush=True)


class Environment:
    """A virtual environment, with stamps that say which groups of which lock file it holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.python = path / "bin" / "python"
        self.unfinished = path / ".set-up-unfinished"
        sources = (LOCK, Path(__file__), POETRY)
        self.state = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()

    def is_sound(self) -> bool:
        """Tell whether it runs and no earlier set-up was killed halfway through a package."""
        return os.access(self.python, os.X_OK) and not self.unfinished.exists()

    def stamp(self, group: str) -> Path:
        """Return the file that names the state from which a group was installed."""
        return self.path / f".set-up-{group}"

    def missing(self, groups: list[str]) -> list[str]:
        """Return the groups that are not installed from the present lock file."""
        if not self.is_sound():
            return groups
        stamps = {group: self.stamp(group) for group in groups}
        return [g for g, s in stamps.items() if not s.exists() or s.read_text() != self.state]

    def create(self) -> None:
        """Make it anew."""
        say(f"creating {self.path.name} with Python {platform.python_version()}")
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        self.unfinished.touch()
        self.run(sys.executable, "-m", "venv", self.path)

    def run(self, *command: object, output: int | None = None) -> None:
        """Run a command of the set-up as if the environment were activated."""
        variables = {**os.environ, "VIRTUAL_ENV": str(self.path), "PYTHON": sys.executable}
        words = [str(word) for word in command]
        subprocess.run(words, check=True, cwd=PROJECT, env=variables, stdout=output, stderr=output)

    def pip_install(self, *words: object, output: int | None = None) -> None:
        """Install with pip, without dependencies: the lock file names them all."""
        pip = (self.python, "-m", "pip", "install", "--disable-pip-version-check", *QUIET)
        self.run(*pip, "--no-deps", "--no-compile", *words, output=output)

    def poetry_install(self, *groups: str) -> None:
        """Install groups exactly as they are locked."""
        say(f"installing {', '.join(groups)} as locked (minutes, the first time)")
        self.run(POETRY, "install", "--only", ",".join(groups), "--no-interaction", *QUIET)


def has_gpu() -> bool:
    """Tell whether an NVIDIA GPU answers on this machine."""
    tool = shutil.which("nvidia-smi")
    return tool is not None and subprocess.run([tool, "-L"], capture_output=True).returncode == 0


def install_cpu_torch(environment: Environment) -> bool:
    """Install the CPU build of the locked torch: from where pip looks, else from PyTorch's index.

    Returns:
        Whether one was within reach.
    """
    locked = re.search(r'^name = "torch"\nversion = "(.+)"', LOCK.read_text(), re.MULTILINE)
    build = f"torch=={locked[1] if locked else ''}+cpu"
    say(f"installing {build}, since there is no GPU here")
    for source in ((), ("--index-url", PYTORCH_CPU_INDEX, "--retries", "1", "--timeout", "30")):
        with contextlib.suppress(subprocess.CalledProcessError):
            environment.pip_install(*source, build, output=subprocess.DEVNULL)
            return True
    say("that is not within reach: the default build, with several GB of CUDA, must do")
    return False


def install_pipeline(environment: Environment) -> None:
    """Install the pipeline group; without CUDA where no GPU could use it."""
    if platform.system() != "Linux" or has_gpu() or not install_cpu_torch(environment):
        environment.poetry_install("pipeline")
        return
    say("installing pipeline as locked, but for torch and CUDA")
    requirements = environment.path / ".set-up-requirements.txt"
    environment.run(POETRY, "export", "--only", "pipeline", "--output", requirements, "--quiet")
    entries = re.split(r"\n(?=\S)", requirements.read_text())
    requirements.write_text("\n".join(e for e in entries if not CUDA_ONLY.match(e)) + "\n")
    environment.pip_install("--requirement", requirements)


def install(environment: Environment, groups: list[str]) -> None:
    """Install groups and stamp them; what is killed meanwhile is made anew next time.

    Raises:
        subprocess.CalledProcessError: a step failed. The next call goes on from there.
    """
    if not environment.is_sound():
        environment.create()
    missing = environment.missing(groups)
    environment.unfinished.touch()
    try:
        if locked := [group for group in missing if group != "pipeline"]:
            environment.poetry_install(*locked)
        if "pipeline" in missing:
            install_pipeline(environment)
    except subprocess.CalledProcessError as error:
        if error.returncode > 0:  # the step gave up by itself, between two packages
            environment.unfinished.unlink()
        raise
    for group in missing:
        environment.stamp(group).write_text(environment.state)
    environment.unfinished.unlink()


def main() -> int:
    """Install what is missing of the groups named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="+", choices=("main", "pipeline", "report", "dev"))
    parser.add_argument("--venv", type=Path, default=PROJECT / ".venv", help="default: .venv")
    arguments = parser.parse_args()
    if sys.version_info[:2] not in PYTHON_VERSIONS:
        names = ", ".join(f"python{major}.{minor}" for major, minor in PYTHON_VERSIONS)
        say(f"needs one of {names}; this is {platform.python_version()}. make PYTHON=... chooses")
        return 1
    environment = Environment(arguments.venv.absolute())
    if not environment.missing(arguments.groups):
        return 0
    (PROJECT / ".tools").mkdir(exist_ok=True)
    with (PROJECT / ".tools" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second `make` waits here, then finds the work done
        try:
            install(environment, arguments.groups)
        except subprocess.CalledProcessError as error:
            say(f"`{' '.join(map(str, error.cmd))}` ended with {error.returncode}, see above")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

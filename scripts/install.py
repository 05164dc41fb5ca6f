#!/usr/bin/env python3
"""Install dependency groups of poetry.lock into the virtual environment of the checkout.

    python3 scripts/install.py main pipeline report dev

Takes a tenth of a second if the groups are already installed. Needs only Python.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from environment import LOCK, POETRY, PROJECT, SCRIPTS, Environment, say

PYTHON_VERSIONS = ((3, 11), (3, 12), (3, 13))  # as in pyproject.toml
PYTORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CUDA_ONLY = re.compile(r"(torch|triton|nvidia-[\w-]+|cuda-[\w-]+)==")


def has_gpu() -> bool:
    """Whether this machine has a working NVIDIA GPU."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    return subprocess.run([tool, "-L"], check=False, capture_output=True).returncode == 0


def has_openmp() -> bool:
    """Whether the system has the OpenMP library, which implicit's wheel doesn't bundle."""
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        return False
    return True


def install_cpu_torch(environment: Environment) -> bool:
    """Install the CPU build of the locked torch, from pip's index or else from PyTorch's.

    Returns:
        Whether one was found.
    """
    locked = re.search(r'^name = "torch"\nversion = "(.+)"', LOCK.read_text(), re.MULTILINE)
    build = f"torch=={locked[1] if locked else ''}+cpu"
    say(f"installing {build}, since there is no GPU here")
    for source in ((), ("--index-url", PYTORCH_CPU_INDEX, "--retries", "1", "--timeout", "30")):
        with contextlib.suppress(subprocess.CalledProcessError):
            environment.pip_install(*source, build, output=subprocess.DEVNULL)
            return True
    say("it wasn't found, so the default build is installed, with several GB of CUDA")
    return False


def install_pipeline(environment: Environment) -> None:
    """Install the pipeline group, without CUDA if there is no GPU."""
    if platform.system() == "Linux" and not has_openmp():
        environment.run(SCRIPTS / "debian-packages", "libgomp1")
    if platform.system() != "Linux" or has_gpu() or not install_cpu_torch(environment):
        environment.poetry_install("pipeline")
        return
    say("installing pipeline as locked, except torch and CUDA")
    requirements = environment.path / ".set-up-requirements.txt"
    environment.run(POETRY, "export", "--only", "pipeline", "--output", requirements, "--quiet")
    entries = re.split(r"\n(?=\S)", requirements.read_text())
    requirements.write_text("\n".join(e for e in entries if not CUDA_ONLY.match(e)) + "\n")
    environment.pip_install("--requirement", requirements)


def compile_modules(environment: Environment) -> None:
    """Compile all modules; otherwise each process parses TensorFlow's thousands, for 10 s.

    Needed where Python is told to write no bytecode, as in many container images; elsewhere
    the first import of a module does it. Files that aren't Python 3 are skipped.
    """
    say("compiling the modules, since PYTHONDONTWRITEBYTECODE prevents it later")
    compileall = (environment.python, "-m", "compileall", "-qq", "-j", "0")
    subprocess.run([*compileall, environment.path / "lib"], check=False)


def install(environment: Environment, groups: list[str]) -> None:
    """Install groups and stamp them; if it is killed, the next call starts over.

    Raises:
        subprocess.CalledProcessError: A step failed; the next call continues from there.
    """
    if not environment.is_sound():
        environment.create()
    environment.unfinished.touch()
    try:
        if locked := [group for group in groups if group != "pipeline"]:
            environment.poetry_install(*locked)
        if "pipeline" in groups:
            install_pipeline(environment)
        if sys.dont_write_bytecode:
            compile_modules(environment)
    except subprocess.CalledProcessError as error:
        if error.returncode > 0:  # the step failed by itself, between two packages
            environment.unfinished.unlink()
        raise
    for group in groups:
        environment.stamp(group).write_text(environment.state)
    environment.unfinished.unlink()


def main() -> int:
    """Install the missing groups of those named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "groups",
        nargs="+",
        choices=(
            "main",
            "pipeline",
            "report",
            "bench",
            "load",
            "dev",
            "scale",
            "scale-test",
            "ray",
            "postgresql",
        ),
    )
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
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second `make` waits here, and then has nothing to do
        try:
            if missing := environment.missing(arguments.groups):
                install(environment, missing)
        except subprocess.CalledProcessError as error:
            say(f"`{' '.join(map(str, error.cmd))}` exited with {error.returncode}; see above")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A cluster of Ray that was started by itself, as `--ray-address` names one."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from config import PROJECT_ROOT
from tests.support.process import free_port

pytestmark = [pytest.mark.scale, pytest.mark.timeout(300)]
pytest.importorskip("ray")

WORK = """
import sys
from pipeline.distributed.cluster import connected

def work():
    from config import BUNDLED_SAMPLE, PROJECT_ROOT
    from scoring.keras_file import MODEL_FILE
    sent = sorted(path.name for path in PROJECT_ROOT.iterdir())
    return str(PROJECT_ROOT), (BUNDLED_SAMPLE / "models" / MODEL_FILE).exists(), sent

with connected(sys.argv[1]):
    import ray
    root, has_prior, sent = ray.get(ray.remote(work).remote())
    print(root, has_prior, *sent, sep="|")
"""


class Cluster(NamedTuple):
    """Where it listens, and the environment with its token."""

    address: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = tempfile.mkdtemp(prefix="ray-")  # a short name: sockets' names are limited
    environment = os.environ | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    port = free_port()
    head = subprocess.Popen(
        [
            *(Path(sys.executable).parent / "ray", "start", "--head", "--block", "--num-cpus=1"),
            *(f"--port={port}", f"--ray-client-server-port={free_port()}", f"--temp-dir={folder}"),
            *("--object-store-memory=100000000", "--include-dashboard=false"),
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Cluster(f"127.0.0.1:{port}", environment)
    finally:
        head.terminate()
        head.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def test_workers_are_sent_the_code_and_the_model_that_training_reads_and_no_data(
    cluster: Cluster,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK, cluster.address],
        cwd=PROJECT_ROOT,
        env=cluster.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    root, has_prior, *sent = done.stdout.strip().splitlines()[-1].split("|")
    assert root != str(PROJECT_ROOT)
    assert has_prior == "True"
    assert {"classes", "config.py", "pipeline", "recsys", "scoring", "storage"} <= set(sent)
    assert not {".git", ".venv", "embeddings", "logs", "models", "snapshots"} & set(sent)

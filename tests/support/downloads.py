"""Files for download_data.sh to fetch, and runs of it with a home of their own."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from config import PROJECT_ROOT

SCRIPT = PROJECT_ROOT / "download_data.sh"
CLEAN, MODEL, RAW = "data/clean_df.pq", "models/best_model.keras", "data/amazon_reviews.csv"
FRAMES = (
    "embeddings/user_review_emb_df.pq",
    "embeddings/user_item_emb_df.pq",
    "embeddings/item_price_df.pq",
    "embeddings/item_desc_emb_df.pq",
    CLEAN,
)
REVIEWS = b"userName,itemName,rating,reviewTime\nann,lamp,5.0,2018-01-01\n"


def parquet(seed: int) -> bytes:
    values = np.random.default_rng(seed).normal(size=(400, 8))
    buffer = io.BytesIO()
    pd.DataFrame(values, columns=list("abcdefgh")).to_parquet(buffer)
    return buffer.getvalue()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def sums(files: dict[str, bytes]) -> bytes:
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in files.items()]
    return "\n".join(lines).encode() + b"\n"


def environment_of(home: Path, path: str | None = None) -> dict[str, str]:
    return {
        "PATH": path or os.environ["PATH"],
        "HOME": str(home),
        "DATA_PATH": str(home / "data"),
        "EMBEDDINGS_PATH": str(home / "embeddings"),
        "MODEL_PATH": str(home / "models"),
    }


def download(
    home: Path, *options: str, path: str | None = None, script: Path = SCRIPT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(script), *options],
        env=environment_of(home, path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def put(home: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)


def files_in(home: Path) -> dict[str, bytes]:
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def start_download(home: Path, address: str) -> subprocess.Popen[bytes]:
    """Start a download as a process group of its own."""
    return subprocess.Popen(
        ["bash", str(SCRIPT), "--from", address],
        env=environment_of(home),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_group(running: subprocess.Popen[bytes]) -> None:
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()

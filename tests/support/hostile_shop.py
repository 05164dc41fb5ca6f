"""The bundled sample with one user, item, title, category and brand that are markup."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pandas as pd

from config import PROJECT_ROOT
from recsys import columns
from storage.affinity_file import NEIGHBOR

SAMPLE: Final = PROJECT_ROOT / "data" / "sample"
ITEM: Final = "merino wool base layer top by pinewarden medium"
"""An item of the sample that many get."""

USER: Final = "<img src=x onerror=hacked()>"
HOSTILE_ITEM: Final = "</code><script>hacked()</script>"
TITLE: Final = "<b onmouseover=hacked()>Top</b>\"'><svg onload=hacked()>"
CATEGORY: Final = "<script>hacked()</script>"
BRAND: Final = "</option><iframe src=javascript:hacked()>"


def copy_sample(folder: Path) -> None:
    """Copy the sample's artifacts into `data`, `embeddings` and `models` below a folder."""
    for name in ("data", "embeddings", "models"):
        shutil.copytree(SAMPLE / name, folder / name, dirs_exist_ok=True)


def write_hostile_shop(folder: Path) -> None:
    """Copy the sample and rename one item and a user who reviewed it, everywhere."""
    copy_sample(folder)
    clean = pd.read_parquet(folder / "data" / "clean_df.pq")
    texts = [columns.TITLE, columns.CATEGORY, columns.BRAND]
    clean[texts] = clean[texts].astype("object")
    about = clean[columns.ITEM] == ITEM
    user = clean.loc[about, columns.USER].iloc[-1]
    clean.loc[about, texts] = [TITLE, CATEGORY, BRAND]
    clean = clean.replace({columns.ITEM: {ITEM: HOSTILE_ITEM}, columns.USER: {user: USER}})
    clean.to_parquet(folder / "data" / "clean_df.pq")
    for path in sorted((folder / "embeddings").glob("*.pq")):
        frame = pd.read_parquet(path)
        names = {ITEM: HOSTILE_ITEM, user: USER}
        for column in frame.columns.intersection([columns.ITEM, NEIGHBOR]):
            frame[column] = frame[column].astype("object").replace(names)
        frame.rename(index=names).to_parquet(path)


def leave_out_newest_reviews(folder: Path, n: int) -> None:
    """Drop the newest reviews, so that a reload makes another generation."""
    path = folder / "data" / "clean_df.pq"
    clean = pd.read_parquet(path)
    clean.sort_values(columns.REVIEW_TIME, kind="stable").iloc[:-n].to_parquet(path)

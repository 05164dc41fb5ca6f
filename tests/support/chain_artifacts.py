"""Artifacts whose next choice is known: after item i everybody takes item i + 1.

Each of 150 users starts at an item of their own and takes one item a day, for up to 12
days, in a ring of 40 items; all items are equally popular, so only the chain tells what
comes next.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from recsys import columns
from storage.artifacts import ArtifactPaths, embeddings_frame, write_frame

N_USERS: Final = 150
N_ITEMS: Final = 40
N_STEPS: Final = 12
WIDTH: Final = 8
FIRST_DAY: Final = pd.Timestamp("2020-01-01")


def item_of(user: int, step: int) -> int:
    """The item that a user takes at a step."""
    return (7 * user + step) % N_ITEMS


def write_chain_artifacts(folder: Path) -> ArtifactPaths:
    """Write `clean_df.pq` and the four embedding files into `folder`; vectors are noise."""
    paths = ArtifactPaths.in_folders(folder / "data", folder / "embeddings", folder / "models")
    random = np.random.default_rng(0)
    users = [f"user {u}" for u in range(N_USERS)]
    items = [f"item {i:02}" for i in range(N_ITEMS)]
    rows = [
        (f"user {u}", item_of(u, step), u % 30 + 3 * step)
        for u in range(N_USERS)
        for step in range(N_STEPS)
    ]
    frame = pd.DataFrame(
        {
            columns.USER: [user for user, _, _ in rows],
            columns.ITEM: [f"item {item:02}" for _, item, _ in rows],
            columns.DESCRIPTION: [f"thing number {item}" for _, item, _ in rows],
            columns.PRICE: [10.0 + item for _, item, _ in rows],
            columns.REVIEW_TIME: [FIRST_DAY + pd.Timedelta(days=day) for *_, day in rows],
            columns.RATING: [5.0 if item % 2 else 3.0 for _, item, _ in rows],
            columns.REVIEW_TEXT: ["a review"] * len(rows),
        }
    )
    frame = frame.sort_values(columns.REVIEW_TIME, kind="stable", ignore_index=True)
    write_frame(frame, paths.clean)
    for path, names, key in (
        (paths.user_review, users, columns.USER),
        (paths.user_item, users, columns.USER),
        (paths.item_desc, items, columns.ITEM),
    ):
        noise = random.normal(size=(len(names), WIDTH)).astype(np.float32)
        write_frame(embeddings_frame(names, noise, key), path)
    prices = pd.DataFrame(
        {columns.PRICE: np.linspace(-1, 1, N_ITEMS, dtype=np.float32)},
        index=pd.Index(items, name=columns.ITEM, dtype="object"),
    )
    write_frame(prices, paths.item_price)
    return paths

"""Reviews whose answers are known: everybody gives even items 5 stars and odd items fewer.

Each of 60 users reviews one item in each of 10 periods of 10 days: user `u` takes the
item `(u + 7 * period) % 30` on day `10 * period + u % 10`. So periods 0 to 7 are the
training days, 8 is validation and 9 is test, and nobody reviews an item twice; every item
has 16 training reviews by users. On the first day, 45 anonymous customers give item 1 two
stars; on the last, 4 cold-start users and an anonymous customer give item 0 five.
The vectors of items say whether they are even; those of users are noise.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from recsys import columns
from storage.artifacts import ArtifactPaths, embeddings_frame, write_frame

N_USERS: Final = 60
N_ITEMS: Final = 30
N_COLD_START_USERS: Final = 4
N_ANONYMOUS: Final = 46
N_PERIODS: Final = 10
WIDTH: Final = 8
FIRST_DAY: Final = pd.Timestamp("2020-01-01")


def write_even_artifacts(folder: Path) -> ArtifactPaths:
    """Write `clean_df.pq` and the four embedding files into `folder`; the model is left to train."""
    paths = ArtifactPaths.in_folders(folder / "data", folder / "embeddings", folder / "models")
    random = np.random.default_rng(0)
    users = [f"user {u}" for u in range(N_USERS)]
    items = [f"item {i}" for i in range(N_ITEMS)]
    for path in (paths.user_review, paths.user_item):
        noise = random.normal(size=(N_USERS, WIDTH)).astype(np.float32)
        write_frame(embeddings_frame(users, noise, columns.USER), path)
    texts = random.normal(scale=0.1, size=(N_ITEMS, WIDTH)).astype(np.float32)
    texts[:, 0] += np.where(np.arange(N_ITEMS) % 2 == 0, 1.0, -1.0)
    write_frame(embeddings_frame(items, texts, columns.ITEM), paths.item_desc)
    prices = pd.DataFrame(
        {columns.PRICE: random.normal(size=N_ITEMS).astype(np.float32)},
        index=pd.Index(items, name=columns.ITEM, dtype="object"),
    )
    write_frame(prices, paths.item_price)
    write_frame(even_reviews(), paths.clean)
    return paths


def even_reviews() -> pd.DataFrame:
    """Lay out the reviews as the module's docstring says, in order of time."""
    rows = [
        (f"user {u}", (u + 7 * period) % N_ITEMS, 10 * period + u % 10)
        for period in range(N_PERIODS)
        for u in range(N_USERS)
    ]
    last_day = 10 * N_PERIODS - 1
    rows += [(f"cold-start user {n}", 0, last_day) for n in range(N_COLD_START_USERS)]
    rows += [("amazon customer", 0, last_day)]
    rows += [("amazon customer", 1, 0)] * (N_ANONYMOUS - 1)
    frame = pd.DataFrame(
        {
            columns.USER: [user for user, _, _ in rows],
            columns.ITEM: [f"item {item}" for _, item, _ in rows],
            columns.DESCRIPTION: [f"description {item}" for _, item, _ in rows],
            columns.PRICE: [10.0 + item for _, item, _ in rows],
            columns.REVIEW_TIME: [FIRST_DAY + pd.Timedelta(days=day) for *_, day in rows],
            columns.RATING: [5.0 if item % 2 == 0 else 1.0 + item % 4 for _, item, _ in rows],
            columns.REVIEW_TEXT: ["a review"] * len(rows),
            columns.TITLE: [f"Title {item}" for _, item, _ in rows],
        }
    )
    return frame.sort_values(columns.REVIEW_TIME, kind="stable", ignore_index=True)

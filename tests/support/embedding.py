"""Ten reviews with vectors that can be computed by hand, and a folder to embed them in."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd

from config import Config
from pipeline.embed.stage import embed
from recsys import columns
from storage.artifacts import read_embeddings, write_frame
from tests.support.counting_encoder import CountingEncoder

# Ten rows on ten days: the first eight days are training, then one validation and one test.
REVIEWS = [
    # user, item, description, price, day, text
    ("ann", "apple", "a", 1.0, 1, "ddd"),
    ("ann", "bread", "b", 3.0, 2, "eee"),
    ("bob", "bread", "b", 3.0, 3, "fff"),
    ("amazon customer", "cake", "c", np.nan, 4, "ggg"),
    ("ann", "cake", "c", np.nan, 5, "hhh"),
    ("cid", "apple", "a", 1.0, 6, None),
    ("bob", "apple", "a", 1.0, 7, "eee"),
    ("bob", "cake", "c", np.nan, 8, None),
    ("ann", "apple", "a", 1.0, 9, "iii"),
    ("dee", "dates", "aab", 5.0, 10, "jjj"),
]


@dataclass
class Dataset:
    """A folder with the cleaned reviews, and what embedding it tells."""

    config: Config
    reviews: pd.DataFrame

    def embed(self, encoder: CountingEncoder | None = None, n_reviews: int = 2, **options) -> str:
        from rich.console import Console  # not in the serving set-up, where this is imported too

        write_frame(self.reviews, self.config.data_path / "clean_df.pq")
        told = io.StringIO()
        console = Console(file=told, width=200)
        embed(encoder or CountingEncoder(), self.config, console, n_reviews, **options)
        return told.getvalue()

    def vectors(self, name: str, key: str = columns.USER) -> dict[str, np.ndarray]:
        found = read_embeddings(self.config.embeddings_path / name, key)
        return dict(zip(found.names, found.vectors, strict=True))

    def file_bytes(self) -> dict[str, bytes]:
        paths = (path for path in self.config.embeddings_path.iterdir() if path.is_file())
        return {path.name: path.read_bytes() for path in paths}

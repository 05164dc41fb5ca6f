"""Artifact files of any size that look like real ones: the case of the benchmarks.

At full size the case is that of the reference network: 109,000 items, 131,000 users, MiniLM
vectors of 384 numbers and 128 hidden units. Texts are replaced by unit vectors in clusters of
very unequal size, users have a favorite cluster and a few reviews, prices have a long tail, and
the network has random weights of the size of trained ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys import columns
from recsys.arrays import FloatArray
from storage.artifacts import ArtifactPaths, embeddings_frame

WIDTH = 384
HIDDEN_UNITS = 128
REVIEWS_PER_USER = 4.2
FIRST_DAY = np.datetime64("2015-01-01")
N_DAYS = 1_400

_THINGS = ("kettle", "lamp", "guitar strings", "blanket", "garden hose", "drill", "puzzle", "tent")
_MAKERS = ("northfield", "bluepeak", "harrow", "silverline", "oakwood", "lumen", "pacific", "orbit")


@dataclass(frozen=True)
class SyntheticItems:
    """Items in clusters, as unit vectors, and how often each is bought.

    Attributes:
        vectors: (n_items, 384) float32.
        cluster: (n_items,) int64, ascending.
        popularity: (n_items,) float64, sums to 1.
    """

    vectors: FloatArray
    cluster: NDArray[np.int64]
    popularity: NDArray[np.float64]

    @classmethod
    def draw(cls, rng: np.random.Generator, n_items: int) -> SyntheticItems:
        """Draw items; memory stays at some copies of the vectors."""
        n_clusters = max(8, n_items // 270)
        centers = rng.normal(size=(n_clusters, WIDTH)) * rng.gamma(1.0, size=WIDTH) ** 0.5
        cluster = np.sort(rng.zipf(1.3, size=n_items) % n_clusters)
        vectors = rng.normal(scale=0.6, size=(n_items, WIDTH)).astype(np.float32)
        vectors += centers.astype(np.float32)[cluster]
        popularity = rng.pareto(1.2, size=n_items) + 0.1
        return cls(_unit(vectors), cluster, popularity / popularity.sum())

    def reviewed(
        self, rng: np.random.Generator, n_users: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw who reviews what: pairs of user row and item row, half near a favorite item."""
        users = np.repeat(np.arange(n_users), 1 + rng.poisson(REVIEWS_PER_USER - 1.0, n_users))
        items = rng.choice(len(self.vectors), size=len(users), p=self.popularity)
        favorite = rng.choice(len(self.vectors), size=n_users, p=self.popularity)[users]
        near = (favorite + rng.integers(-20, 21, len(users))) % len(self.vectors)
        return users, np.where(rng.random(len(users)) < 0.5, near, items)


def write_case(
    folder: Path, n_items: int, n_users: int, say: Callable[[str], None], seed: int = 0
) -> ArtifactPaths:
    """Write the six files into `data`, `embeddings` and `models`, unless they are there."""
    paths = ArtifactPaths.in_folders(folder / "data", folder / "embeddings", folder / "models")
    if paths.model.exists():  # it is written last
        say(f"Taking the case of an earlier run: {folder}")
        return paths
    say(f"Writing {n_items:,} items and {n_users:,} users into {folder} …")
    rng = np.random.default_rng(seed)
    catalog = SyntheticItems.draw(rng, n_items)
    users, items = catalog.reviewed(rng, n_users)
    user_names = [f"reader {row:06d}" for row in range(n_users)]
    item_names = [
        f"{_MAKERS[row % 8]} {_THINGS[(row // 8) % 8]} with adjustable settings model {row:07d}"
        for row in range(n_items)
    ]
    _write(embeddings_frame(item_names, catalog.vectors, columns.ITEM), paths.item_desc)
    taste = _mean_by_user(catalog.vectors, users, items, n_users)
    _write(embeddings_frame(user_names, _unit(taste), columns.USER), paths.user_item)
    taste = _unit(taste) + rng.normal(scale=0.04, size=taste.shape).astype(np.float32)
    _write(embeddings_frame(user_names, _unit(taste), columns.USER), paths.user_review)
    price = rng.lognormal(3.0, 1.2, size=n_items)
    _write(_price_frame(item_names, price), paths.item_price)
    _write(_clean_frame(rng, user_names, item_names, users, items, price), paths.clean)
    write_network(paths.model, rng)
    return paths


def write_network(path: Path, rng: np.random.Generator) -> None:
    """Save a network of the reference form, whose scores spread like a trained one's."""
    import keras  # costs seconds

    names = ("user_review", "user_item", "item_desc", "price")
    inputs = [
        keras.Input(shape=(width,), name=name)
        for name, width in zip(names, (WIDTH, WIDTH, WIDTH, 1), strict=True)
    ]
    hidden = keras.layers.Dropout(0.3)(keras.layers.Concatenate()(inputs))
    hidden = keras.layers.Dense(HIDDEN_UNITS, activation="relu")(hidden)
    hidden = keras.layers.Dropout(0.3)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    first = rng.normal(scale=0.7, size=(3 * WIDTH + 1, HIDDEN_UNITS))
    first[-1] *= 0.1
    last = rng.standard_t(4, size=(HIDDEN_UNITS, 1)) * 0.15
    model.set_weights([first, rng.normal(scale=0.2, size=HIDDEN_UNITS), last, np.zeros(1)])
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)


def draw_halves(
    rng: np.random.Generator, n_items: int, n_users: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw what the network splits into, without files: for catalogs too large for those.

    Returns:
        Weights (128,), item half (n_items, 129) and user rows (n_users, 129), float32.
    """
    catalog = SyntheticItems.draw(rng, n_items)
    first = rng.normal(scale=0.7, size=(3, WIDTH, HIDDEN_UNITS)).astype(np.float32)
    price = _scaled(rng.lognormal(3.0, 1.2, size=n_items)).astype(np.float32)
    item_half = np.zeros((n_items, HIDDEN_UNITS + 1), np.float32)
    item_half[:, :-1] = catalog.vectors @ first[2]
    item_half[:, :-1] += np.outer(price, rng.normal(scale=0.07, size=HIDDEN_UNITS))
    taste = catalog.vectors[rng.choice(n_items, size=n_users, p=catalog.popularity)]
    user_rows = np.zeros((n_users, HIDDEN_UNITS + 1), np.float32)
    user_rows[:, :-1] = taste @ first[0] + taste @ first[1]
    user_rows[:, :-1] += rng.normal(scale=0.2, size=HIDDEN_UNITS)
    weights = rng.standard_t(4, size=HIDDEN_UNITS) * 0.15
    return weights.astype(np.float32), item_half, user_rows


def _unit(vectors: FloatArray) -> FloatArray:
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _mean_by_user(
    vectors: FloatArray, users: NDArray[np.int64], items: NDArray[np.int64], n_users: int
) -> FloatArray:
    """Average the vectors of each user's items; `users` is ascending and has everybody."""
    starts = np.searchsorted(users, np.arange(n_users + 1))
    sums = np.empty((n_users, WIDTH), np.float32)
    for first in range(0, n_users, 8_192):  # a copy of one vector a review would be large
        end = min(first + 8_192, n_users)
        rows = slice(starts[first], starts[end])
        sums[first:end] = np.add.reduceat(vectors[items[rows]], starts[first:end] - starts[first])
    return sums


def _scaled(price: NDArray[np.float64]) -> NDArray[np.float64]:
    low, middle, high = np.quantile(price, [0.25, 0.5, 0.75])
    return np.asarray((price - middle) / (high - low))


def _price_frame(item_names: list[str], price: NDArray[np.float64]) -> pd.DataFrame:
    index = pd.Index(item_names, name=columns.ITEM, dtype="object")
    return pd.DataFrame({columns.PRICE: _scaled(price)}, index=index)


def _clean_frame(
    rng: np.random.Generator,
    user_names: list[str],
    item_names: list[str],
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    price: NDArray[np.float64],
) -> pd.DataFrame:
    n_rows = len(users)
    return pd.DataFrame(
        {
            columns.USER: np.array(user_names, dtype=object)[users],
            columns.ITEM: np.array(item_names, dtype=object)[items],
            columns.DESCRIPTION: "as described by its maker",
            columns.PRICE: np.where(rng.random(n_rows) < 0.2, np.nan, price[items]),
            columns.REVIEW_TIME: FIRST_DAY.astype("datetime64[ns]")
            + rng.integers(0, N_DAYS, n_rows).astype("timedelta64[D]"),
            columns.RATING: rng.choice(
                [1.0, 2.0, 3.0, 4.0, 5.0], n_rows, p=[0.08, 0.05, 0.08, 0.17, 0.62]
            ),
            columns.REVIEW_TEXT: "does what it should",
        }
    ).sort_values(columns.REVIEW_TIME, kind="stable", ignore_index=True)


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write parquet without the compression that would take most of the time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pandas(frame), path, compression="none", use_dictionary=False)

"""Amazon Beauty 5-core as the leave-one-out study reads it: rows, catalog, cutoffs."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.embed.cache import EmbeddingCache, encode_texts
from pipeline.evaluate.baselines import TrainingData
from pipeline.evaluate.cutoff import Cutoff
from pipeline.train.ranker.data import RankerData, content_similarities
from pipeline.train.ranker.feature_state import Catalog
from recsys.arrays import FloatArray
from recsys.catalog import seen_items
from recsys.interactions import FIVE_STARS, Interactions

AS_GIVEN: Final = "as given"
SYMMETRIC: Final = "symmetric"
ORDERS: Final = (AS_GIVEN, SYMMETRIC)

_PLACES_OF_A_RUN: Final = 10_000
"""More than any user has items, so that a run and a place within it make one number."""


class Beauty(NamedTuple):
    """The file as numbers, oldest first.

    Attributes:
        data: What the ranker learns from.
        from_end: (n,) how many interactions of the same user follow in the file.
        item_vectors: (n_items, d) float32, of the titles.
    """

    data: RankerData
    from_end: NDArray[np.int64]
    item_vectors: FloatArray


def read_rows(path: Path) -> pd.DataFrame:
    """Read reviewerID, asin, position (0 is the oldest) and itemName, users together."""
    rows = pd.read_csv(path)
    return rows.sort_values(["reviewerID", "position"], kind="stable").reset_index(drop=True)


def read_catalog(rows: pd.DataFrame, cache: Path) -> tuple[Catalog, FloatArray]:
    """Encode the titles and compare them; prices are unknown. Return their vectors too."""
    from pipeline.embed.encoder import open_encoder

    titles = rows.drop_duplicates("asin").sort_values("asin")["itemName"]
    texts = titles.fillna("").to_numpy(dtype=object)
    encoder = open_encoder("", allow_download=False, processes=0)
    encoded = encode_texts(list(texts), encoder, EmbeddingCache(cache, encoder.fingerprint))
    vectors, n_items = encoded.astype(np.float32), len(texts)
    return Catalog(
        np.full(n_items, np.nan, np.float32),
        np.zeros(n_items, np.float32),
        content_similarities(texts, vectors),
    ), vectors


def beauty_in(
    order: str, rows: pd.DataFrame, described: tuple[Catalog, FloatArray], seed: int
) -> Beauty:
    """Turn the rows into interactions in one of `ORDERS`.

    Args:
        order: `AS_GIVEN`, or `SYMMETRIC` for a drawn order within each run of `run_numbers`.
        rows: Those of `read_rows`.
        described: What the items are, and their vectors.
        seed: Of the draw.
    """
    catalog, vectors = described
    position = rows["position"].to_numpy(np.int64)
    last = rows.groupby("reviewerID")["position"].transform("max").to_numpy(np.int64)
    times = position
    if order == SYMMETRIC:
        drawn = np.random.default_rng(seed).permutation(len(rows))
        runs = pd.Series(run_numbers(rows))
        within = pd.Series(drawn).groupby([rows["reviewerID"], runs]).rank().to_numpy(np.int64)
        times = runs.to_numpy() * _PLACES_OF_A_RUN + within
    users, user_names = pd.factorize(rows["reviewerID"], sort=True)
    items, item_names = pd.factorize(rows["asin"], sort=True)
    oldest_first = np.lexsort((users, times))
    interactions = Interactions(
        users[oldest_first],
        items[oldest_first],
        times=times[oldest_first],  # microseconds, so that all is of one day
        ratings=np.full(len(rows), FIVE_STARS, np.float32),
        file_rows=oldest_first,
        user_names=np.asarray(user_names, dtype=object),
    )
    data = RankerData(interactions, catalog, pd.Index(item_names), vectors)
    return Beauty(data, (last - position)[oldest_first], vectors)


def run_numbers(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Number the runs of each user in which item ids ascend, from 0, (n,).

    The file lists the items of a day by their ids, so that a run holds each of its days whole.
    It may hold several days: two neighbors of different days ascend as often as not.

    >>> rows = pd.DataFrame({"reviewerID": list("aaaab"), "asin": list("bdace")})
    >>> run_numbers(rows).tolist()
    [0, 0, 1, 1, 0]
    """
    ids = rows["asin"].to_numpy(dtype=object)
    begins = pd.Series(np.concatenate([[True], ids[1:] <= ids[:-1]]))
    number = begins.groupby(rows["reviewerID"]).cumsum()
    return (number - number.groupby(rows["reviewerID"]).transform("first")).to_numpy(np.int64)


def cutoff_before(beauty: Beauty, last: int, seed: int, most_users: int = 0) -> Cutoff:
    """Stand before the items that have `last` others of their user after them, and ask for them.

    Args:
        beauty: The rows.
        last: How many others.
        seed: Of the draw of users, and of those that baselines make.
        most_users: How many users are asked about, 0 for all.
    """
    data, from_end, vectors = beauty
    rows, n_items = data.interactions, data.catalog.n_items
    known = from_end > last
    before, cases = rows.where(known), rows.where(from_end == last)
    history = TrainingData(before, rows.n_users, n_items, vectors, seed)
    if most_users:
        drawn = np.random.default_rng(seed).permutation(rows.n_users)[:most_users]
        cases = cases.where(np.isin(cases.users, drawn))
    starts, seen = seen_items(before.users, before.items, rows.n_users)
    return Cutoff(
        name=f"{last} from the end",
        known=known,
        history=history,
        cases=cases,
        users=np.unique(cases.users),
        cold_start_users=cases.where(np.zeros(len(cases), dtype=bool)),
        seen_starts=starts,
        seen=seen,
        catalog=np.ones(n_items, dtype=bool),
        asked_counts=np.bincount(cases.items, minlength=n_items),
    )

"""The users of `embed --engine ray`: their histories and newest reviews, then their vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.distributed.clean_parts import read_clean_rows
from pipeline.distributed.exchange import Facts, each_of, facts_of_buckets, with_bucket
from pipeline.distributed.items import ItemParts, item_index, mapped_vectors
from pipeline.distributed.parts import part_name, write_part
from pipeline.distributed.progress import Told
from pipeline.distributed.ranges import by_range
from pipeline.distributed.texts import (
    PLACE,
    SLOT,
    USER,
    VECTOR,
    ordered_vectors,
    text_table,
    vectors_of,
)
from pipeline.embed.inputs import REVIEW_COLUMNS, TrainingDays, training_reviews
from pipeline.embed.stage import review_vectors, vectors_frame
from recsys import columns
from recsys.features.user_vectors import user_item_vectors
from recsys.history import History
from recsys.interactions import identifies, interactions_of
from recsys.kinds import KINDS, REMOVE
from storage.artifacts import write_frame

_HISTORY: Final = "history"


def gather_users(
    clean: Path,
    ends: Sequence[str],
    items: ItemParts,
    days: TrainingDays,
    reviews_per_user: int,
    folder: Path,
    told: Told,
) -> list[Facts]:
    """Bring the training reviews of each user together: histories and newest texts, in parts.

    Args:
        clean: `clean_df.pq`.
        ends: Ranges of names by which users are divided.
        items: Where the items are.
        days: Which days are training days.
        reviews_per_user: Newest reviews that describe a user.
        folder: Gets the folders `users` and `user_texts`.
        told: Called with the facts of each bucket.

    Returns:
        How many users each bucket has, and how many of them wrote nothing.
    """
    users, texts = folder / "users", folder / "user_texts"
    for each in (users, texts):
        each.mkdir()
    data = read_clean_rows(clean, REVIEW_COLUMNS).map_batches(
        partial(_teaching, ends=ends, days=days), batch_format="pyarrow"
    )
    gather = partial(
        _gather, items=items.names, days=days, n_reviews=reviews_per_user, users=users, texts=texts
    )
    return facts_of_buckets(data, len(ends) + 1, gather, told)


def write_user_vectors(
    vectors: Path, users: Path, items: ItemParts, results: tuple[Path, Path], told: Told
) -> None:
    """Write the parts of `user_review_emb_df.pq` and `user_item_emb_df.pq`.

    Args:
        vectors: Parts of vectors of texts.
        users: The folder `users` of `gather_users`.
        items: Where the items are.
        results: The folders of both.
        told: Called with the facts of each bucket.
    """
    numbers = sorted(int(part.stem.partition("-")[2]) for part in users.glob("*.parquet"))
    width = np.load(items.vectors, mmap_mode="r").shape[1]
    nobody = each_of(numbers, partial(_marker, width=width))
    data = vectors_of(vectors, USER).union(nobody)
    write = partial(_write, users=users, item_vectors=items.vectors, results=results)
    facts_of_buckets(data, numbers[-1] + 1, write, told)


def _teaching(rows: pa.Table, ends: Sequence[str], days: TrainingDays) -> pa.Table:
    """Keep the rows of named users in the training days, which are all that counts."""
    codes = rows.column(columns.USER).combine_chunks().dictionary_encode()
    named = np.append(identifies(codes.dictionary.to_pylist()), False)
    kept = named[codes.indices.fill_null(len(named) - 1).to_numpy()]
    if not days.all_days:
        times = rows.column(columns.REVIEW_TIME).to_numpy().astype("datetime64[D]")
        in_time = times.astype(np.int64) < days.cuts.train_end_day
        if columns.KIND in rows.column_names:  # what a later row takes back doesn't teach
            kinds = rows.column(columns.KIND).to_pandas()
            in_time |= (kinds == KINDS[REMOVE]).to_numpy(dtype=bool)
        kept &= in_time
    return by_range(rows.filter(pa.array(kept)), columns.USER, ends)


def _gather(
    number: int,
    rows: pa.Table,
    items: Path,
    days: TrainingDays,
    n_reviews: int,
    users: Path,
    texts: Path,
) -> Facts:
    clean = rows.to_pandas()
    chosen = interactions_of(clean, item_index(items)).chosen()
    reviews = training_reviews(clean, chosen, days)
    interactions, newest = reviews.interactions, reviews.newest_written(n_reviews)
    if not interactions.n_users:
        return {"done": len(clean), "n": 0, "n_silent": 0}
    history = interactions.histories()
    listed = pa.ListArray.from_arrays(history.starts.astype(np.int32), history.items)
    names = pa.array(interactions.user_names, pa.string())
    write_part(pa.table({columns.USER: names, _HISTORY: listed}), users, number)
    owners = interactions.users[newest]
    slots = np.arange(len(owners)) - np.searchsorted(owners, owners)
    write_part(text_table(USER, number, owners, slots, reviews.texts[newest]), texts, number)
    written = np.unique(interactions.users[reviews.texts != ""])
    n_users = interactions.n_users
    return {"done": len(clean), "n": n_users, "n_silent": n_users - len(written)}


def _marker(_: int, number: int, width: int) -> Iterator[pa.Table]:
    """Stand for a bucket, so that it is seen to even if none of its users wrote anything."""
    row = {
        PLACE: np.array([-1]),
        SLOT: np.array([0], dtype=np.int32),
        VECTOR: pa.array([bytes(2 * width)], pa.binary(2 * width)),
    }
    yield with_bucket(pa.table(row), np.array([number]))


def _write(
    number: int, rows: pa.Table, users: Path, item_vectors: Path, results: tuple[Path, Path]
) -> Facts:
    held = pq.read_table(users / part_name(number))
    names = pd.Index(held.column(columns.USER).to_pylist())
    listed = held.column(_HISTORY).combine_chunks()
    items = listed.flatten().to_numpy()
    history = History(listed.offsets.to_numpy().astype(np.int64), items, np.arange(len(items)))
    places, vectors = ordered_vectors(rows)
    written = places >= 0
    made = (
        review_vectors(places[written], vectors[written], len(names)),
        user_item_vectors(history, mapped_vectors(item_vectors)),
    )
    for result, each in zip(results, made, strict=True):
        write_frame(vectors_frame(names, each, columns.USER), result / part_name(number))
    return {"done": len(names)}

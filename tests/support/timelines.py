"""Timelines and cutoffs laid out by hand."""

from __future__ import annotations

import numpy as np

from pipeline.evaluate.baselines import TrainingData
from pipeline.evaluate.cutoff import FRESH, Cutoff, cutoff
from pipeline.evaluate.timeline import TEMPORAL, Timeline
from recsys.interactions import Interactions
from recsys.split import TRAIN

Row = tuple[int, int, float, int]
US_A_DAY = 86_400_000_000


def rows(table: list[Row], n_users: int = 0) -> Interactions:
    """Reviews (user, item, rating, part), a day apart; -1 is an anonymous customer."""
    users, items, ratings, _ = (np.array(column) for column in zip(*table, strict=True))
    return Interactions(
        users=users,
        items=items,
        times=np.arange(len(table)) * US_A_DAY,
        ratings=ratings.astype(np.float32),
        file_rows=np.arange(len(table)),
        user_names=np.array([f"user {u}" for u in range(n_users or users.max() + 1)], dtype=object),
    )


def history(pairs: list[tuple[int, int]], n_users: int, n_items: int) -> TrainingData:
    """Five-star reviews of (user, item), a day apart; item j has the vector e_j."""
    table = [(user, item, 5.0, TRAIN) for user, item in pairs]
    return TrainingData(rows(table, n_users), n_users, n_items, np.eye(n_items, dtype=np.float32))


def timeline(table: list[Row], n_users: int, n_items: int) -> Timeline:
    """A timeline of such reviews; item j costs 10 + j, is odd or even, and has the vector e_j."""
    return Timeline(
        rows=rows(table, n_users),
        parts=np.array([part for *_, part in table], dtype=np.int8),
        item_names=np.array([f"item {j}" for j in range(n_items)], dtype=object),
        titles=[f"Title {j}" for j in range(n_items)],
        prices=10.0 + np.arange(n_items),
        categories=np.array(["odd" if j % 2 else "even" for j in range(n_items)], dtype=object),
        item_vectors=np.eye(n_items, dtype=np.float32),
        split=TEMPORAL,
    )


def cutoff_of(table: list[Row], n_users: int, n_items: int, name: str = FRESH) -> Cutoff:
    """A cutoff of such a timeline."""
    return cutoff(timeline(table, n_users, n_items), name)

"""Items and users drawn at random, and whether all ways to search them agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys.ranking import Ranking
from scoring import search as compiled
from scoring.search.item_index import ItemIndex
from scoring.search.tables import NO_ROWS

Array = np.ndarray[Any, np.dtype[Any]]


def as_lists(rankings: list[Ranking]) -> list[tuple[list[int], list[float]]]:
    """Rows and scores of rankings in a form that `==` compares bit by bit."""
    return [(ranking.rows.tolist(), ranking.scores.tolist()) for ranking in rankings]


def halves(*rows: list[float]) -> Array:
    return np.array(rows, dtype=np.float32)


def reference(weights: Array, bias: float, user: Array, items: Array) -> Array:
    """The definition, in float64."""
    n_relu = len(weights)
    u, v, w = (part.astype(np.float64) for part in (user, items, weights))
    hidden = np.maximum(u[:n_relu] + v[:, :n_relu], 0.0)
    return hidden @ w + v[:, n_relu:-1] @ u[n_relu:-1] + u[-1] + v[:, -1] + bias


def indexes(weights: Array, bias: float, items: Array, **options: float) -> list[ItemIndex]:
    """All ways to search: float32, and bytes where there can be any."""
    codes = compiled.quantize_items(items, weights, **options)
    ways = [None] if codes is None else [None, codes]
    return [ItemIndex.build(weights, bias, items, way) for way in ways]


def ranked(scores: Array, k: int, excluded: Array = NO_ROWS) -> list[int]:
    """Rows by score, then row."""
    order = np.lexsort((np.arange(len(scores)), -scores))
    return [int(row) for row in order if row not in set(excluded.tolist())][:k]


def random_case(seed: int, n_items: int, n_relu: int, n_product: int = 0) -> tuple[Array, ...]:
    rng = np.random.default_rng(seed)
    width = n_relu + n_product + 1
    shapes = ((n_relu,), (n_items, width), (7, width))
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def clustered_case(seed: int, n_items: int) -> tuple[Array, ...]:
    """Near-duplicates around few centres, and a price column with outliers in every unit."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, 32))
    items = centres[rng.integers(0, 12, n_items)] + 1e-3 * rng.normal(size=(n_items, 32))
    items += np.outer(rng.lognormal(0, 2, n_items), rng.normal(size=32))
    users = centres[rng.integers(0, 12, 7)] + rng.normal(size=(7, 32))
    last = np.zeros((n_items, 1))
    weights = rng.standard_t(3, size=32)
    both = np.hstack([items, last]), np.hstack([users, last[:7]])
    return weights.astype(np.float32), *(half.astype(np.float32) for half in both)


def assert_all_ways_agree(
    weights: Array,
    items: Array,
    users: Array,
    k: int,
    excluded: Array = NO_ROWS,
    item_offsets: Array | None = None,
    **options: float,
) -> None:
    starts = len(excluded) * np.arange(len(users) + 1)
    for index in indexes(weights, 0.25, items, **options):
        batch = compiled.top_k_batch(
            index, users, k, starts, np.tile(excluded, len(users)), item_offsets=item_offsets
        )
        for user, rows, scores in zip(users, *batch, strict=True):
            truth = compiled.score_items(index, user)
            if item_offsets is not None:
                truth = truth + item_offsets
            expected = ranked(truth, k, excluded)
            one = compiled.top_k(index, user, k, excluded, item_offsets=item_offsets)
            assert one.rows.tolist() == expected
            assert one.scores.tolist() == truth[expected].tolist()
            assert rows.tolist() == expected + [-1] * (k - len(expected))
            assert scores[: len(expected)].tolist() == one.scores.tolist()

"""How one model answers the questions of a cutoff: ranks, pair scores and first items."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.history import CatalogScores, Floats
from pipeline.evaluate.cutoff import Cutoff
from recsys import metrics
from recsys.arrays import Rows

LIST_LENGTH: Final = 20
BLOCK_SCORES: Final = 4_000_000
"""Scores held at once while ranking, 16 MB: users are taken in blocks of this size."""

Lists = NDArray[np.int32]


@dataclass(frozen=True)
class RankingModel:
    """A fitted model that can be judged.

    Attributes:
        name: As reports call it.
        catalog_scores: Users (m,) to the scores (m, n_items) by which items are ranked.
        settings: How it was fitted.
        fit_seconds: What that took.
        n_bytes: Of the arrays or files that it needs.
        lists: Users (m,) and k to the lists (m, k) that a service shows; None: those of
            the scores.
    """

    name: str
    catalog_scores: CatalogScores
    settings: Mapping[str, Any] = field(default_factory=dict)
    fit_seconds: float = 0.0
    n_bytes: int = 0
    lists: Callable[[Rows, int], Lists] | None = None

    def __repr__(self) -> str:
        """Name it."""
        return f"<Model {self.name}>"


@dataclass(frozen=True)
class Judged:
    """One model's answers; the model itself is gone, for its arrays can be large.

    Attributes:
        name: Of the model.
        settings: How it was fitted.
        fit_seconds: What that took.
        n_bytes: Of the arrays or files that it needs.
        ranks: (n_cases,) rank of each case's item among all that its user doesn't have.
        scores: (n_cases,) score of each case's item.
        lists: (m, 20) item rows, best first, of each user of the cutoff; -1 where fewer
            are left.
        seconds: What ranking for all users took.
    """

    name: str
    settings: Mapping[str, Any]
    fit_seconds: float
    n_bytes: int
    ranks: NDArray[np.float64]
    scores: NDArray[np.float64]
    lists: Lists
    seconds: float

    def __repr__(self) -> str:
        """Name the model."""
        return f"<Judged {self.name}>"


def judge(ranking_model: RankingModel, cutoff: Cutoff, k: int = LIST_LENGTH) -> Judged:
    """Rank the catalog for every user of a cutoff, and find each case's item in it."""
    started = time.monotonic()
    n_cases = len(cutoff.cases)
    ranks, own_scores = np.empty(n_cases), np.empty(n_cases)
    lists = np.full((len(cutoff.users), k), -1, dtype=np.int32)
    for places, cases, rows in _blocks(cutoff):
        users = cutoff.users[places]
        scores = np.array(ranking_model.catalog_scores(users))  # a copy, to leave items out of
        items = cutoff.cases.items[cases]
        own_scores[cases] = scores[rows, items]
        for row, user in enumerate(users):
            scores[row, cutoff.seen_by(int(user))] = -np.inf
        ranks[cases] = metrics.target_ranks(scores, rows, items)
        best = (
            top_lists(scores, k) if ranking_model.lists is None else ranking_model.lists(users, k)
        )
        lists[places, : best.shape[1]] = best
    return Judged(
        name=ranking_model.name,
        settings=ranking_model.settings,
        fit_seconds=ranking_model.fit_seconds,
        n_bytes=ranking_model.n_bytes,
        ranks=ranks,
        scores=own_scores,
        lists=lists,
        seconds=time.monotonic() - started,
    )


def pair_scores(ranking_model: RankingModel, cutoff: Cutoff) -> NDArray[np.float64]:
    """Score the item of each case of a cutoff, without ranking, (n_cases,)."""
    scores = np.empty(len(cutoff.cases))
    for places, cases, rows in _blocks(cutoff):
        block = ranking_model.catalog_scores(cutoff.users[places])
        scores[cases] = block[rows, cutoff.cases.items[cases]]
    return scores


def top_lists(scores: Floats, k: int) -> Lists:
    """List the k best items of each row, best first, equal scores by lower item row.

    Args:
        scores: (m, n_items), -inf for items to leave out.
        k: Length of the lists.

    Returns:
        (m, min(k, n_items)) int32, -1 where fewer items are left.
    """
    k = min(k, scores.shape[1])
    last = -np.partition(-scores, k - 1, axis=1)[:, k - 1, None]
    above, tied = scores > last, scores == last
    places = k - np.count_nonzero(above, axis=1)[:, None]
    chosen = above | (tied & (np.cumsum(tied, axis=1) <= places))
    columns = np.nonzero(chosen)[1].reshape(len(scores), k)
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    columns = np.take_along_axis(columns, order, axis=1)
    shown = np.isfinite(np.take_along_axis(values, order, axis=1))
    return np.where(shown, columns, -1).astype(np.int32)


def _blocks(cutoff: Cutoff) -> Iterator[tuple[Rows, Rows, Rows]]:
    """Cut users into blocks whose scores fit `BLOCK_SCORES`.

    Yields:
        Places of the users in `Cutoff.users`, the cases of these users, and for each of
        them the row of its user within the block.
    """
    size = max(1, BLOCK_SCORES // cutoff.history.n_items)
    place_of_case = np.searchsorted(cutoff.users, cutoff.cases.users)
    order = np.argsort(place_of_case, kind="stable")
    for first in range(0, len(cutoff.users), size):
        places = np.arange(first, min(first + size, len(cutoff.users)))
        low, high = np.searchsorted(place_of_case[order], [first, first + size])
        cases = order[low:high]
        yield places, cases, place_of_case[cases] - first

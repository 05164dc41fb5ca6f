"""A model that ranks the catalog, and its answers to the questions of a cutoff."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from pipeline.target_ranks import CatalogScores, RankedTargets, SeenItems, rank_targets
from recsys.arrays import FloatArray, ItemRows, Rows

LIST_LENGTH: Final = 20


@dataclass(frozen=True)
class RankingModel:
    """A fitted model that can be evaluated.

    Attributes:
        name: Its name in reports.
        catalog_scores: Users (m,) to the scores (m, n_items) by which items are ranked.
        settings: The settings it was fitted with.
        fit_seconds: Time that fitting took.
        n_bytes: Size of the arrays or files that it needs.
        lists: Users (m,), k and a diversity to the lists (m, k) int32 that the service shows;
            None for a model outside the service, whose lists follow from its scores.
        five_star_chances: Users and items of pairs, (n,) each, to the probabilities (n,) that the
            service tells beside its scores; None where it tells none.
    """

    name: str
    catalog_scores: CatalogScores
    settings: Mapping[str, Any] = field(default_factory=dict)
    fit_seconds: float = 0.0
    n_bytes: int = 0
    lists: Callable[[Rows, int, float], ItemRows] | None = None
    five_star_chances: Callable[[Rows, Rows], FloatArray] | None = None

    def __repr__(self) -> str:
        """Name the model."""
        return f"<RankingModel {self.name}>"


@dataclass(frozen=True)
class ModelAnswers:
    """What one model answered; the model itself is gone, since its arrays can be large.

    Attributes:
        name: Name of the model.
        settings: The settings it was fitted with.
        fit_seconds: Time that fitting took.
        n_bytes: Size of the arrays or files that it needs.
        ranks: (n_cases,) float64, rank of each case's item among all that its user doesn't have.
        known_ranks: (n_cases,) float64, the same among those with a review in the history;
            infinite for items without one.
        scores: (n_cases,) float64, score of each case's item.
        lists: (m, k) int32 item rows, best first, of each user of the cutoff; -1 where fewer
            are left.
        seconds: Time that ranking for all users took.
    """

    name: str
    settings: Mapping[str, Any]
    fit_seconds: float
    n_bytes: int
    ranks: NDArray[np.float64]
    known_ranks: NDArray[np.float64]
    scores: NDArray[np.float64]
    lists: ItemRows
    seconds: float

    def __repr__(self) -> str:
        """Name the model."""
        return f"<ModelAnswers {self.name}>"


def ask(model: RankingModel, cutoff: Cutoff, k: int = LIST_LENGTH) -> ModelAnswers:
    """Rank the catalog for every user of a cutoff, and find each case's item in it."""
    started = time.monotonic()
    ranked = ranks_at(model, cutoff, k if model.lists is None else 0)
    lists = ranked.lists if model.lists is None else model.lists(cutoff.users, k, 0.0)
    return ModelAnswers(
        name=model.name,
        settings=model.settings,
        fit_seconds=model.fit_seconds,
        n_bytes=model.n_bytes,
        ranks=ranked.ranks,
        known_ranks=ranked.known_ranks,
        scores=ranked.scores,
        lists=lists,
        seconds=time.monotonic() - started,
    )


def ranks_at(model: RankingModel, cutoff: Cutoff, k: int = 0) -> RankedTargets:
    """Rank the item of each case of a cutoff."""
    cases, seen = cutoff.cases, SeenItems(cutoff.seen_starts, cutoff.seen)
    return rank_targets(model.catalog_scores, cases.users, cases.items, seen, cutoff.known_items, k)

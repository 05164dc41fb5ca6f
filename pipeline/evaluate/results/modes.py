"""What a refresh is worth: the model in service in three modes, asked the same questions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.evaluation import Evaluation
from pipeline.evaluate.models import HISTORIES_ONLY
from recsys import metrics

REFRESHED: Final = "refreshed"
HISTORIES: Final = "histories only"
STALE: Final = "stale"
K: Final = 10


def mode_numbers(evaluation: Evaluation) -> dict[str, Any]:
    """Compare the modes on the cases that both cutoffs ask, with the whole catalog ranked.

    Differences are those from mode to mode, case by case on the same draws of users.
    """
    stale, fresh = evaluation.stale, evaluation.fresh
    of_fresh, of_stale = _asked_at_both(fresh.cutoff, stale.cutoff)
    by_name, served = {each.name: each for each in fresh.models}, fresh.models[0]
    answers = {REFRESHED: (served, of_fresh)}
    if histories := by_name.get(f"{served.name}{HISTORIES_ONLY}"):
        answers[HISTORIES] = (histories, of_fresh)
    answers[STALE] = (stale.models[0], of_stale)
    users = fresh.cutoff.cases.users[of_fresh]
    values = {
        name: metrics.user_means(of_mode.ranks[rows], users, K).ndcg
        for name, (of_mode, rows) in answers.items()
    }
    changes = {
        f"{later} over {earlier}": values[later] - values[earlier]
        for later, earlier in [*pairwise(values), (REFRESHED, STALE)]
    }
    found = metrics.intervals({**values, **changes}, np.unique(users))
    return {
        "cases": len(users),
        "users": len(np.unique(users)),
        f"ndcg@{K}": {name: found[name]._asdict() for name in values},
        "changes": {name: found[name]._asdict() for name in changes},
    }


def _asked_at_both(one: Cutoff, other: Cutoff) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the cases of the same users and items, (n,) places at either cutoff."""
    first, second = (
        each.cases.users * each.history.n_items + each.cases.items for each in (one, other)
    )
    _, of_first, of_second = np.intersect1d(first, second, assume_unique=True, return_indices=True)
    return of_first, of_second

"""From an evaluation to the nested numbers of `report/metrics.json`.

Every number of a model stands beside its base rate: what a model without any knowledge
would get on the same pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation import MODE, Evaluation
from pipeline.judging import TOP_K, Cases, Judged
from recsys import metrics
from recsys.split import TEST, TRAIN, VALIDATION

PROTOCOL: Final = {
    "split": "by whole days: 80 % of the reviews train, the next 10 % validate, the last 10 % test",
    "mode": "stale: models and user vectors know the training days only; nothing is refitted "
    "on validation days",
    "pairs": "test reviews of a known user (vectors from training days, not anonymous) and an "
    "item of the catalogue, the first review of the pair; the same for every model",
    "label": "rating is 5",
    "thresholds": ".5 for the network, which is trained on classes of equal size; for the others "
    "the score that maximises true minus false positive rate on validation pairs",
    "ranking": "all items of the catalogue but those that the user reviewed before the test "
    "period; ties by mid-rank; one case a test pair, whatever its rating",
    "cold_start": "fresh: both rules count all reviews before the test period; users first seen "
    "in the test period, anonymous ones left out",
    "intervals": "95 %, bootstrap over users",
}


def results(evaluation: Evaluation) -> dict[str, Any]:
    """Compute all numbers of an evaluation."""
    return {
        "mode": MODE,
        "protocol": PROTOCOL,
        "data": _data(evaluation),
        "rating": _rating(evaluation),
        "ranking": _ranking(evaluation),
        "cold_start": _cold_start(evaluation),
        "seconds": evaluation.seconds,
    }


def _data(evaluation: Evaluation) -> dict[str, Any]:
    rows, parts = evaluation.interactions, evaluation.interactions.parts
    return {
        "fingerprint": evaluation.fingerprint,
        "reviews": len(rows),
        "reviews_by_part": {
            name: int((parts == part).sum())
            for name, part in (("train", TRAIN), ("validation", VALIDATION), ("test", TEST))
        },
        "first_day": str(np.datetime64(int(rows.days.min()), "D")),
        "validation_from": str(np.datetime64(int(rows.days[parts > TRAIN].min()), "D")),
        "test_from": str(np.datetime64(int(rows.days[parts == TEST].min()), "D")),
        "last_day": str(np.datetime64(int(rows.days.max()), "D")),
        "known_users": len(evaluation.features.user_names),
        "items": len(evaluation.features.item_names),
    }


def _rating(evaluation: Evaluation) -> dict[str, Any]:
    cases = evaluation.cases
    liked = cases.test.liked
    share = float(liked.mean())
    return {
        "pairs": len(cases.test),
        "users": len(np.unique(cases.test.users)),
        "validation_pairs": len(cases.validation),
        "base_rate": {
            "auc": 0.5,
            "accuracy": max(share, 1 - share),
            "five_star": _always(share),
            "other": _always(1 - share),
        },
        "models": {judged.name: _rating_of(judged, cases) for judged in evaluation.judged},
    }


def _always(share: float) -> dict[str, float]:
    """Precision, recall and F1 of saying always the class that has this share."""
    return {"precision": share, "recall": 1.0, "f1": 2 * share / (1 + share)}


def _rating_of(judged: Judged, cases: Cases) -> dict[str, Any]:
    liked, users = cases.test.liked, cases.test.users
    said = judged.scores >= judged.threshold
    low, high = metrics.auc_interval(liked, judged.scores, users)
    return {
        "auc": {"value": metrics.roc_auc(liked, judged.scores), "low": low, "high": high},
        "threshold": float(judged.threshold),
        "accuracy": metrics.accuracy(liked, said),
        "five_star": _of_class(liked, said, positive=True),
        "other": _of_class(liked, said, positive=False),
    }


def _of_class(
    liked: NDArray[np.bool_], said: NDArray[np.bool_], *, positive: bool
) -> dict[str, float]:
    return {
        metric.__name__: metric(liked, said, positive=positive)
        for metric in (metrics.precision, metrics.recall, metrics.f1)
    }


def _ranking(evaluation: Evaluation) -> dict[str, Any]:
    cases = evaluation.cases
    users, warm = cases.test.users[cases.ranked], cases.warm[cases.ranked]
    n_left = len(evaluation.features.item_names) - np.diff(cases.seen_starts)[users]
    return {
        "k": TOP_K,
        "cases": len(users),
        "users": len(cases.users),
        "cases_of_items_with_history": int(warm.sum()),
        "base_rate": _by_chance(n_left),
        "models": {
            judged.name: _both(judged.ranks, users)
            | {
                "hit_rate_of_items_with_history": _mean(metrics.hit_rate, judged.ranks[warm]),
                "distinct_items_recommended": len(np.unique(judged.top[judged.top >= 0])),
                "seconds": judged.seconds,
            }
            for judged in evaluation.judged
        },
    }


def _cold_start(evaluation: Evaluation) -> dict[str, Any]:
    judged = evaluation.cold_start
    n_items = np.full(len(judged.persons), len(evaluation.features.item_names))
    return {
        "k": TOP_K,
        "cases": len(judged.persons),
        "users": len(np.unique(judged.persons)),
        "window_days": judged.window_days,
        "base_rate": _by_chance(n_items),
        "models": {
            "cold_start_rule": _both(judged.rule_ranks, judged.persons),
            "popularity": _both(judged.popularity_ranks, judged.persons),
        },
    }


def _by_chance(n_left: NDArray[np.integer]) -> dict[str, float]:
    """What a random order gets, the number of items left differing from case to case."""
    if len(n_left) == 0:
        return {"hit_rate": float("nan"), "ndcg": float("nan")}
    first_places = np.arange(1, TOP_K + 1, dtype=np.float64)
    gain = float(metrics.ndcg(first_places, TOP_K).sum())
    return {
        "hit_rate": float(np.minimum(TOP_K / n_left, 1.0).mean()),
        "ndcg": float((gain / n_left).mean()),
    }


def _both(ranks: NDArray[np.float64], users: NDArray[np.integer]) -> dict[str, Any]:
    """Mean hit rate and NDCG with their intervals."""
    answer = {}
    for metric in (metrics.hit_rate, metrics.ndcg):
        low, high = metrics.bootstrap_interval(metric(ranks, TOP_K), users)
        answer[metric.__name__] = {"value": _mean(metric, ranks), "low": low, "high": high}
    return answer


def _mean(
    metric: Callable[[NDArray[np.float64], int], NDArray[np.float64]], ranks: NDArray[np.float64]
) -> float:
    return float(metric(ranks, TOP_K).mean()) if len(ranks) else float("nan")

"""Choosing each baseline's settings on validation, with the same budget for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.evaluate.baselines import MAX_TRIALS, Baseline, Ladder, TrainingData
from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.ranking_model import RankingModel, ranks_at
from recsys import metrics

K: Final = 10
"""Tuned for NDCG@10."""

Places = tuple[int, ...]
"""A place on each ladder."""


@dataclass(frozen=True)
class TriedSettings:
    """One setting of a baseline, and its mean NDCG@10 over validation users."""

    settings: Mapping[str, Any]
    ndcg: float


@dataclass(frozen=True)
class Tuned:
    """A baseline, the settings that it tried, and how many seconds that took.

    Attributes:
        baseline: The baseline.
        trials: What was tried, in order.
        at_end: The settings whose best value is the last one of its ladder, so that a better
            one may lie beyond; a 0, "no decay" or a choice of two has nothing beyond it.
        untried: The settings of which a neighbor of the best value was not tried, because the
            budget was spent.
        seconds: How long it took.
    """

    baseline: Baseline
    trials: tuple[TriedSettings, ...]
    at_end: tuple[str, ...]
    untried: tuple[str, ...]
    seconds: float

    @property
    def settings(self) -> Mapping[str, Any]:
        """The best setting; of equal ones the first that was tried."""
        return max(self.trials, key=lambda trial: trial.ndcg).settings


def tune(
    baseline: Baseline, validation: Cutoff, of_parts: Mapping[str, Any] | None = None
) -> Tuned:
    """Climb a baseline's ladders; what has a single setting is not measured.

    Args:
        baseline: The baseline.
        validation: The cutoff at which training ends.
        of_parts: The settings that were chosen for its parts.
    """
    started, ladders = time.monotonic(), baseline.ladders

    def at(places: Places) -> dict[str, Any]:
        own = zip(ladders.items(), places, strict=True)
        return {**(of_parts or {}), **{name: ladder.values[p] for (name, ladder), p in own}}

    if all(len(ladder.values) == 1 for ladder in ladders.values()):
        tried = {(0,) * len(ladders): float("nan")}
    else:
        tried = climb(ladders, lambda places: _ndcg(baseline, at(places), validation))
    best = max(tried, key=lambda places: tried[places])
    return Tuned(
        baseline,
        tuple(TriedSettings(at(places), ndcg) for places, ndcg in tried.items()),
        tuple(_at_end(ladders, best)),
        tuple(_untried(ladders, best, tried)),
        time.monotonic() - started,
    )


def climb(
    ladders: Mapping[str, Ladder], value: Callable[[Places], float], most: int = MAX_TRIALS
) -> dict[Places, float]:
    """Try settings, each a step on one ladder away from the best so far, until none is better.

    A step that was better is repeated before others are tried.

    Args:
        ladders: The values of each setting, and where to begin.
        value: What is to be as large as possible.
        most: The budget: how many settings may be tried.

    Returns:
        The value of each place tried, in order.
    """
    best = tuple(ladder.start for ladder in ladders.values())
    tried, step = {best: value(best)}, (0,) * len(best)
    while len(tried) < most:
        onward = tuple(place + move for place, move in zip(best, step, strict=True))
        beside = [onward, *(places for _, places in _beside(ladders, best))]
        following = [p for p in beside if _exists(ladders, p) and p not in tried]
        if not following:
            break
        places = following[0]
        tried[places] = value(places)
        if tried[places] > tried[best]:
            step = tuple(new - old for new, old in zip(places, best, strict=True))
            best = places
    return tried


def _beside(ladders: Mapping[str, Ladder], places: Places) -> Iterator[tuple[str, Places]]:
    """List the places one step up or down a single ladder, and whose it is."""
    for number, name in enumerate(ladders):
        for move in (1, -1):
            moved = (*places[:number], places[number] + move, *places[number + 1 :])
            if _exists(ladders, moved):
                yield name, moved


def _exists(ladders: Mapping[str, Ladder], places: Places) -> bool:
    pairs = zip(ladders.values(), places, strict=True)
    return all(0 <= place < len(ladder.values) for ladder, place in pairs)


def _at_end(ladders: Mapping[str, Ladder], best: Places) -> Iterator[str]:
    for (name, ladder), place in zip(ladders.items(), best, strict=True):
        value, last = ladder.values[place], len(ladder.values) - 1
        has_beyond = not isinstance(value, bool) and value not in (None, 0)
        if last > 0 and place in (0, last) and has_beyond:
            yield name


def _untried(
    ladders: Mapping[str, Ladder], best: Places, tried: Mapping[Places, float]
) -> dict[str, None]:
    return dict.fromkeys(name for name, places in _beside(ladders, best) if places not in tried)


def fitted(baseline: Baseline, settings: Mapping[str, Any], data: TrainingData) -> RankingModel:
    """Fit a baseline with given settings."""
    started = time.monotonic()
    model = baseline.fit(data, **settings)
    seconds = time.monotonic() - started
    return RankingModel(baseline.name, model.catalog_scores, settings, seconds, model.n_bytes)


def _ndcg(baseline: Baseline, settings: Mapping[str, Any], validation: Cutoff) -> float:
    found = ranks_at(fitted(baseline, settings, validation.history), validation)
    ranks, users = found.known_ranks[validation.warm], validation.cases.users[validation.warm]
    return float(np.mean(metrics.user_means(ranks, users, K).ndcg))

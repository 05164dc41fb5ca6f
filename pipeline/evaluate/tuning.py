"""Choosing each baseline's settings on validation, with the same budget for all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.evaluate.baselines import Baseline, History
from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.judging import RankingModel, judge
from recsys import metrics

K: Final = 10
"""Tuned for NDCG@10."""


@dataclass(frozen=True)
class Trial:
    """One setting that was tried, and its mean NDCG@10 over validation users."""

    settings: Mapping[str, Any]
    ndcg: float


@dataclass(frozen=True)
class Tuned:
    """What was tried, the best of it, and how long all of it took."""

    baseline: Baseline
    trials: tuple[Trial, ...]
    seconds: float

    @property
    def settings(self) -> Mapping[str, Any]:
        """The best setting; of equal ones the first of the grid."""
        return max(self.trials, key=lambda trial: trial.ndcg).settings


def tune(baseline: Baseline, validation: Cutoff) -> Tuned:
    """Try every setting of a baseline's grid; a grid of one is taken as it is."""
    started = time.monotonic()
    trials = tuple(
        Trial(settings, _ndcg(baseline, settings, validation)) for settings in baseline.grid
    )
    return Tuned(baseline, trials, time.monotonic() - started)


def fitted(baseline: Baseline, settings: Mapping[str, Any], history: History) -> RankingModel:
    """Fit a baseline with given settings."""
    started = time.monotonic()
    model = baseline.fit(history, **settings)
    seconds = time.monotonic() - started
    return RankingModel(baseline.name, model.catalog_scores, settings, seconds, model.n_bytes)


def _ndcg(baseline: Baseline, settings: Mapping[str, Any], validation: Cutoff) -> float:
    if len(baseline.grid) == 1:
        return float("nan")
    judged = judge(fitted(baseline, settings, validation.history), validation, k=1)
    return float(np.mean(metrics.user_means(judged.ranks, validation.cases.users, K).ndcg))

"""Choosing each baseline's settings on validation, with the same budget for all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.evaluate.baselines import Baseline, TrainingData
from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.ranking_model import RankingModel, ranks_at
from recsys import metrics

K: Final = 10
"""Tuned for NDCG@10."""


@dataclass(frozen=True)
class TriedSettings:
    """One setting of a baseline, and its mean NDCG@10 over validation users."""

    settings: Mapping[str, Any]
    ndcg: float


@dataclass(frozen=True)
class Tuned:
    """A baseline, the settings that it tried, and how many seconds that took."""

    baseline: Baseline
    trials: tuple[TriedSettings, ...]
    seconds: float

    @property
    def settings(self) -> Mapping[str, Any]:
        """The best setting; of equal ones the first of the grid."""
        return max(self.trials, key=lambda trial: trial.ndcg).settings


def tune(baseline: Baseline, validation: Cutoff) -> Tuned:
    """Try every setting of a baseline's grid; a grid with a single one is not measured."""
    started = time.monotonic()
    trials = tuple(
        TriedSettings(settings, _ndcg(baseline, settings, validation)) for settings in baseline.grid
    )
    return Tuned(baseline, trials, time.monotonic() - started)


def fitted(baseline: Baseline, settings: Mapping[str, Any], data: TrainingData) -> RankingModel:
    """Fit a baseline with given settings."""
    started = time.monotonic()
    model = baseline.fit(data, **settings)
    seconds = time.monotonic() - started
    return RankingModel(baseline.name, model.catalog_scores, settings, seconds, model.n_bytes)


def _ndcg(baseline: Baseline, settings: Mapping[str, Any], validation: Cutoff) -> float:
    if len(baseline.grid) == 1:
        return float("nan")
    ranks = ranks_at(fitted(baseline, settings, validation.history), validation).ranks
    return float(np.mean(metrics.user_means(ranks, validation.cases.users, K).ndcg))

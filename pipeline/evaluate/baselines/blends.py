"""Neighbors and popularity added up, with newer choices counting more in both.

On data where what is popular these days says most, neighbors alone rank poorly. Each of these
takes the settings that validation chose for its two parts, and chooses how they are joined.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from pipeline.evaluate.baselines.ease import EASE
from pipeline.evaluate.baselines.neighbors import ITEM_KNN, RP3BETA
from pipeline.evaluate.baselines.popularity import TUNED, counts
from pipeline.evaluate.baselines.session_knn import SESSION_KNN
from pipeline.evaluate.baselines.text_knn import TEXT_KNN
from pipeline.target_ranks import CatalogScores
from recsys.arrays import FloatArray, Rows

PAIR_DECAYS_DAYS: Final = (10, 30, 90, 270, None)
POPULARITY_WEIGHTS: Final = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


def fit(
    neighbors: Baseline,
    data: TrainingData,
    popularity_weight: float,
    decay_days: float | None,
    pair_decay_days: float | None = None,
    **settings: Any,
) -> Fitted:
    """Add what a user's neighbors say and what is popular, both between 0 and 1.

        score_uj = s_uj / max_k s_uk + weight · log1p(c_j) / max_k log1p(c_k)

    with s the scores of the neighbors and c counts of reviews that decay with age: CombSUM of
    scores brought to one scale (Fox and Shaw, TREC-2, 1994). Pairs of a user and an item that
    decay too forget old tastes (Ding and Li, CIKM 2005).

    Args:
        neighbors: The baseline that makes s.
        data: What users have.
        popularity_weight: The weight.
        decay_days: Age at which a review counts 1 / e in c; None if age doesn't matter.
        pair_decay_days: The same for the pairs that s is made of.
        settings: Those of `neighbors`.
    """
    made = neighbors.fit(replace(data, pair_decay_days=pair_decay_days), **settings)
    popular = np.log1p(counts(data, decay_days))
    popular *= popularity_weight / max(popular.max(initial=0.0), 1e-9)
    added = popular.astype(np.float32)
    return Fitted(partial(_sums, made.catalog_scores, added), made.n_bytes + added.nbytes)


def _sums(neighbor_scores: CatalogScores, popular: FloatArray, users: Rows) -> FloatArray:
    scores = np.array(neighbor_scores(users), dtype=np.float32)
    highest = scores.max(axis=1, keepdims=True)
    scores /= np.where(highest > 0, highest, np.float32(1.0))
    return scores + popular


def _blended(neighbors: Baseline, *, ages: bool = True) -> Baseline:
    ladders = {"popularity_weight": Ladder(POPULARITY_WEIGHTS, 3)}
    if ages:
        ladders["pair_decay_days"] = Ladder(PAIR_DECAYS_DAYS, 4)
    return Baseline(
        f"{neighbors.name} + popularity",
        partial(fit, neighbors),
        ladders,
        parts=(neighbors, TUNED),
        refuses=neighbors.refuses,
    )


BLENDS: Final = (
    _blended(ITEM_KNN),
    _blended(RP3BETA),
    _blended(EASE),
    _blended(TEXT_KNN, ages=False),
    _blended(SESSION_KNN, ages=False),
)
"""The own settings of the last two already say how fast older items lose weight."""

"""LambdaRank: boosted trees over what the ranker reads, which rank its first items again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from recsys.arrays import FloatArray, Rows

if TYPE_CHECKING:
    from pipeline.evaluate.baselines.first_stage import FirstStage


def fit(
    data: TrainingData, n_trees: int, n_leaves: int, learning_rate: float, ranker_weight: float
) -> Fitted:
    """Learn from the first 200 items of the ranker in each of its folds which were chosen.

    Trees are fitted by LambdaMART (Burges, MSR-TR-2010-82), in LightGBM. Items after the first
    200 keep the ranker's order.

    Args:
        data: What users have.
        n_trees: Trees, one after the other.
        n_leaves: Leaves of a tree.
        learning_rate: What each tree adds is multiplied by it.
        ranker_weight: How much of the ranker's own score is added to that of the trees.

    Raises:
        pipeline.errors.NotTrainableError: The data can't teach a ranker.
    """
    from lightgbm import LGBMRanker

    from pipeline.evaluate.baselines.first_stage import first_stage

    ranker = data.begun.get(first_stage)
    if ranker is None:
        ranker = data.begun[first_stage] = first_stage(data)
    features, chosen, sizes = _lists(ranker)
    trees = LGBMRanker(
        n_estimators=n_trees,
        num_leaves=n_leaves,
        learning_rate=learning_rate,
        random_state=data.seed,
        deterministic=True,
        force_row_wise=True,  # of two ways, the faster one would be chosen by the clock
        n_jobs=1,
        verbose=-1,
    ).fit(features, chosen, group=sizes)
    n_bytes = len(trees.booster_.model_to_string())
    return Fitted(partial(_scores, ranker, trees.booster_, ranker_weight), n_bytes)


def _lists(ranker: FirstStage) -> tuple[FloatArray, Rows, Rows]:
    """Join the lists of all folds that hold something chosen: features, labels, and sizes."""
    features, labels, sizes = [], [], []
    for first, chosen in ranker.taught:
        kept = np.isin(first.places, first.places[chosen])
        features.append(first.features[kept])
        labels.append(chosen[kept].astype(np.int64))
        sizes.append(np.unique(first.places[kept], return_counts=True)[1])
    return np.concatenate(features), np.concatenate(labels), np.concatenate(sizes)


def _scores(ranker: FirstStage, trees: Any, ranker_weight: float, users: Rows) -> FloatArray:
    """Score by the ranker, with its first items lifted above the rest in the order of the trees."""
    from pipeline.evaluate.baselines.first_stage import first_items

    scores = ranker.scores(users)
    first = first_items(scores, ranker.state, users)
    again = trees.predict(first.features, num_threads=1) + ranker_weight * first.scores
    lowest = np.full(len(users), np.inf)
    np.minimum.at(lowest, first.places, again)
    lifted = again - lowest[first.places] + scores.max(axis=1)[first.places] + 1
    scores[first.places, first.items] = lifted.astype(np.float32)
    return scores


LAMBDARANK: Final = Baseline(
    "LambdaRank",
    fit,
    {
        "ranker_weight": Ladder((0.0, 0.1, 0.3, 1.0, 3.0, 10.0), 2),
        "n_trees": Ladder((25, 50, 100, 200, 400), 2),
        "n_leaves": Ladder((4, 8, 16, 32, 64), 2),
        "learning_rate": Ladder((0.01, 0.03, 0.1, 0.3), 1),
    },
    refuses=lambda data: "" if data.catalog else "what the ranker reads of items is unknown",
)

"""How strongly the bias model shrinks items, chosen on the validation days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.train.ranker.data import RankerData
from recsys.arrays import BoolArray, Scores
from recsys.bias_model import fit_bias_model
from recsys.features.user_profile import FIVE_STAR_PSEUDO_COUNTS
from recsys.split import TRAIN, VALIDATION, temporal_labels

ITEM_SHRINKAGES: Final = (3.0, 10.0, 30.0)


@dataclass(frozen=True)
class BiasChoice:
    """The choice, and how well it predicts five-star ratings of the validation days.

    Attributes:
        item_shrinkage: λ_i, pseudo-ratings of an item.
        auc: AUC of "the rating is 5"; NaN where all ratings are of one kind.
        base_rate: Share of five-star ratings.
    """

    item_shrinkage: float
    auc: float
    base_rate: float

    def facts(self) -> dict[str, float | None]:
        """What the model card says about it."""
        auc = round(self.auc, 4) if np.isfinite(self.auc) else None
        return {
            "auc": auc,
            "base_rate": round(self.base_rate, 4),
            "item_shrinkage": self.item_shrinkage,
        }


def choose_item_shrinkage(data: RankerData) -> BiasChoice:
    """Fit on the training days with each λ_i, and keep the one with the best validation AUC."""
    interactions = data.interactions.rated()
    parts = temporal_labels(interactions.days)
    train, held_out = (interactions.where(parts == part) for part in (TRAIN, VALIDATION))
    shape = (interactions.n_users, data.catalog.n_items)
    liked = held_out.liked
    aucs = []
    for shrinkage in ITEM_SHRINKAGES:
        model = fit_bias_model(
            train.users, train.items, train.liked, shape, (FIVE_STAR_PSEUDO_COUNTS, shrinkage)
        )
        aucs.append(_auc(liked, model.predict(held_out.users, held_out.items)))
    best = int(np.argmax(np.nan_to_num(aucs)))
    rate = float(liked.mean()) if len(liked) else float("nan")
    return BiasChoice(ITEM_SHRINKAGES[best], aucs[best], rate)


def _auc(liked: BoolArray, scores: Scores) -> float:
    """AUC of "the rating is 5", NaN where all ratings are of one kind."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(liked, scores)) if 0 < liked.sum() < len(liked) else float("nan")

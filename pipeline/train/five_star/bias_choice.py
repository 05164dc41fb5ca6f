"""How strongly the bias model shrinks items, chosen on the validation days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recsys.arrays import BoolArray, Scores
from recsys.bias_model import BiasModel, fit_bias_model
from recsys.features.user_profile import FIVE_STAR_PSEUDO_COUNTS
from recsys.interactions import Interactions
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


def choose_item_shrinkage(interactions: Interactions, n_items: int) -> BiasChoice:
    """Choose on the validation days of interactions, from a fit on the training days."""
    parts = temporal_labels(interactions.days)
    train, held_out = (interactions.where(parts == part) for part in (TRAIN, VALIDATION))
    return best_item_shrinkage(train, held_out, n_items)


def best_item_shrinkage(train: Interactions, held_out: Interactions, n_items: int) -> BiasChoice:
    """Fit with each λ_i on some ratings, and keep the one with the best AUC on others.

    How far users are shrunk isn't tried: profiles hold b_u with the pseudo-ratings that networks
    were trained with.
    """
    held_out = held_out.rated()
    models = [fitted_bias_model(train, n_items, shrinkage) for shrinkage in ITEM_SHRINKAGES]
    aucs = [_auc(held_out.liked, m.predict(held_out.users, held_out.items)) for m in models]
    best = int(np.argmax(np.nan_to_num(aucs)))
    rate = float(held_out.liked.mean()) if len(held_out) else float("nan")
    return BiasChoice(ITEM_SHRINKAGES[best], aucs[best], rate)


def fitted_bias_model(interactions: Interactions, n_items: int, item_shrinkage: float) -> BiasModel:
    """Fit the bias model on what has a rating."""
    rated = interactions.rated()
    return fit_bias_model(
        rated.users,
        rated.items,
        rated.liked,
        (rated.n_users, n_items),
        (FIVE_STAR_PSEUDO_COUNTS, item_shrinkage),
    )


def _auc(liked: BoolArray, scores: Scores) -> float:
    """AUC of "the rating is 5", NaN where all ratings are of one kind."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(liked, scores)) if 0 < liked.sum() < len(liked) else float("nan")

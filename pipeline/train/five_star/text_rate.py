"""The text rate: how far above or below the average ratings are of items with such texts.

It helps where an item has few ratings of its own, and learns from all others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.train.five_star.bias_choice import fitted_bias_model
from recsys.arrays import FloatArray
from recsys.interactions import Interactions

PENALTY: Final = 100.0
"""Of the squared weights. With 10 and 1,000 the AUC on validation days differed by .0004 on electronics."""


def fit_text_rate(
    interactions: Interactions, vectors: FloatArray, item_shrinkage: float
) -> NDArray[np.float64]:
    """Fit a ridge regression from vectors of items to how well they are rated.

    The target of an item with n ratings is the mean of 1[rating = 5] - b - b_u over them, of the
    bias model; it weighs n λ / (n + λ), as many ratings of one item say little about others.

    Args:
        interactions: What is known.
        vectors: (n_items, d) float32, of the items' texts.
        item_shrinkage: λ, pseudo-ratings of an item.

    Returns:
        (d + 1,) constant and weights, for `recsys.features.five_star_model.text_rates`.
    """
    from sklearn.linear_model import Ridge

    n_items, width = vectors.shape
    bias = fitted_bias_model(interactions, n_items, item_shrinkage)
    rated = interactions.rated()
    rated = rated.where(rated.items >= 0)
    left = rated.liked - bias.base - np.where(rated.users >= 0, bias.users[rated.users], 0.0)
    counts = np.bincount(rated.items, minlength=n_items)
    known = np.flatnonzero(counts)
    if not len(known):
        return np.zeros(width + 1)
    n = counts[known]
    means = np.bincount(rated.items, left, n_items)[known] / n
    weights = n * item_shrinkage / (n + item_shrinkage)
    fitted = Ridge(alpha=PENALTY).fit(
        vectors[known], means.astype(np.float32), sample_weight=weights.astype(np.float32)
    )
    return np.array([fitted.intercept_, *fitted.coef_], dtype=np.float64)

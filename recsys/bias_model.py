"""The bias model: the probability of five stars, from how a user rates and how an item is rated.

    P(rating = 5 | user u, item i) = b + b_u + b_i, cut to 0 … 1

b is the share of five-star ratings; b_u and b_i are shrunk means of the residuals, fitted
alternately (Koren, KDD 2008, section 2.1). On real data it predicted ratings better than the
networks it was compared with; it is of no use for ranking, which is another task.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

N_SWEEPS = 5


class BiasModel(NamedTuple):
    """A fitted bias model.

    Attributes:
        base: b, the share of five-star ratings.
        users: (n_users,) float64, b_u; 0 for a user without ratings.
        items: (n_items,) float64, b_i; 0 for an item without ratings.
    """

    base: float
    users: NDArray[np.float64]
    items: NDArray[np.float64]

    @property
    def five_star_rates(self) -> NDArray[np.float64]:
        """Probability of five stars from an average user, (n_items,) float64: b + b_i."""
        return np.clip(self.base + self.items, 0.0, 1.0)

    def predict(self, user_rows: NDArray[Any], item_rows: NDArray[Any]) -> NDArray[np.float64]:
        """Predict the probability of five stars of pairs (m,).

        A row of -1 stands for an average user or item.
        """
        of_user = np.where(user_rows >= 0, self.users[user_rows], 0.0)
        of_item = np.where(item_rows >= 0, self.items[item_rows], 0.0)
        return np.clip(self.base + of_user + of_item, 0.0, 1.0)


def fit_bias_model(
    user_rows: NDArray[Any],
    item_rows: NDArray[Any],
    liked: NDArray[np.bool_],
    shape: tuple[int, int],
    shrinkage: tuple[float, float] = (3.0, 10.0),
) -> BiasModel:
    """Fit by alternating shrunk means, users first.

    b_u = Σ (y - b - b_i) / (n_u + λ_u) over the ratings of u, and likewise b_i.

    Args:
        user_rows: (m,) int, -1 for an unknown user, whose rating counts for the item only.
        item_rows: (m,) int, -1 for an unknown item, whose rating doesn't count.
        liked: (m,) whether the rating is five stars.
        shape: Numbers of users and items.
        shrinkage: λ_u and λ_i, numbers of pseudo-ratings that are as expected.
    """
    known = np.asarray(item_rows) >= 0
    users, items = np.asarray(user_rows)[known], np.asarray(item_rows)[known]
    y = np.asarray(liked, dtype=np.float64)[known]
    base = float(y.mean()) if len(y) else 0.0
    person = users >= 0
    user_counts = np.bincount(users[person], minlength=shape[0]) + shrinkage[0]
    item_counts = np.bincount(items, minlength=shape[1]) + shrinkage[1]
    of_users, of_items = np.zeros(shape[0]), np.zeros(shape[1])
    for _ in range(N_SWEEPS):
        left = (y - base - of_items[items])[person]
        of_users = np.bincount(users[person], left, shape[0]) / user_counts
        left = y - base - np.where(person, of_users[users], 0.0)
        of_items = np.bincount(items, left, shape[1]) / item_counts
    return BiasModel(base, of_users, of_items)

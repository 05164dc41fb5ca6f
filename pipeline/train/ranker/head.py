"""The head of the ranker, linear and hidden units side by side, as plain arrays.

    score(x) = x · v + Σ_h w_h relu(x · W_h + b_h)

x is what the network reads of a pair: item columns, affinities, profile. The mean of several
heads is a head again, with the hidden units of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.train.ranker.feature_state import FeatureState
from pipeline.train.ranker.item_columns import known_items
from pipeline.train.ranker.lists import Targets
from recsys.arrays import FloatArray

_USERS_AT_ONCE: Final = 32
_ITEMS_AT_ONCE: Final = 1_024
"""Items whose hidden units, some 400 KB, stay in the cache while they are shifted for each user."""


@dataclass(frozen=True)
class RankerHead:
    """The weights of f inputs and h hidden units, float32.

    Attributes:
        linear: (f,), v.
        hidden: (f, h), W.
        bias: (h,), b.
        output: (h,), w.
    """

    linear: FloatArray
    hidden: FloatArray
    bias: FloatArray
    output: FloatArray

    def score(self, features: FloatArray) -> FloatArray:
        """Score pairs (n, f): (n,) float32."""
        active = np.maximum(features @ self.hidden + self.bias, 0)
        scores: FloatArray = features @ self.linear + active @ self.output
        return scores

    def unscaled(self, mean: FloatArray, spread: FloatArray) -> RankerHead:
        """Fold the scaling of inputs into the weights.

        The head reads x instead of (x - mean) / spread; all scores shift by one constant.
        """
        hidden = self.hidden / spread[:, None]
        bias = self.bias - mean @ hidden
        return RankerHead(self.linear / spread, hidden, bias, self.output)

    def averaged_with(self, other: RankerHead, share: float) -> RankerHead:
        """Average the scores of two heads, of which the other has this share, 0 to 1."""
        return RankerHead(
            (1 - share) * self.linear + share * other.linear,
            np.concatenate([self.hidden, other.hidden], axis=1),
            np.concatenate([self.bias, other.bias]),
            np.concatenate([(1 - share) * self.output, share * other.output]),
        )


def catalog_loss(head: RankerHead, state: FeatureState, targets: Targets) -> float:
    """Average -log of the target's share in the softmax over all known items not yet chosen, in nats."""
    unknown = ~known_items(state.columns)
    users, row = np.unique(targets.users, return_inverse=True)
    losses = np.empty(len(row))
    for first in range(0, len(users), _USERS_AT_ONCE):
        some = users[first : first + _USERS_AT_ONCE]
        for place, of_user in enumerate(catalog_scores(head, state, some), first):
            scores, own = of_user.astype(np.float64), row == place
            chosen = scores[targets.items[own]]
            scores[state.history.of(int(users[place]))] = -np.inf
            scores[unknown] = -np.inf
            largest = scores.max()
            losses[own] = largest + np.log(np.exp(scores - largest).sum()) - chosen
    return float(losses.mean())


def catalog_scores(head: RankerHead, state: FeatureState, users: NDArray[Any]) -> FloatArray:
    """Score every item for some users (m,): (m, n_items) float32.

    The items without affinities differ by their columns and the user's profile only.
    """
    n_columns, n_similarities = state.columns.shape[1], state.similarities.n_similarities
    of_similarities = slice(n_columns, n_columns + n_similarities)
    of_profile = slice(n_columns + n_similarities, len(head.linear))
    linear_items = state.columns @ head.linear[:n_columns]
    hidden_items = state.columns @ head.hidden[:n_columns] + head.bias
    shifts = [state.profiles[user] @ head.hidden[of_profile] for user in users]
    constants = [state.profiles[user] @ head.linear[of_profile] for user in users]
    scores = np.empty((len(users), len(linear_items)), dtype=np.float32)

    for first in range(0, len(linear_items), _ITEMS_AT_ONCE):
        some = slice(first, first + _ITEMS_AT_ONCE)
        for place, shift in enumerate(shifts):
            active = np.maximum(hidden_items[some] + shift, 0)
            scores[place, some] = linear_items[some] + active @ head.output + constants[place]
    for place, user in enumerate(users):
        rows, phi = state.affinities.of_user(int(user))
        active = hidden_items[rows] + shifts[place] + phi @ head.hidden[of_similarities]
        linear = linear_items[rows] + phi @ head.linear[of_similarities]
        scores[place, rows] = linear + np.maximum(active, 0) @ head.output + constants[place]
    return scores

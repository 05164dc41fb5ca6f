"""The five-star model: how likely a user is to give an item five stars.

    P(rating = 5 | user u, item i) = σ(w₀ + w_n 1[u has no history] + w_p · profile(u)
                                       + w_c · item columns(i) + w_t text rate(i) + w_a · φ(u, i))

A logistic regression over what a snapshot knows anyway. The profile and the item columns hold the two
terms of the bias model, b_u and b + b_i; the text rate says what the vector of an item's texts lets one
expect of it, and φ are the affinities. Fitted on ratings that its inputs don't know, it is a stack
(Wolpert, Neural Networks 5, 1992) whose logistic link calibrates it (Platt, 1999).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from recsys.features.user_profile import PROFILE_COLUMNS

INTERCEPT: Final = "intercept"
NO_HISTORY: Final = "no_history"
TEXT_RATE: Final = "text_rate"

USER_COLUMNS: Final = (NO_HISTORY, *(f"user.{name}" for name in PROFILE_COLUMNS))
"""The columns about a user, in the order of `user_columns`."""

NO_PROFILE: Final[FloatArray] = np.zeros(len(PROFILE_COLUMNS), dtype=np.float32)
"""Of somebody of whom nothing is known."""


class FiveStarModel(NamedTuple):
    """A fitted model.

    Attributes:
        coefficients: By column: `intercept`, `no_history`, `user.` and a profile column, `item.` and an
            item column, `text_rate`, `affinity.` and a similarity. A column that is missing counts for 0.
        text_rate: (d + 1,) float, constant and weights by which vectors of items give text rates.
    """

    coefficients: Mapping[str, float]
    text_rate: Sequence[float]

    def to_json(self) -> str:
        """Write it so that `from_json` reads the same numbers."""
        return json.dumps(self._asdict())

    @classmethod
    def from_json(cls, text: str) -> FiveStarModel:
        """Read what `to_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        try:
            found = cls(**json.loads(text))
            numbers = [*found.coefficients.values(), *found.text_rate]
            is_finite = bool(np.isfinite(np.array(numbers, dtype=np.float64)).all())
        except (TypeError, AttributeError) as error:
            raise ValueError(f"no five-star model: {error}") from error
        if not is_finite or INTERCEPT not in found.coefficients:
            raise ValueError(
                "no five-star model: it has no intercept, or a number that isn't finite"
            )
        return found

    def item_logits(self, columns: Mapping[str, NDArray[Any]], vectors: FloatArray) -> FloatArray:
        """Add up what doesn't depend on the user, (n_items,) float32.

        Args:
            columns: (n_items,) each, the item columns by name.
            vectors: (n_items, d) float32, of the items' texts.

        Raises:
            KeyError: An item column is missing.
            ValueError: The vectors have another width.
        """
        logits = np.full(len(vectors), self.coefficients[INTERCEPT])
        for name, weight in self._of("item.").items():
            logits += weight * columns[name].astype(np.float64)
        if weight := self.coefficients.get(TEXT_RATE, 0.0):
            logits += weight * text_rates(self.text_rate, vectors)
        return logits.astype(np.float32)

    def weights(self, similarities: Sequence[str]) -> FloatArray:
        """List the weights of `USER_COLUMNS` and of affinities in their order, (5 + C,) float32.

        Raises:
            KeyError: A similarity is missing.
        """
        of_affinities = self._of("affinity.")
        if missing := of_affinities.keys() - set(similarities):
            raise KeyError(min(missing))
        of_user = [self.coefficients.get(name, 0.0) for name in USER_COLUMNS]
        of_affinity = [of_affinities.get(name, 0.0) for name in similarities]
        return np.array([*of_user, *of_affinity], dtype=np.float32)

    def _of(self, prefix: str) -> dict[str, float]:
        """The coefficients whose names begin so, by the rest of their names."""
        found = self.coefficients.items()
        return {name.removeprefix(prefix): w for name, w in found if name.startswith(prefix)}


def text_rates(fitted: Sequence[float] | NDArray[Any], vectors: FloatArray) -> NDArray[np.float64]:
    """Compute the text rates of items from their vectors, (n_items,)."""
    constant, *weights = fitted
    rates = vectors @ np.asarray(weights, dtype=np.float32)
    return np.asarray(rates.astype(np.float64) + constant)


def user_columns(profiles: FloatArray) -> FloatArray:
    """Describe users by whether they have no history, and by their profiles: (m, 5) float32.

    Args:
        profiles: (m, 4) float32, see `recsys.features.user_profile`.
    """
    nothing = profiles[:, :1] == 0
    return np.concatenate([nothing.astype(np.float32), profiles], axis=1)


def chances(
    item_logits: FloatArray, weights: FloatArray, profile: FloatArray, affinities: FloatArray
) -> FloatArray:
    """Compute the probabilities that one user gives some items five stars, (k,) float32.

    Args:
        item_logits: (k,) of the items, of `FiveStarModel.item_logits`.
        weights: (5 + C,) of `FiveStarModel.weights`.
        profile: (4,) of the user, `NO_PROFILE` for nobody.
        affinities: (k, C) of the user to the items.
    """
    n_user = len(USER_COLUMNS)
    constant = user_columns(profile[None])[0] @ weights[:n_user]
    found: FloatArray = 1 / (1 + np.exp(-(item_logits + constant + affinities @ weights[n_user:])))
    return found

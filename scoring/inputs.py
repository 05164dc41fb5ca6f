"""What a ranking model reads about all users and items, and about a visitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.history import NO_WEIGHTS
from scoring.affinities import Affinities

Inputs = Mapping[str, NDArray[Any]]
"""Arrays by the names of `recsys.columns.MODEL_INPUTS`."""

AFFINITY: Final = "affinity"


class ModelInputs(NamedTuple):
    """What the ranking model reads.

    Attributes:
        user_review: (n_users, dr) float32.
        user_item: (n_users, di) float32.
        item_desc: (n_items, d) float32.
        item_price: (n_items, dp) float32.
        user_profile: (n_users, 4) float32, see `recsys.features.user_profile`.
        affinities: Affinities of users to items; None where the data has no similarities.
    """

    user_review: FloatArray
    user_item: FloatArray
    item_desc: FloatArray
    item_price: FloatArray
    user_profile: FloatArray | None = None
    affinities: Affinities | None = None

    @property
    def tables(self) -> tuple[FloatArray, ...]:
        """The first four, which every model reads."""
        return self[:4]


class Visitor(NamedTuple):
    """Somebody as the ranking model sees a user, described otherwise than by a row.

    Attributes:
        user_review: (1, dr) float32, zeros for somebody without an id.
        user_item: (1, di) float32, computed from the items.
        user_profile: (1, 4) float32, computed from the items.
        history: (h,) int32 item rows, newest first and distinct.
        history_weights: (h,) float32, what each item counts for; empty where that is 1.
    """

    user_review: FloatArray
    user_item: FloatArray
    user_profile: FloatArray
    history: ItemRows
    history_weights: FloatArray = NO_WEIGHTS

    @property
    def inputs(self) -> dict[str, FloatArray]:
        """The inputs of the user's side, by name."""
        return {
            "user_review": self.user_review,
            "user_item": self.user_item,
            "user_profile": self.user_profile,
        }

"""People as the ranking model sees them, made of a snapshot's arrays and what they have done."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from classes.artifact_arrays.users import (
    FIVE_STAR_RATES,
    MEAN_RATING,
    N_WITH_EMBEDDINGS,
    history_vectors,
)
from recsys.arrays import FloatArray, ItemRows
from recsys.features import user_profile
from recsys.history import History
from recsys.interactions import Interactions
from scoring.inputs import Visitor
from storage.name_table import Arrays


def stored_person(arrays: Arrays, user_row: int, history: ItemRows, weights: FloatArray) -> Visitor:
    """Describe a known user by what the snapshot stores."""
    names = ("user_review", "user_item", "user_profile")
    review, bought, profile = (_row(arrays, name, user_row) for name in names)
    return Visitor(review, bought, profile, history, weights)


def visitor(arrays: Arrays, history: History) -> Visitor:
    """Describe somebody of whom nothing but a history is known."""
    return Visitor(
        _no_reviews(arrays),
        _item_vector(arrays, history),
        user_profile.visitor_profile(history, arrays["item_log_price"]),
        history.items,
        history.weights,
    )


def person(
    arrays: Arrays,
    user_row: int | None,
    interactions: Interactions,
    without: NDArray[np.integer],
) -> Visitor:
    """Describe a user by interactions, as if some items weren't among them.

    Of somebody with embeddings the item vector is the stored one as long as nothing is left
    out. What the user wrote stays as it was.

    Args:
        arrays: Of the snapshot.
        user_row: The user; None for somebody whom the snapshot doesn't know.
        interactions: What the user, who has row 0 there, has done.
        without: Item rows to leave out, in whose places no older items come.
    """
    history, bought = interactions.histories(), None
    kept = ~np.isin(history.items, without)
    if not kept.all():
        history = history.where(kept)
    elif user_row is not None and user_row < int(arrays[N_WITH_EMBEDDINGS][0]):
        bought = _row(arrays, "user_item", user_row)
    return Visitor(
        _no_reviews(arrays) if user_row is None else _row(arrays, "user_review", user_row),
        _item_vector(arrays, history) if bought is None else bought,
        user_profile.user_profiles(
            history,
            interactions.ratings[history.interactions],
            arrays["item_log_price"],
            arrays.get(FIVE_STAR_RATES),
            float(arrays[MEAN_RATING][0]),
        ),
        history.items,
        history.weights,
    )


def _row(arrays: Arrays, name: str, user_row: int) -> FloatArray:
    return cast(FloatArray, arrays[name])[user_row : user_row + 1]


def _no_reviews(arrays: Arrays) -> FloatArray:
    return np.zeros((1, arrays["user_review"].shape[1]), dtype=np.float32)


def _item_vector(arrays: Arrays, history: History) -> FloatArray:
    item_vectors = cast(FloatArray, arrays["item_desc"])
    return history_vectors(history, item_vectors, arrays["user_item"].shape[1])

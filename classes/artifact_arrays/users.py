"""The arrays about users: their names, vectors, histories and profiles."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys import catalog, columns
from recsys.arrays import FloatArray, Names
from recsys.cleaning.forgotten import NEVER_FORGOTTEN, ForgottenUntil
from recsys.cleaning.text import normalize_text
from recsys.features import user_profile, user_vectors
from recsys.history import History
from recsys.interactions import Interactions, identifies
from storage.artifacts import ArtifactPaths, read_embedding_pair
from storage.name_table import Arrays, NameIndex

FIVE_STAR_RATES: Final = "item_five_star_rate"
MEAN_RATING: Final = "history_mean_rating"
N_WITH_EMBEDDINGS: Final = "n_users_with_embeddings"
CLEAN_USER_NAMES: Final = "user_names_are_clean"


class EmbeddedUsers(NamedTuple):
    """The users who have embeddings.

    Attributes:
        names: (n_embedded,) str.
        review_vectors: (n_embedded, d_review) float32, of what they wrote.
        item_vectors: (n_embedded, d_item) float32, of what they reviewed.
    """

    names: Names
    review_vectors: FloatArray
    item_vectors: FloatArray


def read_embedded_users(
    paths: ArtifactPaths, forgotten_until: ForgottenUntil | None
) -> EmbeddedUsers:
    """Read the embeddings of users, without anonymous customers and those who were forgotten.

    Raises:
        ArtifactError: A file is missing or unreadable, or the two don't fit together.
    """
    review, bought = read_embedding_pair(paths.user_review, paths.user_item, columns.USER)
    named = identifies(review.names)
    if forgotten_until is not None:
        named = named & (forgotten_until(review.names) == NEVER_FORGOTTEN)
    return EmbeddedUsers(review.names[named], review.vectors[named], bought.vectors[named])


def user_arrays(
    users: EmbeddedUsers, user_names: Names, history: History, item_vectors: FloatArray
) -> Arrays:
    """Name and describe all users, first those with embeddings.

    Args:
        users: Those with embeddings.
        user_names: (n_users,) of all users.
        history: Of all users.
        item_vectors: (n_items, d) float32, of the descriptions of items.
    """
    return {
        N_WITH_EMBEDDINGS: np.array([len(users.names)]),
        "user_review": _with_rows(users.review_vectors, len(user_names)),
        "user_item": _with_histories(users.item_vectors, history, item_vectors),
        CLEAN_USER_NAMES: np.array([_are_clean(user_names)]),
        **NameIndex.of(user_names.tolist()).arrays("user_name"),
    }


def history_vectors(history: History, item_vectors: FloatArray, width: int) -> FloatArray:
    """Describe histories in the space of items; zeros where that of users is another one."""
    if item_vectors.shape[1] != width:
        return np.zeros((history.n_users, width), dtype=np.float32)
    return user_vectors.user_item_vectors(history, item_vectors)


def history_arrays(
    interactions: Interactions,
    history: History,
    prices: NDArray[np.float64],
    five_star_rates: FloatArray | None,
    written_mean: str | None,
) -> Arrays:
    """Derive what histories tell: what was seen, and the profiles of users.

    The mean rating is the one that training wrote, if it did: a reload of newer histories then
    leaves the profiles of all other users as they were.
    """
    log_prices = user_profile.centered_log_prices(prices)
    ratings, seen = interactions.ratings[history.interactions], interactions.seen()
    starts, seen_items = catalog.seen_items(seen.users, seen.items, history.n_users)
    mean = user_profile.mean_of(ratings) if written_mean is None else float(written_mean)
    return {
        "seen_starts": starts,
        "seen_items": seen_items,
        "history_starts": history.starts,
        "history_items": history.items,
        **({"history_weights": history.weights} if len(history.weights) else {}),
        "user_profile": user_profile.user_profiles(
            history, ratings, log_prices, five_star_rates, mean
        ),
        "item_log_price": log_prices,
        MEAN_RATING: np.array([mean]),
        **({} if five_star_rates is None else {FIVE_STAR_RATES: five_star_rates}),
    }


def _are_clean(names: Names) -> bool:
    """Return whether each name is as the cleaning rule leaves it."""
    texts = pd.Series(names, dtype="str")
    return bool((normalize_text(texts) == texts).all())


def _with_rows(vectors: FloatArray, n_users: int) -> FloatArray:
    """Add zeros for users without embeddings."""
    added = np.zeros((n_users - len(vectors), vectors.shape[1]), dtype=np.float32)
    return np.concatenate([vectors, added]) if len(added) else vectors


def _with_histories(vectors: FloatArray, history: History, item_vectors: FloatArray) -> FloatArray:
    """Add the vectors of users without embeddings, from their histories."""
    rest = history.from_user(len(vectors))
    added = history_vectors(rest, item_vectors, vectors.shape[1])
    return np.concatenate([vectors, added]) if len(added) else vectors

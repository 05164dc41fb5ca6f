"""The models that the network has to beat: ALS on the ratings matrix, and popularity."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.training_data import Interactions, Rows

ALS_FACTORS: Final = 30
ALS_REGULARIZATION: Final = 0.1
ALS_ITERATIONS: Final = 30

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Contender:
    """A model that can be judged.

    Attributes:
        name: As reports call it.
        pair_scores: Users (n,) and items (n,) to the scores (n,) by which 5-star ratings
            are told from others.
        catalog_scores: Users (m,) to the scores (m, n_items) by which items are ranked.
        threshold: Score from which the model says "5 stars"; None: it has no natural one,
            and validation rows choose it.
    """

    name: str
    pair_scores: Callable[[Rows, Rows], Floats]
    catalog_scores: Callable[[Rows], Floats]
    threshold: float | None = None

    def __repr__(self) -> str:
        """Name it."""
        return f"<Contender {self.name}>"


def popularity(history: Interactions, n_items: int) -> Contender:
    """Score every item by its reviews in the history, for all users alike.

    Reviews by anonymous customers count: an item is popular whoever says so.
    """
    items = history.items[history.items >= 0]
    counts = np.bincount(items, minlength=n_items).astype(np.float32)
    return Contender(
        "popularity",
        lambda _, items: counts[items],
        lambda users: np.broadcast_to(counts, (len(users), n_items)),
    )


def als(history: Interactions, n_users: int, n_items: int, seed: int) -> Contender:
    """Factorise who reviewed what, the rating being the confidence (Hu, Koren and Volinsky 2008).

    30 factors, regularisation .1, 30 iterations. An item or user without history has the
    zero vector and therefore the score 0.

    Args:
        history: Rows to learn from; those of unknown users or items don't count.
        n_users: Rows of the user tables.
        n_items: Rows of the item tables.
        seed: Chooses the first factors.
    """
    with warnings.catch_warnings():
        # Its progress bar misses widgets in a notebook; none is shown here.
        warnings.filterwarnings("ignore", message="IProgress not found")
        from implicit.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # Two thread pools on the same cores wait for each other; implicit has its own.
    with threadpool_limits(limits=1, user_api="blas"):
        model = AlternatingLeastSquares(
            factors=ALS_FACTORS,
            regularization=ALS_REGULARIZATION,
            iterations=ALS_ITERATIONS,
            random_state=seed,
            use_gpu=False,
        )
        model.fit(ratings_matrix(history, n_users, n_items), show_progress=False)
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return Contender(
        "ALS",
        lambda rows, columns: np.einsum("nf,nf->n", users[rows], items[columns]),
        lambda rows: users[rows] @ items.T,
    )


def ratings_matrix(history: Interactions, n_users: int, n_items: int) -> Any:
    """Lay the ratings of known pairs out as a sparse matrix (n_users, n_items) float32.

    Of several reviews of a pair the first counts.
    """
    from scipy.sparse import csr_matrix

    rows = history.where(history.known & first_of_pair(history))
    return csr_matrix((rows.ratings, (rows.users, rows.items)), shape=(n_users, n_items))


def first_of_pair(interactions: Interactions) -> NDArray[np.bool_]:
    """Mark the first row, in the given order, of each pair of a person and an item.

    Anonymous customers are different people, so each of their rows is a first one.
    """
    n_items = int(interactions.items.max(initial=0)) + 2
    pairs = interactions.persons * n_items + interactions.items + 1
    first = interactions.persons < 0
    first[np.unique(pairs, return_index=True)[1]] = True
    return first

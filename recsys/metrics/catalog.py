"""What is recommended, apart from whether it was chosen: how much, how known, how evenly.

Lists are item rows (m, k), best first, padded with -1 where a list is short.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray

_LISTS_A_BLOCK: Final = 2_000
"""Lists of five MiniLM vectors take 15 MB."""


def coverage(lists: NDArray[np.integer], n_items: int) -> float:
    """Compute the share of the catalog that is in at least one list.

        coverage@k = |union of lists| / n_items

    (Ge, Delgado-Battenfeld and Jannach, RecSys 2010.)

    >>> coverage(np.array([[0, 1], [1, -1]]), n_items=4)
    0.5
    """
    return len(np.unique(lists[lists >= 0])) / n_items


def item_shares(items: NDArray[np.integer], n_users: int, n_items: int) -> NDArray[np.float64]:
    """Compute the share of users who have each item, (n_items,) float64.

    An item that nobody has counts as if half a user had it, so that its surprise is
    finite and the largest.

    Args:
        items: (n,) the item of each distinct pair of a user and an item.
        n_users: Number of users.
        n_items: Number of items in the catalog.
    """
    counts = np.bincount(items, minlength=n_items)
    return np.maximum(counts, 0.5) / max(n_users, 1)


def novelty(lists: NDArray[np.integer], shares: NDArray[np.float64]) -> float:
    """Compute the mean surprise, in bits, of the items in the lists.

        novelty@k = mean over all positions of -log2 p_j

    with p_j the share of users who have item j (Zhou et al., PNAS 107, 2010). Of two
    models that hit equally often the one with more surprise shows less of what people
    find anyway.

    Args:
        lists: (m, k) item rows, padded with -1.
        shares: (n_items,) as `item_shares` computes them.

    >>> novelty(np.array([[0, 1]]), np.array([0.5, 0.125]))
    2.0
    """
    shown = lists[lists >= 0]
    return float(-np.log2(shares[shown]).mean()) if len(shown) else float("nan")


def gini(lists: NDArray[np.integer], n_items: int) -> float:
    """Measure how unevenly the catalog is shown: 0 if evenly, near 1 if one item is all there is.

        G = Σ_i (2 i - n - 1) c_i / (n Σ_i c_i),   c_1 <= ... <= c_n

    with c_i how often each of n items is in the lists (Gini 1912; for recommenders Fleder and
    Hosanagar, Management Science 55, 2009).

    >>> gini(np.array([[0, 1], [2, 3]]), n_items=4)
    0.0
    """
    counts = np.sort(np.bincount(lists[lists >= 0], minlength=n_items)).astype(np.float64)
    if counts.sum() == 0:
        return float("nan")
    weights = 2.0 * np.arange(1, n_items + 1) - n_items - 1
    return float(weights @ counts / (n_items * counts.sum()))


def intra_list_similarity(lists: NDArray[np.integer], vectors: FloatArray) -> float:
    """Measure how alike the items of a list are: 1 if all are the same, lower if they differ.

        ILS = mean over lists of  2 / (k (k - 1)) Σ_{i < j} cos(v_i, v_j)

    (Ziegler, McNee, Konstan and Lausen, WWW 2005, whose sum over pairs is divided by their
    number here, so that short lists compare.) Items whose vector is zero are left out, and
    lists with fewer than two others.

    Args:
        lists: (m, k) item rows, padded with -1.
        vectors: (n_items, d) float32.

    >>> vectors = np.array([[1, 0], [2, 0], [0, 3]], dtype=np.float32)
    >>> intra_list_similarity(np.array([[0, 1], [0, 2], [1, -1]]), vectors)
    0.5
    """
    lengths = np.linalg.norm(vectors, axis=1)
    pair_means = []
    for start in range(0, len(lists), _LISTS_A_BLOCK):
        block = lists[start : start + _LISTS_A_BLOCK]
        counted = (block >= 0) & (lengths[block] > 0)
        scales = np.where(counted, 1.0 / np.where(counted, lengths[block], 1.0), 0.0)
        # The squared length of the sum counts every pair twice and each item once.
        sums = (vectors[block] * scales[..., None]).sum(axis=1)
        n = counted.sum(axis=1)
        has_pair = n > 1
        pairs = (n * (n - 1))[has_pair]
        pair_means.append(((sums**2).sum(axis=1) - n)[has_pair] / pairs)
    found = np.concatenate(pair_means) if pair_means else np.empty(0)
    return float(found.mean()) if len(found) else float("nan")

"""Item similarities in closed form: how much having one item speaks for another.

Each similarity is a function that computes the rows of some items, `lo` to `hi`, so that a
catalog of any size is done in blocks of bounded memory. What item i says stands in row
i; the 100 largest entries of a row are kept, without the item itself. (Keeping the best
of a row instead of a column was measured to rank the same, and it bounds what scoring a
user costs.) Four come from what people chose, two from what the items are:

| similarity | entry (i, j) |
|---|---|
| seq | how often j was chosen up to 15 steps after i (or, for a third of the weight, before) |
| hop | seq over one item between, which reaches what few people chose |
| now | how often j was chosen after i lately, popular or not |
| cf | the walk item, user, item, damped against popular items (RP3beta) |
| tf | cosine of the words of both items |
| ml | cosine of the vectors of both items, centered on the catalog |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from recsys.features.vectors import unit_length
from recsys.history import History

SimilarityBlock = Callable[[int, int], Any]
"""From `lo` and `hi` to a SciPy CSR matrix (hi - lo, n_items) float32 of these rows."""

NEIGHBORS: Final = 100
"""Entries kept of a row; truncating the spectrum instead costs a third of the NDCG."""

MAX_GAP: Final = 15
GAP_DECAY: Final = 0.8
BACKWARD_SHARE: Final = 0.35
RECENT_DAYS: Final = 90.0
WALK_POWER: Final = 0.8
POPULARITY_POWER: Final = 0.35

_BLOCK_ENTRIES: Final = 20_000_000
"""Entries of a block if every item touched every other: 80 MB of float32."""
_MAX_SHARE: Final = 0.3
_MAX_POSTINGS: Final = 5_000
"""Items that share a word at most, as a share and in all; its cost grows with the square."""


class Entries(NamedTuple):
    """A sparse similarity: (nnz,) item rows, neighbor rows and weights, by item, largest first."""

    items: NDArray[np.int32]
    neighbors: NDArray[np.int32]
    weights: FloatArray


def sequence_similarity(history: History, n_items: int) -> SimilarityBlock:
    """Count what was chosen soon after what, damped against popular items.

    S_ij = T_ij / sqrt(n_i n_j), T the steps of `_steps`, each of weight 1.
    """
    scale = 1 / np.sqrt(np.maximum(np.bincount(history.items, minlength=n_items), 1))
    return _steps(history, np.ones(len(history.items)), (scale, scale))


def recent_similarity(history: History, days: NDArray[Any], n_items: int) -> SimilarityBlock:
    """Say how likely people are these days to choose j after i: what is popular among them.

    S_ij = T_ij / (Σ_i v + 1), T the steps of `_steps`, each of the weight v = exp(-a / 90) of
    its later item, a the days from there to the newest of all.

    Args:
        history: Of all users.
        days: (len(history.items),) int, when each entry was chosen.
        n_items: Items of the catalog.
    """
    weights = np.exp((days - days.max(initial=0)) / RECENT_DAYS)
    totals = np.bincount(history.items, weights=weights, minlength=n_items)
    return _steps(history, weights, (1 / (totals + 1), np.ones(n_items)))


def _steps(
    history: History,
    weights: NDArray[np.float64],
    scales: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> SimilarityBlock:
    """Count steps between the items of a user that lie g = 1 … 15 places apart.

    T[earlier, later] += .8^(g - 1) · weight of the later entry, and
    T[later, earlier] += .35 times as much.

    Args:
        history: Of all users, newest first.
        weights: (len(history.items),) of its entries.
        scales: (n_items,) factors of rows and of columns.
    """
    from scipy.sparse import coo_matrix

    users = np.repeat(np.arange(len(history.starts) - 1), np.diff(history.starts))
    items, n_items = history.items, len(scales[0])

    def block(lo: int, hi: int) -> Any:
        rows, neighbors, values = [], [], []
        for gap in range(1, MAX_GAP + 1):
            same = users[gap:] == users[:-gap]
            newer, older = items[:-gap][same], items[gap:][same]
            weight = GAP_DECAY ** (gap - 1) * weights[:-gap][same]
            for having, other, share in ((older, newer, 1.0), (newer, older, BACKWARD_SHARE)):
                mine = (having >= lo) & (having < hi)
                rows.append(having[mine] - lo)
                neighbors.append(other[mine])
                values.append(share * weight[mine])
        row, neighbor = np.concatenate(rows), np.concatenate(neighbors)
        value = np.concatenate(values) * scales[0][row + lo] * scales[1][neighbor]
        where = (row, neighbor)
        return coo_matrix((value, where), shape=(hi - lo, n_items), dtype=np.float32).tocsr()

    return block


def two_step_similarity(entries: Sequence[Entries], n_items: int) -> SimilarityBlock:
    """Go two steps: Σ_k S_ik / Σ_l S_il · S_kj over the kept entries of a similarity S.

    Most pairs of items were never chosen by one person; two steps reach many of them.
    """
    from scipy.sparse import csr_matrix, diags

    items, neighbors, weights = (np.concatenate(column) for column in zip(*entries, strict=True))
    step = csr_matrix((weights, (items, neighbors)), shape=(n_items, n_items))
    totals = np.asarray(step.sum(axis=1)).reshape(-1)
    first = diags(1 / np.where(totals > 0, totals, 1)).astype(np.float32) @ step
    return lambda lo, hi: first[lo:hi] @ step


def walk_similarity(history: History, n_items: int) -> SimilarityBlock:
    """Walk from an item to its users and on to their items, as `random_walk` does."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(history.items), dtype=np.float32)
    shape = (len(history.starts) - 1, n_items)
    has = csr_matrix((ones, history.items, history.starts), shape=shape)
    return random_walk(has, WALK_POWER, POPULARITY_POWER)


def random_walk(
    has: Any, alpha: float, beta: float = 0.0, dtype: Any = np.float32
) -> SimilarityBlock:
    """Walk from an item to its users and on to their items, popular ends held back: RP3beta.

        S_ij = Σ_u p_iu^alpha p_uj^alpha / n_j^beta

    with p_iu = 1 / n_i for each of the n_i users u of item i, and p_uj = 1 / n_u for each of
    the n_u items j of user u (Paudel et al., ACM TiiS 7, 2017).

    Args:
        has: (n_users, n_items) sparse, 1 where a user has an item.
        alpha: Power of the transition probabilities.
        beta: Power of an item's number of users by which it is held back.
        dtype: The type in which walks are summed.
    """
    from scipy.sparse import csr_matrix

    per_user = np.maximum(np.diff(has.indptr), 1)
    per_item = np.maximum(np.bincount(has.indices, minlength=has.shape[1]), 1)
    ends = np.repeat(per_user**-alpha, np.diff(has.indptr)) * per_item[has.indices] ** -beta
    to_items = csr_matrix((ends.astype(dtype), has.indices, has.indptr), shape=has.shape)
    to_users = has.T.tocsr().astype(dtype)
    to_users.data[:] = np.repeat(per_item**-alpha, np.diff(to_users.indptr))
    return lambda lo, hi: to_users[lo:hi] @ to_items


def word_similarity(texts: Sequence[str]) -> SimilarityBlock:
    """Compare items by their words and pairs of words: cosine of sublinear TF-IDF.

    Words of a single item say nothing about another, and words of very many cost much and
    say little; both are left out. Texts without any word left have no neighbors.
    """
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(
        sublinear_tf=True,
        ngram_range=(1, 2),
        min_df=2,
        max_df=max(min(int(_MAX_SHARE * len(texts)), _MAX_POSTINGS), 2),
        dtype=np.float32,
    )
    try:
        words = weigh.fit_transform(texts)
    except ValueError:  # no word is left: nothing is like anything
        words = csr_matrix((len(texts), 1), dtype=np.float32)
    by_word = words.T.tocsr()
    return lambda lo, hi: words[lo:hi] @ by_word


def vector_similarity(vectors: NDArray[Any]) -> SimilarityBlock:
    """Compare items by their vectors (n_items, d), centered on the mean: their cosine.

    An item without a description (a vector of zeros) has no neighbors.
    """
    described = np.abs(vectors).max(axis=1, initial=0) > 0
    centered = np.asarray(vectors, dtype=np.float32)
    centered = centered - (centered[described].mean(axis=0) if described.any() else 0)
    units = unit_length(np.where(described[:, None], centered, 0))
    by_dimension = np.ascontiguousarray(units.T)
    return lambda lo, hi: units[lo:hi] @ by_dimension


def blocks(n_items: int) -> Iterator[tuple[int, int]]:
    """Cut a catalog into ranges of rows whose full rows fit in some 80 MB."""
    size = max(_BLOCK_ENTRIES // max(n_items, 1), 1)
    for lo in range(0, n_items, size):
        yield lo, min(lo + size, n_items)


def nearest(similarity: SimilarityBlock, n_items: int, n: int = NEIGHBORS) -> Iterator[Entries]:
    """Keep the n largest positive entries of each row, equal ones by lower row, no diagonal.

    Yields:
        The entries of one block of rows after the other.
    """
    for lo, hi in blocks(n_items):
        rows = similarity(lo, hi)
        yield (_nearest_dense if isinstance(rows, np.ndarray) else _nearest_sparse)(rows, lo, n)


def _nearest_sparse(rows: Any, lo: int, n: int) -> Entries:
    found = rows.tocoo()
    item, neighbor, weight = found.row.astype(np.int32) + lo, found.col, found.data
    return largest_entries(item, neighbor.astype(np.int32), weight, n)


def _nearest_dense(rows: FloatArray, lo: int, n: int) -> Entries:
    """Cut each row at its n-th value first, so that only what may stay is sorted."""
    rows[np.arange(len(rows)), np.arange(lo, lo + len(rows))] = 0
    n = min(n, rows.shape[1])
    limit = np.partition(rows, -n, axis=1)[:, -n]
    item, neighbor = np.nonzero((rows >= limit[:, None]) & (rows > 0))
    weight = rows[item, neighbor]
    return largest_entries(
        item.astype(np.int32) + np.int32(lo), neighbor.astype(np.int32), weight, n
    )


def largest_entries(
    item: NDArray[np.int32], neighbor: NDArray[np.int32], weight: NDArray[Any], n: int
) -> Entries:
    """Keep the n largest positive entries of each item, equal ones by lower neighbor.

    Args:
        item: (nnz,) item rows.
        neighbor: (nnz,) neighbor rows; an item is no neighbor of itself.
        weight: (nnz,) how near they are.
        n: Most entries of an item.
    """
    counts = (item != neighbor) & (weight > 0)
    item, neighbor, weight = item[counts], neighbor[counts], weight[counts]
    order = np.lexsort((neighbor, -weight, item))
    item, neighbor, weight = item[order], neighbor[order], weight[order]
    place = np.arange(len(item)) - np.searchsorted(item, item)
    kept = place < n
    return Entries(item[kept], neighbor[kept], weight[kept].astype(np.float32))

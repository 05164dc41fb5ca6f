"""Item similarities in closed form: how much having one item speaks for another.

Each similarity is given as a product of matrices, of which `nearest` makes one row after the
other. What item i says stands in row i; the 100 largest entries of a row are kept, without the
item itself. (Keeping the best of a row instead of a column was measured to rank the same, and it
bounds what scoring a user costs.) Four come from what people chose, two from what the items are:

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

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.train.ranker.nearest import Cosines, Entries, Product
from recsys.arrays import FloatArray
from recsys.features.vectors import unit_length
from recsys.history import History

CONTENT_SIMILARITIES: Final = ("tf", "ml")
"""Those of what items are; all others are of what people chose."""

MAX_GAP: Final = 15
GAP_DECAY: Final = 0.8
BACKWARD_SHARE: Final = 0.35
RECENT_DAYS: Final = 90.0
WALK_POWER: Final = 0.8
POPULARITY_POWER: Final = 0.35

_MAX_SHARE: Final = 0.3
_MAX_POSTINGS: Final = 5_000
"""Items that share a word at most, as a share and in all; its cost grows with the square."""


def sequence_similarity(history: History, n_items: int) -> Product:
    """Count what was chosen soon after what, damped against popular items.

    S_ij = T_ij / sqrt(n_i n_j), T the steps of `_steps`, each of weight 1.
    """
    scale = 1 / np.sqrt(np.maximum(np.bincount(history.items, minlength=n_items), 1))
    return _steps(history, np.ones(len(history.items)), (scale, scale))


def recent_similarity(history: History, days: NDArray[Any], n_items: int) -> Product:
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
) -> Product:
    """Count steps between the items of a user that lie g = 1 … 15 places apart.

    T[earlier, later] += .8^(g - 1) · weight of the later entry, and
    T[later, earlier] += .35 times as much.

    Args:
        history: Of all users, newest first.
        weights: (len(history.items),) of its entries.
        scales: (n_items,) factors of rows and of columns.

    Returns:
        The steps, times 1.
    """
    from scipy.sparse import coo_matrix, identity

    users = np.repeat(np.arange(len(history.starts) - 1), np.diff(history.starts))
    items, n_items = history.items, len(scales[0])
    having, others, values = [], [], []
    for gap in range(1, MAX_GAP + 1):
        newer = np.flatnonzero(users[gap:] == users[:-gap]).astype(np.int32)
        older = newer + np.int32(gap)
        weight = GAP_DECAY ** (gap - 1) * weights[newer]
        having += [items[older], items[newer]]
        others += [items[newer], items[older]]
        values += [weight, BACKWARD_SHARE * weight]
    row, column = np.concatenate(having), np.concatenate(others)
    value = np.concatenate(values) * scales[0][row] * scales[1][column]
    steps = coo_matrix((value, (row, column)), shape=(n_items, n_items), dtype=np.float32)
    return Product.of(identity(n_items, dtype=np.float32, format="csr"), steps.tocsr())


def two_step_similarity(entries: Entries, n_items: int) -> Product:
    """Go two steps: Σ_k S_ik / Σ_l S_il · S_kj over the kept entries of a similarity S.

    Most pairs of items were never chosen by one person; two steps reach many of them.
    """
    from scipy.sparse import csr_matrix, diags

    where = (entries.items, entries.neighbors)
    step = csr_matrix((entries.weights, where), shape=(n_items, n_items))
    totals = np.asarray(step.sum(axis=1)).reshape(-1)
    first = diags(1 / np.where(totals > 0, totals, 1)).astype(np.float32) @ step
    return Product.of(first, step)


def walk_similarity(history: History, n_items: int) -> Product:
    """Walk from an item to its users and on to their items, as `random_walk` does."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(history.items), dtype=np.float32)
    shape = (len(history.starts) - 1, n_items)
    has = csr_matrix((ones, history.items, history.starts), shape=shape)
    return Product.of(*random_walk(has, WALK_POWER, POPULARITY_POWER))


def random_walk(
    has: Any, alpha: float, beta: float = 0.0, dtype: Any = np.float32
) -> tuple[Any, Any]:
    """Walk from an item to its users and on to their items, popular ends held back: RP3beta.

        S_ij = Σ_u p_iu^alpha p_uj^alpha / n_j^beta

    with p_iu = 1 / n_i for each of the n_i users u of item i, and p_uj = 1 / n_u for each of
    the n_u items j of user u (Paudel et al., ACM TiiS 7, 2017).

    Args:
        has: (n_users, n_items) sparse, 1 where a user has an item.
        alpha: Power of the transition probabilities.
        beta: Power of an item's number of users by which it is held back.
        dtype: The type in which walks are summed.

    Returns:
        The steps to users (n_items, n_users) and those on to items (n_users, n_items), whose
        product is S.
    """
    from scipy.sparse import csr_matrix

    per_user = np.maximum(np.diff(has.indptr), 1)
    per_item = np.maximum(np.bincount(has.indices, minlength=has.shape[1]), 1)
    ends = np.repeat(per_user**-alpha, np.diff(has.indptr)) * per_item[has.indices] ** -beta
    to_items = csr_matrix((ends.astype(dtype), has.indices, has.indptr), shape=has.shape)
    to_users = has.T.tocsr().astype(dtype)
    to_users.data[:] = np.repeat(per_item**-alpha, np.diff(to_users.indptr))
    return to_users, to_items


def word_similarity(texts: Sequence[str]) -> Product:
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
    return Product.of(words, words.T.tocsr())


def vector_similarity(vectors: NDArray[Any]) -> Cosines:
    """Compare items by their vectors (n_items, d), centered on the mean: their cosine.

    An item without a description (a vector of zeros) has no neighbors.
    """
    described = (vectors != 0).any(axis=1)
    centered = np.array(vectors, dtype=np.float32)
    centered -= centered[described].mean(axis=0) if described.any() else 0
    centered[~described] = 0
    return Cosines(np.ascontiguousarray(unit_length(centered).T))


def largest_entries(
    item: NDArray[np.int32], neighbor: NDArray[np.int32], weight: NDArray[Any], n: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], FloatArray]:
    """Keep the n largest positive entries of each item, equal ones by lower neighbor.

    Args:
        item: (nnz,) item rows.
        neighbor: (nnz,) neighbor rows; an item is no neighbor of itself.
        weight: (nnz,) how near they are.
        n: Most entries of an item.

    Returns:
        Their items, neighbors and weights, by item, largest first.
    """
    counts = (item != neighbor) & (weight > 0)
    item, neighbor, weight = item[counts], neighbor[counts], weight[counts]
    order = np.lexsort((neighbor, -weight, item))
    item, neighbor, weight = item[order], neighbor[order], weight[order]
    place = np.arange(len(item)) - np.searchsorted(item, item)
    kept = place < n
    return item[kept], neighbor[kept], weight[kept].astype(np.float32)

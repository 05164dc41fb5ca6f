"""What each item of a history adds to the affinity to one item, and what taking it out does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.history import NO_WEIGHTS
from recsys.item_similarities import ItemSimilarities

Parts = NDArray[np.float64]


class HistoryStrengths(NamedTuple):
    """How strongly a history speaks for one item, entry by entry.

    Attributes:
        strengths: (C, h) float64, S_c[i_n, j] of the item j.
        decay: (C,) float64, λ_c.
        weights: (h,) float64, what each entry counts for.
    """

    strengths: Parts
    decay: Parts
    weights: Parts

    @property
    def terms(self) -> Parts:
        """The addends (C, h) of d_c(j): share_c(n) · S_c[i_n, j], see docs/scoring.md."""
        return _shares(self.decay, self.weights) * self.strengths

    @property
    def phi(self) -> Parts:
        """The affinities (C,)."""
        return _phi(self.terms.sum(axis=1))

    @property
    def changes(self) -> Parts:
        """What taking out each entry alone changes: φ without it minus φ with it, (C, h).

        Older entries are then younger by its weight, and the shares are of one entry fewer.
        """
        n = self.strengths.shape[1]
        places = np.arange(max(n - 1, 0))
        others = places + (places >= np.arange(n)[:, None])
        shares = _shares(self.decay[:, None], self.weights[others])
        left = np.einsum("cnk,cnk->cn", self.strengths[:, others], shares)
        return _phi(left) - self.phi[:, None]

    @property
    def fractions(self) -> Parts:
        """The addends as fractions of their sum (C, h); zeros where the affinity is zero."""
        terms = self.terms
        totals = terms.sum(axis=1, keepdims=True)
        fractions: Parts = np.where(totals > 0, terms, 0.0) / np.where(totals > 0, totals, 1.0)
        return fractions


class HistoryEntries:
    """The similarities' entries of one history, looked up once for any number of items."""

    def __init__(
        self,
        similarities: ItemSimilarities,
        history: ItemRows,
        history_weights: FloatArray = NO_WEIGHTS,
    ) -> None:
        """Gather the rows of a history.

        Args:
            similarities: The item similarities.
            history: (h,) int32, newest first.
            history_weights: (h,) float32, what each item counts for; empty where that is 1.
        """
        given = history_weights if len(history_weights) else np.ones(len(history))
        self._history_weights = given.astype(np.float64)
        self._shape = similarities.n_similarities, len(history)
        self._decay = similarities.recency_decay.astype(np.float64)
        rows = history.astype(np.int64) * self._shape[0] + np.arange(self._shape[0])[:, None]
        first, last = similarities.starts[rows].ravel(), similarities.starts[rows + 1].ravel()
        counts = last - first
        self._owners = np.repeat(np.arange(rows.size), counts)
        places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        places += np.repeat(first, counts)
        self._neighbors = similarities.neighbors[places]
        self._weights = similarities.weights[places]

    def strengths_for(self, item: int) -> HistoryStrengths:
        """Find how strongly the history speaks for an item."""
        strengths = np.zeros(self._shape)
        found = np.flatnonzero(self._neighbors == item)
        strengths.reshape(-1)[self._owners[found]] = self._weights[found]
        return HistoryStrengths(strengths, self._decay, self._history_weights)


def _shares(decay: Parts, weights: Parts) -> Parts:
    """Shares (C, …, n) of the entries of histories whose items count for `weights` (…, n).

    w_n exp(-λ_c a_n) / Σ_m max(w_m, 0) exp(-λ_c a_m), a_n the sum of the positive weights before
    n; zeros where none is positive.
    """
    gains = np.maximum(weights, 0.0)
    aged = np.exp(-decay[..., None] * (np.cumsum(gains, axis=-1) - gains))
    totals = (gains * aged).sum(axis=-1, keepdims=True)
    shares: Parts = np.where(totals > 0, weights * aged, 0.0) / np.where(totals > 0, totals, 1.0)
    return shares


def _phi(totals: Parts) -> Parts:
    phi: Parts = np.log1p(np.maximum(totals, 0.0))
    return phi

"""Which items are described alike: cosine in description space, in blocks of mapped rows."""

from __future__ import annotations

from typing import Final

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.ranking import Ranking, top_rows

BLOCK_ROWS: Final = 8_192
"""Rows multiplied at a time; what is read of a mapped file need never be in memory whole."""


def norms(vectors: FloatArray) -> FloatArray:
    """Euclidean length of each row, (n,) float32."""
    lengths: FloatArray = np.linalg.norm(vectors, axis=1).astype(np.float32)
    return lengths


def most_similar(
    vectors: FloatArray,
    lengths: FloatArray,
    row: int,
    k: int,
    candidates: BoolArray | None = None,
) -> Ranking:
    """Rank the k other rows nearest to one by cosine, ties by lower row.

    cos(a, b) = a·b / (|a| |b|), 0 where either has no length.

    Args:
        vectors: (n, d) float32, may be mapped.
        lengths: (n,) what `norms` gave.
        row: The one.
        k: How many; fewer come back only where there are fewer.
        candidates: (n,) mask of the rows that may come back; None for all.
    """
    products = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        np.matmul(vectors[block], vectors[row], out=products[block])
    scale = lengths * lengths[row]
    cosines = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)
    rows = top_rows(cosines, k, np.array([row]), candidates)
    return Ranking(rows, np.clip(cosines[rows], -1, 1))

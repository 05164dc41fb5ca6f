"""The array types that cross modules, defined once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
"""Vectors, scores and features."""

HalfArray = NDArray[np.float16]
"""Vectors at half precision, as the encoder returns them."""

Scores = NDArray[np.floating]
"""Scores, ranks or measured values, of any width."""

BoolArray = NDArray[np.bool_]
"""Masks."""

IntArray = NDArray[Any]
"""Whole numbers of any width."""

Rows = NDArray[np.int64]
"""Row numbers of users or items, -1 for an unknown one."""

ItemRows = NDArray[np.int32]
"""Rows of items as the service keeps them."""

Names = NDArray[np.object_]
"""Names of users or items, by row."""

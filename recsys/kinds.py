"""What an interaction can be, and what each kind counts for.

| kind | weight | counts as | seen | its rating |
|---|---|---|---|---|
| review | 1 | chosen | yes | 1 to 5 |
| purchase | 1 | chosen | yes | none |
| view | 0.3 | | no | none |
| hide | -1 | | yes | none |
| remove | | | | none |

The weight is what an item of a history counts for. What is chosen counts for popularity and
teaches models; what is seen is left out of the user's lists. A `remove` takes back what its
user did with its item before. A view of an item that its user has reviewed, bought or hidden
counts for nothing.

The weights follow from what the kinds mean: no data with kinds was at hand to measure them by.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.arrays import BoolArray, FloatArray

KINDS: Final = ("review", "purchase", "view", "hide", "remove")
"""Their names; a kind's place is its code."""

REVIEW, PURCHASE, VIEW, HIDE, REMOVE = range(len(KINDS))

KIND_WEIGHTS: Final = np.array([1, 1, 0.3, -1, 0], dtype=np.float32)
"""By code. Sums of some in float64 are exact, so that they don't depend on who else is added up."""

Kinds = NDArray[np.uint8]
"""Codes; an empty array stands for reviews throughout."""

NO_KINDS: Final = np.empty(0, dtype=np.uint8)


def kind_codes(names: pd.Series) -> Kinds:
    """Look up the codes of names of kinds, (n,); a missing one is a review.

    >>> kind_codes(pd.Series(["hide", None, "purchase"])).tolist()
    [3, 0, 1]
    """
    return np.maximum(pd.Index(KINDS).get_indexer(pd.Index(names)), REVIEW).astype(np.uint8)


def is_chosen(kinds: Kinds) -> BoolArray:
    """Mark what counts for popularity and teaches models: reviews and purchases."""
    return np.asarray((kinds == REVIEW) | (kinds == PURCHASE))


def weights_of(kinds: Kinds) -> FloatArray:
    """Look up what kinds count for, (n,) float32; empty where that is 1 throughout."""
    weights: FloatArray = KIND_WEIGHTS[kinds]
    return weights if (weights != 1).any() else weights[:0]

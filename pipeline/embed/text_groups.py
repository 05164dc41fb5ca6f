"""Groups of texts within which batches are formed.

In half precision a vector depends a little on the texts that share its batch. Which group a text is
in depends on the text alone, and how many groups there are on the number of texts; so
engines that divide texts differently among processes still form the same batches.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

TEXTS_A_GROUP: Final = 4096
"""At least; so many texts sorted by length need hardly any padding."""

_DIGITS: Final = 8


def group_count(n_texts: int) -> int:
    """Count the groups of so many texts: a power of 2, at least 1.

    >>> [group_count(n) for n in (0, 8191, 8192, 100_000)]
    [1, 1, 2, 16]
    """
    return 1 << max(n_texts // TEXTS_A_GROUP, 1).bit_length() - 1


def text_groups(keys: NDArray[np.bytes_], n_groups: int) -> NDArray[np.int64]:
    """Give each text its group by its key.

    Args:
        keys: (n,) as `pipeline.embed.cache.text_keys` makes them.
        n_groups: As `group_count` gives it.

    Returns:
        (n,) from 0 to n_groups - 1.
    """
    digits: NDArray[Any] = keys.astype(f"S{_DIGITS}")
    return np.array([int(each, 16) for each in digits.tolist()], dtype=np.int64) % n_groups

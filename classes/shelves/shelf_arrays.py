"""What shelves need of each item, made once a snapshot."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from recsys.interactions import Interactions
from recsys.shelves.dated_items import DatedItems, dated_items, first_days
from storage.name_table import Arrays

_PREFIX = "dated_"
_FIRST_DAY = "item_first_day"


class ShelfFacts:
    """When items were reviewed, mapped from the arrays that `arrays` made.

    Attributes:
        dated: Interactions of everybody, oldest first.
        first_days: (n_items,) int32 day of the first one, `recsys.shelves.dated_items.NEVER` where
            there is none.
        cold_start_window_days: Days up to the newest one that the cold-start list counts.
    """

    def __init__(self, arrays: Arrays) -> None:
        """Wrap the arrays, in memory or mapped from files."""
        self.dated = DatedItems(*(arrays[_PREFIX + name] for name in DatedItems._fields))  # type: ignore[arg-type]
        self.first_days = cast("NDArray[np.int32]", arrays[_FIRST_DAY])
        self.cold_start_window_days = int(arrays["cold_start_window_days"][0])

    @staticmethod
    def arrays(interactions: Interactions, n_items: int) -> Arrays:
        """Gather who was reviewed when, and the first day of each item."""
        dated = dated_items(interactions)
        named = {_PREFIX + name: array for name, array in dated._asdict().items()}
        return {**named, _FIRST_DAY: first_days(dated, n_items)}

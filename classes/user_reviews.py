"""What known users have done with candidate items, and which of those they have seen or hidden."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import ItemRows
from recsys.interactions import Interactions
from recsys.kinds import NO_KINDS, REVIEW, Kinds
from recsys.reviews import Reviews, hidden_items, reviews_by_user
from storage.name_table import Arrays

_KINDS = "review_kinds"
_PREFIX = "review"


class UserReviews:
    """The interactions of each known user with candidate items."""

    def __init__(self, arrays: Arrays) -> None:
        """Wrap the arrays that `arrays` made, in memory or mapped from files."""
        self._all = Reviews(
            cast("NDArray[np.int64]", arrays["review_starts"]),
            cast("NDArray[np.int32]", arrays["review_items"]),
            cast("NDArray[np.float32]", arrays["review_ratings"]),
            cast("NDArray[np.int64]", arrays["review_times"]),
            cast(Kinds, arrays.get(_KINDS, NO_KINDS)),
        )
        self._seen_starts = cast("NDArray[np.int64]", arrays["seen_starts"])
        self._seen_items = cast(ItemRows, arrays["seen_items"])

    @staticmethod
    def arrays(interactions: Interactions) -> Arrays:
        """Gather the interactions of each user, a `remove` too, in compressed rows."""
        found = reviews_by_user(interactions)._asdict()
        if not (found["kinds"] != REVIEW).any():
            del found["kinds"]
        return {f"{_PREFIX}_{name}": array for name, array in found.items()}

    def seen_items(self, user_row: int) -> ItemRows:
        """Rows of the items that a user has reviewed, bought or hidden, ascending."""
        return self._seen_items[self._seen_starts[user_row] : self._seen_starts[user_row + 1]]

    def hidden_items(self, user_row: int) -> ItemRows:
        """Rows of the items that a user hid and hasn't chosen since, ascending."""
        return hidden_items(self.of(user_row))

    def of(self, user_row: int) -> Reviews:
        """List the interactions of one user; `starts` is that of the whole."""
        return self.recorded(user_row).without_removes()

    def recorded(self, user_row: int) -> Reviews:
        """List what `of` lists and, at its place, the last `remove` of each item."""
        return self._all.of(user_row)

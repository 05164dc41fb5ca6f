"""What known users have reviewed, which helps to explain their lists."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from recsys.interactions import Interactions
from recsys.reviews import Reviews, reviews_by_user
from storage.name_table import Arrays

_PREFIX = "review"


class UserReviews:
    """The interactions of each known user with candidate items, newest first."""

    def __init__(self, arrays: Arrays) -> None:
        """Wrap the arrays that `arrays` made, in memory or mapped from files."""
        self._all = Reviews(
            cast("NDArray[np.int64]", arrays["review_starts"]),
            cast("NDArray[np.int32]", arrays["review_items"]),
            cast("NDArray[np.float32]", arrays["review_ratings"]),
            cast("NDArray[np.int64]", arrays["review_times"]),
        )

    @staticmethod
    def arrays(interactions: Interactions) -> Arrays:
        """Gather the interactions of each user in compressed rows."""
        found = reviews_by_user(
            interactions.users,
            interactions.items,
            interactions.ratings,
            interactions.times // 1_000_000,  # seconds
            interactions.n_users,
        )
        return {f"{_PREFIX}_{name}": array for name, array in found._asdict().items()}

    def newest_ratings(self, user_row: int, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Look up how a user last rated items (h,) that all are among the reviews."""
        reviews = self.of(user_row)
        distinct, newest = np.unique(reviews.items, return_index=True)
        ratings: NDArray[np.float32] = reviews.ratings[newest[np.searchsorted(distinct, items)]]
        return ratings

    def of(self, user_row: int) -> Reviews:
        """List the interactions of one user; `starts` is that of the whole."""
        one = slice(self._all.starts[user_row], self._all.starts[user_row + 1])
        return self._all._replace(
            items=self._all.items[one], ratings=self._all.ratings[one], times=self._all.times[one]
        )

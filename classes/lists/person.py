"""Whom a list is for, as one snapshot and the options of a request describe them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import cast

import numpy as np

from classes.app_data_processing import AppDataProcessor
from classes.live.found_user import FoundUser
from classes.live.live_user import LiveUser, chosen_now
from classes.options import RecommendationOptions
from recsys.arrays import ItemRows
from recsys.reviews import Reviews
from scoring.inputs import Visitor


class Person:
    """A known user, a visitor with a history, or somebody of whom nothing is known.

    Attributes:
        user: The known user; None for anybody else.
        history: (h,) int32 rows of the items that the request names, newest first.
    """

    def __init__(
        self, data: AppDataProcessor, user: FoundUser | None, options: RecommendationOptions
    ) -> None:
        """Describe a user, or whom the options describe."""
        self.user = user
        self.history = rows_of(data, options.history)
        self._data = data
        self._left_out = rows_of(data, options.without)
        self._changed = bool(options.without)

    @property
    def row(self) -> int | None:
        """Row of a user whom the snapshot describes in full; None where `visitor` does."""
        is_stored = self.user is not None and self._live is None and not self._changed
        return self.user.user_row if self.user is not None and is_stored else None

    @cached_property
    def visitor(self) -> Visitor | None:
        """The person as the model sees a visitor; None where nothing is known."""
        if self._live is not None:
            return self._live.person(self._left_out)
        if self.user is not None and self.user.user_row is not None:
            return self._data.person(self.user.user_row, self._left_out)
        rest = self.history[~np.isin(self.history, self._left_out)]
        return self._data.visitor(rest) if len(rest) else None

    @property
    def seen(self) -> ItemRows:
        """Rows of the items that lists leave out by default, ascending and distinct."""
        if self._live is not None:
            return self._live.seen_items
        if self.user is not None and self.user.user_row is not None:
            return self._data.reviews.seen_items(self.user.user_row)
        return np.unique(self.history)

    @property
    def hidden(self) -> ItemRows:
        """Rows of the items that this person never wants to see, ascending and distinct."""
        if self._live is not None:
            return self._live.hidden_items
        if self.user is not None and self.user.user_row is not None:
            return self._data.reviews.hidden_items(self.user.user_row)
        return self._data.no_items

    @property
    def reviews(self) -> Reviews:
        """What a known user has done, newest first."""
        if self._live is not None:
            return self._live.reviews
        return self._data.reviews.of(cast(int, cast(FoundUser, self.user).user_row))

    @cached_property
    def _live(self) -> LiveUser | None:
        """A known user with events, and with the request's history, which is newer still."""
        user = self.user
        if user is None or not len(self.history):
            return None if user is None else user.live
        newer = None if user.live is None else user.live.newer
        return LiveUser(self._data, user.user_row, chosen_now(newer, self.history))


def rows_of(data: AppDataProcessor, names: Sequence[str]) -> ItemRows:
    """Find the rows of items, in their order, without unknown ones."""
    found = map(data.item_row, names)
    return np.array([row for row in found if row is not None], dtype=np.int32)

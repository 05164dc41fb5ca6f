"""A user with what they have done since the snapshot was built, as a rebuild would know them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np

from classes.app_data_processing import AppDataProcessor
from classes.live.description import person
from recsys.arrays import ItemRows
from recsys.interactions import NOTHING_NEWER, NewInteractions
from recsys.kinds import PURCHASE
from recsys.reviews import Reviews, hidden_items, one_user, reviews_by_user
from scoring.inputs import Visitor
from storage.events.event import Event

_NO_TIMES: Final = np.empty(0, dtype=np.int64)
_NOTHING_RECORDED: Final = Reviews(
    _NO_TIMES, np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32), _NO_TIMES
)
_LATEST: Final = np.iinfo(np.int64).max


class LiveUser:
    """What a snapshot that held the newer interactions too would say about one user.

    The order is that of time; at equal times the snapshot's come first, then those that
    arrived first. The result is what a snapshot says that was built of the same files with
    rows of the newer interactions behind those of `clean_df.pq`.

    Attributes:
        user_row: Row of the snapshot; None for somebody whom it doesn't know.
        newer: What the snapshot doesn't have.
    """

    def __init__(
        self, data: AppDataProcessor, user_row: int | None, newer: NewInteractions
    ) -> None:
        """Merge newer interactions into those of the snapshot.

        Args:
            data: Of the snapshot.
            user_row: The user; None for somebody whom the snapshot doesn't know.
            newer: In order of arrival.
        """
        self.user_row = user_row
        self.newer = newer
        self._data = data
        recorded = _NOTHING_RECORDED if user_row is None else data.reviews.recorded(user_row)
        self._interactions = one_user(recorded, newer)

    @cached_property
    def reviews(self) -> Reviews:
        """The interactions, newest first, as `UserReviews.of` lists them."""
        return reviews_by_user(self._interactions)

    @cached_property
    def seen_items(self) -> ItemRows:
        """Rows of the items that lists leave out by default, ascending."""
        return np.unique(self._interactions.seen().items).astype(np.int32)

    @cached_property
    def hidden_items(self) -> ItemRows:
        """Rows of the items that the user doesn't want to see, ascending."""
        return hidden_items(self.reviews)

    def person(self, without: ItemRows) -> Visitor:
        """Describe the user for the model, as if some items (rows) weren't in the history."""
        return self._described(without) if len(without) else self._whole

    @cached_property
    def _whole(self) -> Visitor:
        return self._described(self._data.no_items)

    def _described(self, without: ItemRows) -> Visitor:
        return person(self._data.arrays, self.user_row, self._interactions, without)

    def __repr__(self) -> str:
        """Say how much is known."""
        return f"<LiveUser {self.user_row} with {len(self._interactions):,} interactions>"


def new_interactions(data: AppDataProcessor, events: Sequence[Event]) -> NewInteractions:
    """Read events, in order of arrival, as interactions with items of a snapshot."""
    rows = [data.item_row(event.item) for event in events]
    known = [(row, event) for row, event in zip(rows, events, strict=True) if row is not None]
    return NewInteractions(
        np.array([row for row, _ in known], dtype=np.int32),
        np.array([event.kind for _, event in known], dtype=np.uint8),
        np.array([event.time_us for _, event in known], dtype=np.int64),
        np.array([event.value for _, event in known], dtype=np.float32),
    )


def chosen_now(newer: NewInteractions | None, history: ItemRows) -> NewInteractions:
    """Put the items of a request's history, newest first, behind what was done before."""
    n, before = len(history), newer or NOTHING_NEWER
    now = NewInteractions(
        history[::-1].astype(np.int32),
        np.full(n, PURCHASE, dtype=np.uint8),
        np.full(n, _LATEST),
        np.full(n, np.nan, dtype=np.float32),
    )
    return NewInteractions(
        np.concatenate([before.items, now.items]),
        np.concatenate([before.kinds, now.kinds]),
        np.concatenate([before.times, now.times]),
        np.concatenate([before.ratings, now.ratings]),
    )

"""A user whom the service knows, by the snapshot or by events."""

from __future__ import annotations

from typing import NamedTuple

from classes.live.live_user import LiveUser


class FoundUser(NamedTuple):
    """Somebody known.

    Attributes:
        name: As in the data, or as in events.
        user_row: Row of the snapshot; None for somebody whom only events know, or whose row
            was forgotten.
        live: The user with what the snapshot doesn't have yet; None for nothing.
    """

    name: str
    user_row: int | None
    live: LiveUser | None = None

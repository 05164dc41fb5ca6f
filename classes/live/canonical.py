"""The name under which the service keeps what a user has done."""

from __future__ import annotations

from typing import Protocol

from classes.app_data_processing import AppDataProcessor
from recsys.cleaning.text import normalize_name


class KnowsUsers(Protocol):
    """What `canonical` asks of a store of events."""

    def knows(self, user: str) -> bool:
        """Return whether there are events of the user with exactly this name."""


def canonical(data: AppDataProcessor, events: KnowsUsers, name: str) -> str:
    """Find the name by which a user is known, or choose the one of a new user.

    As written if that is known, by the data or by events; else as the cleaning rule leaves it,
    if that is known. A new user gets the cleaned name where all names of the data are clean,
    and the name as written where they are ids.

    Returns:
        The name; "" where cleaning leaves nothing of a new one.
    """
    row = data.user_row(name)
    if row is not None and data.user(row) == name:
        return name
    if events.knows(name):
        return name
    cleaned = normalize_name(name)
    if row is not None or events.knows(cleaned) or data.has_clean_user_names:
        return cleaned
    return name

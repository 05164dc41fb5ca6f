"""Events drawn at random, as they are sent and as they would stand in `clean_df.pq`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from classes.app_data_processing import AppDataProcessor
from recsys import columns
from recsys.kinds import HIDE, KINDS, PURCHASE, REMOVE, REVIEW, VIEW
from storage.events.event import Event

SECOND_US: Final = 1_000_000
_SHARE_OF_KINDS: Final = {REVIEW: 0.2, PURCHASE: 0.2, VIEW: 0.3, HIDE: 0.15, REMOVE: 0.15}
_SHARE_OF_BUSY_USERS: Final = 0.05
_MOST_EVENTS: Final = 12
_BUSY_EVENTS: Final = 180
"""More than a history holds."""

_SHARE_OF_IDS: Final = 0.1
_SHARE_OF_REPEATED_IDS: Final = 0.3
_SHARE_WRITTEN_OTHERWISE: Final = 0.1
_FIRST_TIME_US: Final = 1_600_000_000 * SECOND_US
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def draw_events(
    data: AppDataProcessor, users: Sequence[str], rng: np.random.Generator
) -> list[Event]:
    """Draw events of all kinds for some users, known or not, in order of arrival.

    Times are those of the user's reviews and a few seconds before and after the newest one, so
    many are equal. Items are the user's own and others, so that much is done twice and taken
    back. Some events have the id of an earlier one, and differ from it in all else.
    """
    events = [each for user in users for each in _events_of(data, user, rng)]
    rng.shuffle(events)
    return list(_with_ids(events, rng))


def counted(events: Sequence[Event]) -> list[Event]:
    """Leave out events whose id came before."""
    kept: list[Event] = []
    ids: set[str] = set()
    for event in events:
        if event.id is None or event.id not in ids:
            kept.append(event)
        if event.id is not None:
            ids.add(event.id)
    return kept


def as_sent(event: Event) -> dict[str, Any]:
    """Write an event as `POST /events` takes it."""
    time = _EPOCH + timedelta(microseconds=event.time_us)
    sent = {
        "user": event.user,
        "item": event.item,
        "kind": KINDS[event.kind],
        "time": time.isoformat(),
        "value": event.value,
        "id": event.id,
    }
    return {name: value for name, value in sent.items() if value is not None}


def written_otherwise(sent: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Write some users' names as the cleaning rule would have to clean them."""
    if rng.random() < _SHARE_WRITTEN_OTHERWISE:
        return {**sent, "user": f" {sent['user'].upper()}. "}
    return sent


def as_rows(events: Sequence[Event]) -> pd.DataFrame:
    """Write events as rows of `clean_df.pq`."""
    return pd.DataFrame(
        {
            columns.USER: [event.user for event in events],
            columns.ITEM: [event.item for event in events],
            columns.REVIEW_TIME: np.array([e.time_us for e in events]).astype("datetime64[us]"),
            columns.RATING: np.array([event.value for event in events], dtype=np.float64),
            columns.KIND: [KINDS[event.kind] for event in events],
        }
    )


def _events_of(data: AppDataProcessor, user: str, rng: np.random.Generator) -> Iterator[Event]:
    row = data.user_row(user)
    own = np.empty(0, np.int32) if row is None else data.reviews.of(row).items
    old = np.empty(0, np.int64) if row is None else data.reviews.of(row).times
    pool = np.concatenate([own, rng.choice(data.n_items, 6)])
    n_events = int(rng.integers(1, _MOST_EVENTS + 1))
    if rng.random() < _SHARE_OF_BUSY_USERS:
        n_events, pool = _BUSY_EVENTS, np.arange(data.n_items)
    kinds = rng.choice([*_SHARE_OF_KINDS], n_events, p=[*_SHARE_OF_KINDS.values()])
    items, times = rng.choice(pool, n_events), rng.choice(_times(old, rng), n_events)
    for item, kind, time in zip(items.tolist(), kinds.tolist(), times.tolist(), strict=True):
        value = float(rng.choice(9)) / 2 + 1 if kind == REVIEW else None
        yield Event(user, data.item(item), kind, time, value)


def _times(old: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    newest = int(old[0]) if len(old) else _FIRST_TIME_US
    near = newest + SECOND_US * rng.integers(-3, 4, size=6)
    return np.concatenate([old, near, near[:2] + 1])


def _with_ids(events: Sequence[Event], rng: np.random.Generator) -> Iterator[Event]:
    used: list[str] = []
    for number, event in enumerate(events):
        if rng.random() >= _SHARE_OF_IDS:
            yield event
            continue
        is_repeated = used and rng.random() < _SHARE_OF_REPEATED_IDS
        name = str(rng.choice(used)) if is_repeated else f"event {number}"
        used.append(name)
        yield event._replace(id=name)

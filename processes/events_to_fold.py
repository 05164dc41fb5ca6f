"""The events that a generation takes in, behind the rows of `clean_df.pq`."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from config import Config
from recsys import columns
from recsys.cleaning.forgotten import ForgottenUntil
from recsys.kinds import KINDS
from storage.artifacts import read_note
from storage.events.configured import open_events
from storage.snapshot_folder import EVENTS_THROUGH
from storage.sources import artifact_paths

NO_EVENTS: Final = 0


class EventsToFold(NamedTuple):
    """The events that a generation takes in.

    Attributes:
        through_seq: The last event that it holds, be it by `clean_df.pq`; 0 for none.
        rows: Later events than those of `clean_df.pq`, with columns of that file; None for none.
        forgotten_until: Says which users were forgotten; None if nobody was.
        key: Tells one content of the store from another; "" where it is empty.
    """

    through_seq: int
    rows: pd.DataFrame | None = None
    forgotten_until: ForgottenUntil | None = None
    key: str = ""


def events_to_fold(config: Config) -> EventsToFold:
    """Read the events that the present files don't hold.

    Raises:
        storage.events.event.EventStoreError: They can't be read.
    """
    store = open_events(config)
    through_seq = store.last_seq
    if not through_seq:
        return EventsToFold(NO_EVENTS)
    first = int(read_note(artifact_paths(config).clean, EVENTS_THROUGH) or NO_EVENTS)
    frames = list(store.since(first, through_seq))
    rows = pd.concat(map(_as_clean_rows, frames), ignore_index=True) if frames else None
    forgotten = store.forgotten_users()
    n_forgotten = 0 if forgotten is None else len(forgotten.times_us)
    content = f"{through_seq} {first} {0 if rows is None else len(rows)} {n_forgotten}"
    key = hashlib.sha256(content.encode()).hexdigest()
    until = None if forgotten is None else forgotten.until
    return EventsToFold(max(first, through_seq), rows, until, key)


def _as_clean_rows(events: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            columns.USER: events["user"].astype("str"),
            columns.ITEM: events["item"].astype("str"),
            columns.REVIEW_TIME: events["time_us"].astype("datetime64[us]"),
            columns.RATING: events["value"].astype("float64"),
            columns.KIND: np.array(KINDS)[events["kind"].to_numpy()],
        }
    )

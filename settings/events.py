"""Where events are kept, for how long, and who may send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from settings.setting import Setting


@dataclass(frozen=True)
class EventSettings:
    """Where events are kept, for how long, and who may send them."""

    events_folder: Annotated[
        str,
        Setting(
            "EVENTS_PATH",
            "Folder of the events that `POST /events` takes, shared by all workers; `events` in "
            "`SNAPSHOT_PATH` by default.",
        ),
    ] = ""
    events_url: Annotated[
        str,
        Setting(
            "EVENTS_URL",
            "PostgreSQL database that the services of several machines share events through, such "
            "as `postgresql://host/database`; `EVENTS_PATH` is then this machine's copy of it.",
        ),
    ] = field(default="", repr=False)  # it may hold a password
    events_token: Annotated[
        str,
        Setting(
            "EVENTS_TOKEN",
            "Bearer token of `POST /events`; without one it accepts only this machine.",
        ),
    ] = field(default="", repr=False)
    events_keep_days: Annotated[
        int,
        Setting(
            "EVENTS_KEEP_DAYS",
            "Days for which events are kept after they came; until then they should be in the "
            "data.",
            1,
            36_500,
        ),
    ] = 365
    events_backlog: Annotated[
        int,
        Setting(
            "EVENTS_BACKLOG",
            "Largest number of events that are kept; beyond it `POST /events` answers 503.",
            1,
            1_000_000_000,
        ),
    ] = 10_000_000
    cold_start_window_hours: Annotated[
        int,
        Setting(
            "COLD_START_WINDOW_HOURS",
            "Hours for which purchases and five-star reviews of `POST /events` put an item before "
            "all others in the cold-start list; 0 for none.",
            0,
            876_000,
        ),
    ] = 0

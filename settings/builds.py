"""What a snapshot is made with, and what a reload may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from settings.setting import Setting


@dataclass(frozen=True)
class BuildSettings:
    """What a snapshot is made with, and what a reload may take."""

    cold_start_window_days: Annotated[
        int,
        Setting(
            "COLD_START_WINDOW_DAYS",
            "Days before the newest review whose five-star ratings count as popularity.",
            1,
            36_500,
        ),
    ] = 365  # measured on three data sets: report/README.md
    reload_fill_s: Annotated[
        int,
        Setting(
            "RELOAD_FILL_S",
            "Seconds that a reload spends at most on filling top lists before it publishes; the "
            "rest is filled afterwards, and until then scored on demand.",
            0,
            86_400,
        ),
    ] = 120
    reload_timeout_s: Annotated[
        int, Setting("RELOAD_TIMEOUT_S", "Seconds after which a reload is aborted.", 1, 86_400)
    ] = 900
    build_memory_mb: Annotated[
        int,
        Setting(
            "BUILD_MEMORY_MB",
            "Memory in MB that building a snapshot may take; a reload that exceeds it is aborted.",
            256,
            100_000_000,
        ),
    ] = 12_000
    # 109,000 items and 131,000 users with affinities took 4,600, measured when the file of
    # similarities was still read whole; read by row groups, as it is now, it takes less.

"""What is logged, how and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from settings.setting import PROJECT_ROOT, Setting


@dataclass(frozen=True)
class LogSettings:
    """What is logged, how and where."""

    log_path: Annotated[Path, Setting("LOG_PATH", "Folder of the log file, `service.log`.")] = (
        PROJECT_ROOT / "logs"
    )
    log_format: Annotated[
        str,
        Setting(
            "LOG_FORMAT",
            "Form of log lines: `console` for people, `json` for programs.",
            choices=("console", "json"),
        ),
    ] = "console"
    log_max_mb: Annotated[
        int,
        Setting(
            "LOG_MAX_MB",
            "Size in MB at which the log file is rotated, keeping the last five; 0 leaves that "
            "to the system.",
            0,
            1_000_000,
        ),
    ] = 20
    log_slow_ms: Annotated[
        int,
        Setting(
            "LOG_SLOW_MS",
            "Requests that take at least this many milliseconds are logged; 0 logs all of them.",
            0,
            3_600_000,
        ),
    ] = 1_000

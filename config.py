"""Every setting of the service, read once from the environment into a frozen object."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

_PERIODS_S: Final = {"second": 1, "minute": 60, "hour": 3_600}
_RATE: Final = re.compile(rf"([0-9]{{1,9}}) *(?:/|per) *({'|'.join(_PERIODS_S)})s?", re.ASCII)

PROJECT_ROOT = Path(__file__).resolve().parent


class ConfigError(ValueError):
    """A setting has a value that it can't have."""


@dataclass(frozen=True)
class Setting:
    """What a person needs to know about one setting.

    Attributes:
        variable: The environment variable it is read from.
        description: What it decides, in one sentence.
        low: Least value of a whole number.
        high: Greatest value of a whole number; 0 for settings that are none.
        choices: The words allowed; none where any text is.
    """

    variable: str
    description: str
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """Settings of the service.

    Raises:
        ConfigError: A value is outside its range, by its environment variable's name.
    """

    data_path: Annotated[
        Path, Setting("DATA_PATH", "Folder of `clean_df.pq` and the raw reviews.")
    ] = PROJECT_ROOT / "data"
    embeddings_path: Annotated[
        Path, Setting("EMBEDDINGS_PATH", "Folder of the four embedding files.")
    ] = PROJECT_ROOT / "embeddings"
    model_path: Annotated[Path, Setting("MODEL_PATH", "Folder of `best_model.keras`.")] = (
        PROJECT_ROOT / "models"
    )
    snapshot_path: Annotated[
        Path,
        Setting(
            "SNAPSHOT_PATH",
            "Folder of the published generations of data and model, shared by all workers.",
        ),
    ] = PROJECT_ROOT / "snapshots"
    log_path: Annotated[Path, Setting("LOG_PATH", "Folder of the log file, `service.log`.")] = (
        PROJECT_ROOT / "logs"
    )
    log_format: Annotated[
        str,
        Setting(
            "LOG_FORMAT",
            "How lines are logged: `console` for people, `json` for programs.",
            choices=("console", "json"),
        ),
    ] = "console"
    log_max_mb: Annotated[
        int,
        Setting(
            "LOG_MAX_MB",
            "Size at which the log file is set aside, of which the last five are kept; "
            "0 leaves that to the system.",
            0,
            1_000_000,
        ),
    ] = 20
    log_slow_ms: Annotated[
        int,
        Setting(
            "LOG_SLOW_MS",
            "Requests that take at least so many milliseconds are logged; 0 logs every one.",
            0,
            3_600_000,
        ),
    ] = 1_000
    host: Annotated[str, Setting("HOST", "Address on which the server listens.")] = "127.0.0.1"
    port: Annotated[int, Setting("PORT", "Port on which the server listens.", 1, 65_535)] = 8080
    workers: Annotated[int, Setting("WORKERS", "Processes that answer requests.", 1, 256)] = 2
    threads_per_worker: Annotated[
        int,
        Setting(
            "THREADS_PER_WORKER",
            "Requests that one worker has in hand at a time; a reload occupies one of them.",
            2,
            256,
        ),
    ] = 2  # more only wait for each other's interpreter lock, measured
    shutdown_timeout_s: Annotated[
        int,
        Setting(
            "SHUTDOWN_TIMEOUT_S",
            "Seconds that requests in flight have to finish once the server is told to stop.",
            1,
            3_600,
        ),
    ] = 30
    drain_s: Annotated[
        int,
        Setting(
            "DRAIN_S",
            "Seconds for which it still answers once told to stop, while `/health/ready` "
            "says 503, so that a load balancer turns away.",
            0,
            3_600,
        ),
    ] = 0
    admin_token: Annotated[
        str,
        Setting(
            "ADMIN_TOKEN",
            "Bearer token of the operators' endpoints; without one they answer only to this machine.",
        ),
    ] = field(default="", repr=False)  # a secret stays out of logs
    max_users_per_request: Annotated[
        int,
        Setting("MAX_USERS_PER_REQUEST", "Most users that one request may name.", 1, 1_000_000),
    ] = 1_000
    max_users_per_body: Annotated[
        int,
        Setting(
            "MAX_USERS_PER_BODY",
            "Most users that the body of one `POST /recommendations` may name.",
            1,
            1_000_000,
        ),
    ] = 10_000
    max_body_bytes: Annotated[
        int,
        Setting(
            "MAX_BODY_BYTES",
            "Largest body of `POST /recommendations`.",
            1_024,
            1_073_741_824,
        ),
    ] = 2_097_152
    rate_limit: Annotated[
        str,
        Setting(
            "RATE_LIMIT",
            "Most requests of one client address over all workers, such as `600/minute`; "
            "no limit by default.",
        ),
    ] = ""
    cors_origins: Annotated[
        str,
        Setting(
            "CORS_ORIGINS",
            "Origins, separated by commas, whose pages may read answers; `*` means all.",
        ),
    ] = ""
    cold_start_window_days: Annotated[
        int,
        Setting(
            "COLD_START_WINDOW_DAYS",
            "Days back from the newest review whose five-star ratings count as popularity.",
            1,
            36_500,
        ),
    ] = 365  # measured on three data sets: report/README.md
    reload_timeout_s: Annotated[
        int, Setting("RELOAD_TIMEOUT_S", "Seconds after which a reload is given up.", 1, 86_400)
    ] = 900

    def __post_init__(self) -> None:
        """Refuse a value that a setting can't have."""
        for name, setting, _ in settings():
            value = getattr(self, name)
            if setting.high and not setting.low <= value <= setting.high:
                raise ConfigError(
                    f"{setting.variable} is {value}; allowed is {setting.low} to {setting.high}."
                )
            if setting.choices and value not in setting.choices:
                allowed = " or ".join(setting.choices)
                raise ConfigError(f"{setting.variable} is {value!r}; expected {allowed}.")
        parse_rate(self.rate_limit)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read the settings; a variable that is unset or empty keeps its default.

        Relative folders count from the working directory.

        Raises:
            ConfigError: A value is no whole number where one is needed, or out of range.
        """
        given = os.environ if environ is None else environ
        values = {
            name: _parse(setting.variable, given[setting.variable], default)
            for name, setting, default in settings()
            if given.get(setting.variable)
        }
        return cls(**values)

    @property
    def run_path(self) -> Path:
        """Folder of what the processes of one running server share; made anew at its start."""
        return self.snapshot_path / "run" / str(self.port)

    def as_environment(self) -> dict[str, str]:
        """Say the settings as environment variables, for a child process."""
        return {setting.variable: str(getattr(self, name)) for name, setting, _ in settings()}


def settings() -> Iterator[tuple[str, Setting, Any]]:
    """Go through all settings: name of the attribute, what it is, and its default."""
    hints = get_type_hints(Config, include_extras=True)
    for each in fields(Config):
        yield each.name, hints[each.name].__metadata__[0], each.default


def settings_table() -> str:
    """Write all settings as the README's table, folders relative to the project."""
    lines = ["| variable | default | what it decides |", "|---|---|---|"]
    for _, setting, default in settings():
        if isinstance(default, Path):
            default = default.relative_to(PROJECT_ROOT)  # noqa: PLW2901 - only its look
        shown = f"`{default}`" if default != "" else "none"
        lines.append(f"| `{setting.variable}` | {shown} | {setting.description} |")
    return "\n".join(lines)


def parse_rate(text: str) -> tuple[int, int] | None:
    """Read RATE_LIMIT: how many requests in how many seconds; None where there is no limit.

    Raises:
        ConfigError: It is none of "N/second", "N/minute", "N/hour" with N from 1 on.
    """
    if not text:
        return None
    found = _RATE.fullmatch(text.strip())
    if found is None or int(found[1]) < 1:
        raise ConfigError(f"RATE_LIMIT is {text!r}; expected something like 600/minute.")
    return int(found[1]), _PERIODS_S[found[2]]


def _parse(variable: str, text: str, default: Any) -> Any:
    """Turn the text of one environment variable into the type of its default."""
    if isinstance(default, Path):
        # Not resolved: a link that is pointed to newer files is followed at each reload.
        return Path(text).expanduser().absolute()
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise ConfigError(f"{variable} is {text!r}; expected a whole number.") from None
    return text

"""The settings of the service, read once from the environment into a frozen object."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints
from urllib.parse import urlsplit

_MAY_BE_URLS: Final = ("data_path", "embeddings_path", "model_path")
_PERIODS_S: Final = {"second": 1, "minute": 60, "hour": 3_600}
_RATE: Final = re.compile(rf"([0-9]{{1,9}}) *(?:/|per) *({'|'.join(_PERIODS_S)})s?", re.ASCII)

STORE_SCHEMES: Final = ("s3", "gs", "az", "file")
DATABASE_SCHEMES: Final = ("postgresql", "postgres")

PROJECT_ROOT = Path(__file__).resolve().parent


class ConfigError(ValueError):
    """A setting has an invalid value."""


@dataclass(frozen=True)
class Setting:
    """The description of one setting.

    Attributes:
        variable: The environment variable that it is read from.
        description: What it does, in one sentence.
        low: The lowest value of a whole number.
        high: The highest value of a whole number; 0 for other settings.
        choices: The allowed words; empty if any text is allowed.
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
        ConfigError: A value is invalid; the message names its environment variable.
    """

    data_path: Annotated[
        Path, Setting("DATA_PATH", "Folder or URL of `clean_df.pq` and the raw reviews.")
    ] = PROJECT_ROOT / "data"
    embeddings_path: Annotated[
        Path, Setting("EMBEDDINGS_PATH", "Folder or URL of the four embedding files.")
    ] = PROJECT_ROOT / "embeddings"
    model_path: Annotated[Path, Setting("MODEL_PATH", "Folder or URL of `best_model.keras`.")] = (
        PROJECT_ROOT / "models"
    )
    snapshot_path: Annotated[
        Path,
        Setting(
            "SNAPSHOT_PATH",
            "Folder of the published snapshots of data and model, shared by all workers.",
        ),
    ] = PROJECT_ROOT / "snapshots"
    snapshot_url: Annotated[
        str,
        Setting(
            "SNAPSHOT_URL",
            "Place in an object store that the services of several machines share, such as "
            "`s3://bucket/prefix`; `SNAPSHOT_PATH` is then this machine's cache of it.",
        ),
    ] = field(default="", repr=False)  # its options may hold secrets
    snapshot_poll_s: Annotated[
        int,
        Setting(
            "SNAPSHOT_POLL_S",
            "Seconds between two looks at the pointer in `SNAPSHOT_URL`.",
            1,
            3_600,
        ),
    ] = 2
    snapshot_keep_hours: Annotated[
        int,
        Setting(
            "SNAPSHOT_KEEP_HOURS",
            "Hours for which generations stay in `SNAPSHOT_URL` that neither serve nor are kept "
            "for a rollback.",
            1,
            100_000,
        ),
    ] = 24
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
    host: Annotated[str, Setting("HOST", "Address that the server listens on.")] = "127.0.0.1"
    port: Annotated[int, Setting("PORT", "Port that the server listens on.", 1, 65_535)] = 8080
    workers: Annotated[
        int, Setting("WORKERS", "Number of processes that answer requests.", 1, 256)
    ] = 2
    threads_per_worker: Annotated[
        int,
        Setting(
            "THREADS_PER_WORKER",
            "Requests that a worker handles at the same time; a reload occupies one of them.",
            2,
            256,
        ),
    ] = 2  # more only wait for each other's interpreter lock, measured
    shutdown_timeout_s: Annotated[
        int,
        Setting(
            "SHUTDOWN_TIMEOUT_S",
            "Seconds that requests in flight have to finish when the server is told to stop.",
            1,
            3_600,
        ),
    ] = 30
    drain_s: Annotated[
        int,
        Setting(
            "DRAIN_S",
            "Seconds that the server keeps answering when told to stop while `/health/ready` "
            "returns 503, so that load balancers stop sending requests.",
            0,
            3_600,
        ),
    ] = 0
    admin_token: Annotated[
        str,
        Setting(
            "ADMIN_TOKEN",
            "Bearer token of the operators' endpoints; without one they accept only this machine.",
        ),
    ] = field(default="", repr=False)  # a secret stays out of logs
    max_users_per_request: Annotated[
        int,
        Setting("MAX_USERS_PER_REQUEST", "Largest number of users in a request.", 1, 1_000_000),
    ] = 1_000
    max_users_per_body: Annotated[
        int,
        Setting(
            "MAX_USERS_PER_BODY",
            "Largest number of users in the body of `POST /recommendations`.",
            1,
            1_000_000,
        ),
    ] = 10_000
    max_items_per_request: Annotated[
        int,
        Setting(
            "MAX_ITEMS_PER_REQUEST",
            "Largest number of items ranked for a response: users times `offset` + `n`, twice that "
            "with `detail`, 100 more for each item with `explain`; for each user at least 10 with any "
            "option, and 100 with `diversity` or `max_per_category`.",
            10_000,
            100_000_000,
        ),
    ] = 50_000
    max_body_bytes: Annotated[
        int,
        Setting(
            "MAX_BODY_BYTES",
            "Largest body of `POST /recommendations`, in bytes.",
            1_024,
            1_073_741_824,
        ),
    ] = 2_097_152
    rate_limit: Annotated[
        str,
        Setting(
            "RATE_LIMIT",
            "Most requests from one client address to all workers together, such as "
            "`600/minute`; no limit by default.",
        ),
    ] = ""
    cors_origins: Annotated[
        str,
        Setting(
            "CORS_ORIGINS",
            "Comma-separated origins whose pages may read responses; `*` allows all.",
        ),
    ] = ""
    cold_start_window_days: Annotated[
        int,
        Setting(
            "COLD_START_WINDOW_DAYS",
            "Days before the newest review whose five-star ratings count as popularity.",
            1,
            36_500,
        ),
    ] = 365  # measured on three data sets: report/README.md
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
    body_timeout_s: Annotated[
        int,
        Setting(
            "BODY_TIMEOUT_S",
            "Seconds within which a request body must arrive, and a large response be read.",
            1,
            3_600,
        ),
    ] = 30
    worker_timeout_s: Annotated[
        int,
        Setting(
            "WORKER_TIMEOUT_S",
            "Seconds without a sign of life after which a worker is replaced.",
            5,
            3_600,
        ),
    ] = 20
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
    ] = 12_000  # 109,000 items and 131,000 users with affinities take 4,600, measured
    remotes: Mapping[Path, str] = field(default_factory=dict, repr=False, hash=False)
    """Not a setting: local folders that mirror URLs, and these URLs."""

    def __post_init__(self) -> None:
        """Refuse invalid values."""
        _check_url("SNAPSHOT_URL", self.snapshot_url)
        _check_database(self.events_url)
        for name, setting, _ in settings():
            value = getattr(self, name)
            if setting.high and not setting.low <= value <= setting.high:
                raise ConfigError(
                    f"{setting.variable} is {value}; expected {setting.low} to {setting.high}."
                )
            if setting.choices and value not in setting.choices:
                allowed = " or ".join(setting.choices)
                raise ConfigError(f"{setting.variable} is {value!r}; expected {allowed}.")
        parse_rate(self.rate_limit)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read the settings; a variable that is unset or empty keeps its default.

        Relative folders are relative to the working directory.

        Raises:
            ConfigError: A value is invalid.
        """
        variables = os.environ if environ is None else environ
        texts = {
            name: (variables[setting.variable], setting.variable, default)
            for name, setting, default in settings()
            if variables.get(setting.variable)
        }
        urls = {
            name: _check_url(variable, text)
            for name, (text, variable, _) in texts.items()
            if name in _MAY_BE_URLS and "://" in text
        }
        values = {
            name: _parse(variable, text, default)
            for name, (text, variable, default) in texts.items()
            if name not in urls
        }
        cache = values.get("snapshot_path", cls.snapshot_path) / "artifacts"
        mirrors = {
            name: cache / hashlib.sha256(url.encode()).hexdigest()[:16]
            for name, url in urls.items()
        }
        return cls(**values, **mirrors, remotes={mirrors[name]: urls[name] for name in urls})

    @property
    def run_path(self) -> Path:
        """The folder shared by the processes of one running server; recreated at its start."""
        return self.snapshot_path / "run" / str(self.port)

    @property
    def events_path(self) -> Path:
        """The folder of the events."""
        if self.events_folder:
            return Path(self.events_folder).expanduser().absolute()
        return self.snapshot_path / "events"

    def as_environment(self) -> dict[str, str]:
        """Return the settings as environment variables, for a child process."""
        values = {setting.variable: getattr(self, name) for name, setting, _ in settings()}
        return {
            variable: str(self.remotes.get(value, value) if isinstance(value, Path) else value)
            for variable, value in values.items()
        }


def settings() -> Iterator[tuple[str, Setting, Any]]:
    """Iterate over all settings: name of the attribute, description and default."""
    hints = get_type_hints(Config, include_extras=True)
    for each in fields(Config):
        if each.name != "remotes":
            yield each.name, hints[each.name].__metadata__[0], each.default


def settings_table() -> str:
    """Format all settings as the README's table, with folders relative to the project."""
    lines = ["| variable | default | what it decides |", "|---|---|---|"]
    for _, setting, default in settings():
        if isinstance(default, Path):
            default = default.relative_to(PROJECT_ROOT)  # noqa: PLW2901 - for display only
        shown = f"`{default}`" if default != "" else "none"
        lines.append(f"| `{setting.variable}` | {shown} | {setting.description} |")
    return "\n".join(lines)


def parse_rate(text: str) -> tuple[int, int] | None:
    """Parse RATE_LIMIT to a number of requests and of seconds; None if there is no limit.

    Raises:
        ConfigError: It isn't "N/second", "N/minute" or "N/hour" with a positive N.
    """
    if not text:
        return None
    found = _RATE.fullmatch(text.strip())
    if found is None or int(found[1]) < 1:
        raise ConfigError(f"RATE_LIMIT is {text!r}; expected something like 600/minute.")
    return int(found[1]), _PERIODS_S[found[2]]


def _check_url(variable: str, text: str) -> str:
    """Return a URL of a store, or nothing, as it is.

    Raises:
        ConfigError: It is another kind of text, which isn't shown, since it may hold secrets.
    """
    parts = urlsplit(text)
    place = parts.path if parts.scheme == "file" else parts.netloc
    if text and (parts.scheme not in STORE_SCHEMES or not place):
        raise ConfigError(
            f"{variable} isn't the URL of a place in a store; expected s3://bucket/prefix, "
            f"gs://bucket/prefix, az://container/prefix or file:///folder."
        )
    return text


def _check_database(url: str) -> None:
    """Accept the URL of a PostgreSQL database, or nothing.

    Raises:
        ConfigError: It is another kind of text, which isn't shown, since it may hold a password.
    """
    if url and urlsplit(url).scheme not in DATABASE_SCHEMES:
        raise ConfigError(
            "EVENTS_URL isn't the URL of a database; expected postgresql://user@host/database."
        )


def _parse(variable: str, text: str, default: Any) -> Any:
    """Convert the text of one environment variable to the type of its default."""
    if isinstance(default, Path):
        # Not resolved, so that each reload follows a link that now points to newer files.
        return Path(text).expanduser().absolute()
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise ConfigError(f"{variable} is {text!r}; expected a whole number.") from None
    return text

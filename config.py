"""Every setting of the service, read once from the environment into a frozen object."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

PROJECT_ROOT = Path(__file__).resolve().parent


class ConfigError(ValueError):
    """A setting has a value that it can't have."""


def _setting(variable: str, default: Any, description: str, low: int = 0, high: int = 0) -> Any:
    """Declare a setting: its environment variable, what it means, and its range."""
    meta = {"variable": variable, "description": description, "low": low, "high": high}
    return field(default=default, metadata=meta)


@dataclass(frozen=True)
class Config:
    """Settings of the service.

    Raises:
        ConfigError: A value is outside its range, by its environment variable's name.
    """

    data_path: Path = _setting(
        "DATA_PATH", PROJECT_ROOT / "data", "Folder of `clean_df.pq` and the raw reviews."
    )
    embeddings_path: Path = _setting(
        "EMBEDDINGS_PATH", PROJECT_ROOT / "embeddings", "Folder of the four embedding files."
    )
    model_path: Path = _setting(
        "MODEL_PATH", PROJECT_ROOT / "models", "Folder of `best_model.keras`."
    )
    snapshot_path: Path = _setting(
        "SNAPSHOT_PATH",
        PROJECT_ROOT / "snapshots",
        "Folder of the published generations of data and model, shared by all workers.",
    )
    log_path: Path = _setting("LOG_PATH", PROJECT_ROOT / "logs", "Folder of the log files.")
    host: str = _setting("HOST", "127.0.0.1", "Address on which the server listens.")
    port: int = _setting("PORT", 8080, "Port on which the server listens.", 1, 65_535)
    workers: int = _setting("WORKERS", 2, "Worker processes that answer requests.", 1, 256)
    admin_token: str = _setting(
        "ADMIN_TOKEN",
        "",
        "Bearer token of the reload endpoints; without one they answer only to this machine.",
    )
    max_users_per_request: int = _setting(
        "MAX_USERS_PER_REQUEST", 1_000, "Most users that one request may name.", 1, 1_000_000
    )
    cold_start_window_days: int = _setting(
        "COLD_START_WINDOW_DAYS",
        30,
        "Days back from the newest review whose five-star ratings count as popularity.",
        1,
        36_500,
    )
    reload_timeout_s: int = _setting(
        "RELOAD_TIMEOUT_S", 900, "Seconds after which a reload is given up.", 1, 86_400
    )

    def __post_init__(self) -> None:
        """Refuse a whole number outside its range."""
        for setting in fields(self):
            low, high = setting.metadata["low"], setting.metadata["high"]
            value = getattr(self, setting.name)
            if high and not low <= value <= high:
                raise ConfigError(
                    f"{setting.metadata['variable']} is {value}; allowed is {low} to {high}."
                )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read the settings; a variable that is unset or empty keeps its default.

        Relative folders count from the working directory.

        Raises:
            ConfigError: A value is no whole number where one is needed, or out of range.
        """
        given = os.environ if environ is None else environ
        values = {
            setting.name: _parse(setting, given[setting.metadata["variable"]])
            for setting in fields(cls)
            if given.get(setting.metadata["variable"])
        }
        return cls(**values)

    def as_environment(self) -> dict[str, str]:
        """Say the settings as environment variables, for a child process."""
        return {field.metadata["variable"]: str(getattr(self, field.name)) for field in fields(self)}


def _parse(setting: Field[Any], text: str) -> Any:
    """Turn the text of one environment variable into the type of its default."""
    if isinstance(setting.default, Path):
        return Path(text).expanduser().resolve()
    if isinstance(setting.default, int):
        try:
            return int(text)
        except ValueError:
            variable = setting.metadata["variable"]
            raise ConfigError(f"{variable} is {text!r}; expected a whole number.") from None
    return text

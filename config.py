"""The settings of the service, read once from the environment into a frozen object."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, get_type_hints

from settings.builds import BuildSettings
from settings.events import EventSettings
from settings.files import FileSettings
from settings.logs import LogSettings
from settings.requests import RequestSettings
from settings.server import ServerSettings
from settings.setting import PROJECT_ROOT, ConfigError, Setting
from settings.values import check_database, check_store, parse, parse_rate

__all__ = [
    "BUNDLED_SAMPLE",
    "PROJECT_ROOT",
    "Config",
    "ConfigError",
    "Setting",
    "parse_rate",
    "settings",
    "settings_table",
]

BUNDLED_SAMPLE: Final = PROJECT_ROOT / "data" / "sample"
"""The artifacts of a made-up shop that come with the project, in folders as the settings name them."""

_MAY_BE_URLS: Final = ("data_path", "embeddings_path", "model_path")


# A dataclass takes the fields of its last base first, so these are in the reverse order of the
# README's table.
@dataclass(frozen=True)
class Config(
    BuildSettings, RequestSettings, ServerSettings, LogSettings, EventSettings, FileSettings
):
    """All settings of the service.

    Raises:
        ConfigError: A value is invalid; the message names its environment variable.
    """

    remotes: Mapping[Path, str] = field(default_factory=dict, repr=False, hash=False)
    """Not a setting: local folders that mirror URLs, and these URLs."""

    def __post_init__(self) -> None:
        """Refuse invalid values."""
        check_store("SNAPSHOT_URL", self.snapshot_url)
        check_database(self.events_url)
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
            name: check_store(variable, text)
            for name, (text, variable, _) in texts.items()
            if name in _MAY_BE_URLS and "://" in text
        }
        values = {
            name: parse(variable, text, default)
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

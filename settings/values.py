"""From the texts of environment variables to values, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from settings.setting import ConfigError

_PERIODS_S: Final = {"second": 1, "minute": 60, "hour": 3_600}
_RATE: Final = re.compile(rf"([0-9]{{1,9}}) *(?:/|per) *({'|'.join(_PERIODS_S)})s?", re.ASCII)
_STORE_SCHEMES: Final = ("s3", "gs", "az", "file")
_DATABASE_SCHEMES: Final = ("postgresql", "postgres")


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


def check_store(variable: str, text: str) -> str:
    """Return a URL of a store, or nothing, as it is.

    Raises:
        ConfigError: It is another kind of text, which isn't shown, since it may hold secrets.
    """
    parts = urlsplit(text)
    place = parts.path if parts.scheme == "file" else parts.netloc
    if text and (parts.scheme not in _STORE_SCHEMES or not place):
        raise ConfigError(
            f"{variable} isn't the URL of a place in a store; expected s3://bucket/prefix, "
            f"gs://bucket/prefix, az://container/prefix or file:///folder."
        )
    return text


def check_database(url: str) -> None:
    """Accept the URL of a PostgreSQL database, or nothing.

    Raises:
        ConfigError: It is another kind of text, which isn't shown, since it may hold a password.
    """
    if url and urlsplit(url).scheme not in _DATABASE_SCHEMES:
        raise ConfigError(
            "EVENTS_URL isn't the URL of a database; expected postgresql://user@host/database."
        )


def parse(variable: str, text: str, default: Any) -> Any:
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

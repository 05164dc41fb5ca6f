"""What is said of one setting, and the error of a bad value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]


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

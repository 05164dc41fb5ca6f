"""How numbers are written in reports and on the terminal: .123 for 0.123."""

from __future__ import annotations

import math
from typing import Any


def number(value: float | None, digits: int | None = None) -> str:
    """Write a number below 1 without its zero, and a dash for NaN, which JSON has as None.

    Args:
        value: The number.
        digits: Decimal places; None for three, or four where three would hide a small number.

    >>> number(0.12345), number(-0.0321), number(2.5, digits=1), number(float("nan"))
    ('.123', '-.0321', '2.5', '-')
    """
    if value is None or math.isnan(value):
        return "-"
    if digits is None:
        digits = 4 if abs(value) < 0.1 else 3
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def amount(value: float | None) -> str:
    """Write seconds or megabytes so that large and small ones compare at a glance.

    >>> amount(0.004), amount(0.123), amount(7.25), amount(374.2), amount(None)
    ('< .01', '.12', '7.2', '374', '-')
    """
    if value is None:
        return "-"
    return "< .01" if value < 0.01 else number(value, 0 if value >= 10 else 1 if value >= 1 else 2)


def without_interval(part: Any) -> str:
    """Write a number, or the value of one that has an interval."""
    return number(part["value"] if isinstance(part, dict) else part)


def with_interval(part: Any) -> str:
    """Write a value with its interval in brackets, a number without one as it is."""
    if not isinstance(part, dict):
        return number(part)
    return f"{number(part['value'])} [{number(part['low'])}, {number(part['high'])}]"

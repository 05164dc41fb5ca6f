"""How numbers are written in reports and on the terminal: .123 for 0.123."""

from __future__ import annotations

import math


def number(value: float, digits: int | None = None) -> str:
    """Write a number below 1 without its zero; a dash where there is none.

    Args:
        value: The number.
        digits: Places; None: three, and four where three would hide a small number.

    >>> number(0.12345), number(-0.0321), number(2.5, digits=1), number(float("nan"))
    ('.123', '-.0321', '2.5', '-')
    """
    if math.isnan(value):
        return "-"
    if digits is None:
        digits = 4 if abs(value) < 0.1 else 3
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def with_interval(part: dict[str, float]) -> str:
    """Write a value with its interval in brackets."""
    return f"{number(part['value'])} [{number(part['low'])}, {number(part['high'])}]"

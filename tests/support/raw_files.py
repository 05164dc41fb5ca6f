"""Small raw files for the tests of the cleaning stage."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

HEADER = ("userName", "itemName", "description", "price", "rating", "reviewTime", "reviewText")


def whole_review(number: int) -> dict[str, Any]:
    """One faultless review in the reference schema."""
    return {
        "userName": f"User {number}",
        "itemName": f"Item {number % 3}",
        "description": f"All about item {number % 3}, with a comma",
        "price": "$4.50",
        "rating": "5.0",
        "reviewTime": f"2018-01-{number % 28 + 1:02d}",
        "reviewText": f'Line one,\nline "two" of {number}',
    }


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write reviews as CSV with quoted newlines."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else HEADER)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_lines(path: Path, objects: list[dict[str, Any]], literal: bool = False) -> Path:
    """Write one object a line, as JSON or as a Python dict."""
    lines = [repr(value) if literal else json.dumps(value) for value in objects]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path

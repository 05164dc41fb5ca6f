"""Reading JSON lines, and the Python dicts that some Amazon metadata files hold instead."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.clean.source import CountingStream
from pipeline.errors import PipelineError
from recsys.cleaning.text import parse_literal

_CHUNK_ROWS = 20_000


def read_json_lines(
    source: CountingStream,
    path: Path,
    wanted: Collection[str] | None,
    chunk_rows: int = _CHUNK_ROWS,
) -> Iterator[pd.DataFrame]:
    """Read one object a line, empty lines left out.

    Args:
        source: The open file.
        path: Its name, for messages.
        wanted: The keys to read, those that occur; all with None.
        chunk_rows: Rows of a frame.

    Yields:
        (n, any) frames of str columns; lists and objects as JSON text.

    Raises:
        PipelineError: A line is neither a JSON object nor a Python dict.
    """
    rows: list[dict[str, str | None]] = []
    for number, line in enumerate(iter(source.readline, b""), start=1):
        if line.isspace():
            continue
        fields = _parse_object(line, number, path)
        rows.append({k: _as_text(v) for k, v in fields.items() if wanted is None or k in wanted})
        if len(rows) == chunk_rows:
            yield pd.DataFrame(rows, dtype="str")
            rows = []
    if rows:
        yield pd.DataFrame(rows, dtype="str")


def _parse_object(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PipelineError(
            f"{path} line {number:,} is not UTF-8 text (byte {error.start + 1:,} of the line is "
            f"0x{line[error.start]:02x}). Convert the file to UTF-8."
        ) from error
    for parse in (json.loads, parse_literal):
        try:
            value = parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, dict):
            return value
        break
    raise PipelineError(
        f"{path} line {number:,} is no JSON object: {text.strip()[:60]!r}. "
        f"Expected one object a line; the file may be cut off or damaged there."
    )


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, list | dict | tuple) else str(value)

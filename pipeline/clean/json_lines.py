"""Read JSON lines, and the Python dicts that some Amazon metadata files hold instead."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from pipeline.clean.locations import RawFile
from pipeline.clean.raw_file import CountingStream, decode_line
from pipeline.errors import PipelineError
from recsys.cleaning.text import parse_value

_CHUNK_ROWS = 20_000


def read_json_lines(
    source: CountingStream,
    path: RawFile,
    wanted: Collection[str] | None,
    chunk_rows: int = _CHUNK_ROWS,
) -> Iterator[pd.DataFrame]:
    """Read one object a line, skipping empty lines.

    Args:
        source: The open file.
        path: RawFile of the file, for messages.
        wanted: Keys to read where they occur; None for all.
        chunk_rows: Rows in a frame.

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


def _parse_object(line: bytes, number: int, path: RawFile) -> dict[str, Any]:
    text = decode_line(line, number, path)
    value = parse_value(text)
    if isinstance(value, dict):
        return value
    raise PipelineError(
        f"{path} line {number:,} is not a JSON object: {text.strip()[:60]!r}. "
        f"Expected one object a line; the file may be cut off or damaged there."
    )


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, list | dict | tuple) else str(value)

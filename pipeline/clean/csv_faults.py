"""Finding the line of a fault in a CSV file; slow and exact, for files that failed to read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from pipeline.clean.source import CountingStream, open_source


class _UndecodableError(ValueError):
    """A line that is not UTF-8."""


def describe_fault(path: Path, reason: str = "") -> str:
    """Read a CSV file once more, strictly, and name the line of its first fault.

    Args:
        path: The file.
        reason: What a faster reader said.

    Returns:
        A sentence for the user; with `reason` in it where this reader finds no fault, and
        "" where there is no reason either.
    """
    with open_source(path) as source:
        reader = csv.reader(_lines(source), strict=True)
        n_columns, first_line = 0, 1
        try:
            for row in reader:
                n_columns = n_columns or len(row)
                if row and len(row) != n_columns:
                    return (
                        f"{path} line {first_line:,}: {len(row)} values where the header names "
                        f"{n_columns} columns. Mend the commas and quotes of that line."
                    )
                first_line = reader.line_num + 1
        except _UndecodableError as error:
            return str(error).format(path=path)
        except csv.Error as error:
            return (
                f"{path} line {first_line:,} begins a row that is ill-formed ({error}); most often "
                f"a quote is opened there and not closed."
            )
    return f"{path} is no well-formed CSV: {' '.join(reason.split())[:200]}" if reason else ""


def _lines(source: CountingStream) -> Iterator[str]:
    for number, line in enumerate(iter(source.readline, b""), start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise _UndecodableError(
                f"{{path}} line {number:,} is not UTF-8 text (byte {error.start + 1:,} of the line "
                f"is 0x{line[error.start]:02x}). Convert the file to UTF-8."
            ) from error

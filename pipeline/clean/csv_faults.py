"""Find the line of a fault in a CSV file: slow and exact, for files that failed to read."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from pipeline.clean.locations import RawFile
from pipeline.clean.raw_file import CountingStream, decode_line, open_raw


def describe_fault(path: RawFile, reason: str = "") -> str:
    """Read a CSV file once more, strictly, and describe its first fault by line.

    Args:
        path: The file.
        reason: The message of a faster reader that failed.

    Returns:
        A message for the user. Where this reader finds no fault it quotes `reason`, and is
        "" where there is none.

    Raises:
        PipelineError: A line is not UTF-8.
    """
    with open_raw(path) as source:
        reader = csv.reader(_lines(source, path), strict=True)
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
        except csv.Error as error:
            return (
                f"{path} line {first_line:,} begins a row that is ill-formed ({error}); most often "
                f"a quote is opened there and not closed."
            )
    return f"{path} is not well-formed CSV: {' '.join(reason.split())[:200]}" if reason else ""


def _lines(source: CountingStream, path: RawFile) -> Iterator[str]:
    for number, line in enumerate(iter(source.readline, b""), start=1):
        yield decode_line(line, number, path)

"""A joint head as one archive of arrays."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Final

from scoring.head.joint import Head, HeadError
from scoring.head.program import Program, Step
from storage.array_archive import load_archive, save_archive

FORMAT_VERSION: Final = 2


def save_head(head: Head, path: Path) -> None:
    """Write the head to `path` (ending in .npz), atomically."""
    described = dataclasses.asdict(head)
    arrays = {"relu_weights": described.pop("relu_weights")}
    if head.program is not None:
        joined = described["program"].pop("arrays")
        arrays |= {f"array_{i}": array for i, array in enumerate(joined)}
    save_archive(path, FORMAT_VERSION, described, arrays)


def load_head(path: Path) -> Head:
    """Read a head that `save_head` wrote.

    Raises:
        ArchiveError: The file is missing, damaged, or of another version.
        HeadError: The file lacks a part of a head.
    """
    described, arrays = load_archive(path, FORMAT_VERSION)
    try:
        return _head_from(described, arrays)
    except (KeyError, TypeError) as error:
        raise HeadError(f"{path} lacks a part of a joint head: {error}. Build it again.") from error


def _head_from(described: dict[str, Any], arrays: dict[str, Any]) -> Head:
    weights = arrays.pop("relu_weights")
    parameters = tuple(described.pop("output_parameters"))
    written = described.pop("program", None)
    program = None
    if written is not None:
        ordered = tuple(arrays[f"array_{i}"] for i in range(len(arrays)))
        steps = tuple(map(_step_from, written.pop("steps")))
        program = Program(steps, arrays=ordered, **written)
    return Head(relu_weights=weights, output_parameters=parameters, program=program, **described)


def _step_from(written: dict[str, Any]) -> Step:
    """Restore a step; JSON has turned its tuples into lists."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
    return Step(**values)

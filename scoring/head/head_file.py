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
    described = {
        name: getattr(head, name)
        for name in (field.name for field in dataclasses.fields(Head))
        if name not in ("relu_weights", "program")
    }
    arrays = {"relu_weights": head.relu_weights}
    if head.program is not None:
        described["program"] = _program_as_json(head.program)
        arrays |= {f"array_{i}": array for i, array in enumerate(head.program.arrays)}
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
        program = _program_from(written, ordered)
    return Head(relu_weights=weights, output_parameters=parameters, program=program, **described)


def _program_as_json(program: Program) -> dict[str, Any]:
    return {
        "user_width": program.user_width,
        "item_width": program.item_width,
        "steps": [dataclasses.asdict(step) for step in program.steps],
    }


def _program_from(written: dict[str, Any], arrays: tuple[Any, ...]) -> Program:
    steps = tuple(_step_from(step) for step in written["steps"])
    return Program(steps, written["user_width"], written["item_width"], arrays)


def _step_from(written: dict[str, Any]) -> Step:
    """Restore a step; JSON has turned its tuples into lists."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
    return Step(**values)

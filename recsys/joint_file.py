"""A joint head as one .npz file: arrays and a line of JSON, never code or pickles."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys.artifacts import replacing
from recsys.joint import Head, HeadError
from recsys.joint_program import Program, Step

FORMAT_VERSION: Final = 1


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
    text = json.dumps({"version": FORMAT_VERSION, **described})
    with replacing(path) as unfinished:
        np.savez(unfinished, allow_pickle=False, head=np.array(text), **arrays)


def load_head(path: Path) -> Head:
    """Read a head that `save_head` wrote.

    Raises:
        HeadError: The file is missing, no head, damaged, or of another version.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        described: dict[str, Any] = json.loads(str(arrays.pop("head")))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise HeadError(f"{path} is no readable joint head: {error}. Build it again.") from error
    version = described.pop("version", None)
    if version != FORMAT_VERSION:
        raise HeadError(f"{path} has format {version}; expected {FORMAT_VERSION}. Build it again.")
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
    """A step whose lists, all that JSON knows, are tuples again."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
    return Step(**values)

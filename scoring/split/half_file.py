"""A half as one archive of arrays, so that a worker computes a visitor's row without Keras.

Only a half whose forms read the inputs themselves can be written; a layer that Keras has to
call stays in the model's own file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from scoring.split.forms import Activated, Form, Leaf, Matrix, Product, Side, Source, Term, sources
from scoring.split.halves import Half
from storage.array_archive import ArchiveError, load_archive, save_archive

FORMAT_VERSION: Final = 2


def reads_inputs_only(half: Half) -> bool:
    """Return whether a half can be computed without Keras."""
    leaves = (term.leaf for block in half.blocks for term in block.terms)
    return all(source.call is None for leaf in leaves for source in sources(leaf))


def save_half(half: Half, path: Path) -> None:
    """Write a half that `reads_inputs_only` to `path` (ending in .npz), atomically."""
    writer = _Writer()
    blocks = [writer.form(block) for block in half.blocks]
    arrays = {f"array_{number}": array for number, array in enumerate(writer.arrays)}
    save_archive(path, FORMAT_VERSION, {"blocks": blocks, "values": writer.values}, arrays)


def load_half(path: Path) -> Half:
    """Read a half that `save_half` wrote.

    Raises:
        ArchiveError: The file is missing, damaged, incomplete, or of another version.
    """
    about, arrays = load_archive(path, FORMAT_VERSION)
    try:
        values: list[Any] = []
        for value in about["values"]:
            values.append(_restored(value, values, arrays))
        return Half(tuple(values[number] for number in about["blocks"]))
    except LookupError as error:
        raise ArchiveError(f"{path} lacks a part of a half: {error}. Build it again.") from error


class _Writer:
    """Lists every value once, after those of which it is made."""

    def __init__(self) -> None:
        self.values: list[dict[str, Any]] = []
        self.arrays: list[Matrix] = []
        self._numbers: dict[int, int] = {}

    def form(self, form: Form) -> int:
        """Return the number of a form among the values, adding it if it is new."""
        if id(form) not in self._numbers:
            terms = [[self._leaf(t.leaf), self._array(t.matrix), t.offset] for t in form.terms]
            self._add(form, {"kind": "form", "bias": self._array(form.bias), "terms": terms})
        return self._numbers[id(form)]

    def _leaf(self, leaf: Leaf) -> int:
        if id(leaf) in self._numbers:
            return self._numbers[id(leaf)]
        if isinstance(leaf, Source):
            described = {"kind": "input", "position": leaf.position, "shape": list(leaf.shape)}
            return self._add(leaf, described | {"side": int(leaf.side)})
        inner = [self.form(form) for form in leaf.inner]
        if isinstance(leaf, Product):
            return self._add(leaf, {"kind": "product", "forms": inner})
        described = {"kind": "activated", "name": leaf.name, "parameters": list(leaf.parameters)}
        return self._add(leaf, described | {"forms": inner})

    def _array(self, array: Matrix) -> int:
        self.arrays.append(array)
        return len(self.arrays) - 1

    def _add(self, value: Form | Leaf, described: dict[str, Any]) -> int:
        self.values.append(described)
        self._numbers[id(value)] = len(self.values) - 1
        return self._numbers[id(value)]


def _restored(
    described: dict[str, Any], values: list[Any], arrays: dict[str, Matrix]
) -> Form | Leaf:
    """Restore one value from those before it."""
    if described["kind"] == "form":
        terms = [
            Term(values[leaf], arrays[f"array_{matrix}"], offset)
            for leaf, matrix, offset in described["terms"]
        ]
        return Form(arrays[f"array_{described['bias']}"], tuple(terms))
    if described["kind"] == "input":
        return Source(
            Side(described["side"]), tuple(described["shape"]), position=described["position"]
        )
    inner = [values[number] for number in described["forms"]]
    if described["kind"] == "product":
        return Product(*inner)
    return Activated(described["name"], tuple(described["parameters"]), *inner)

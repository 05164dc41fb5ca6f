"""Computes one side's columns: Keras for layers of that side alone, NumPy for the rest.

Keras is imported only where one of its layers is called, so a half whose forms read the
inputs themselves is computed without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recsys.arrays import FloatArray
from scoring.head.activations import apply
from scoring.split.forms import (
    Activated,
    Form,
    GraphSplitError,
    Leaf,
    Matrix,
    Product,
    Source,
    inputs_of,
    sources,
)

BATCH_ROWS = 8_192
"""Rows computed at a time; 8,192 x 1,200 columns in float64 are 80 MB."""


@dataclass(frozen=True)
class Half:
    """The columns of one side, block by block, as forms of that side's inputs."""

    blocks: tuple[Form, ...] = field(repr=False)

    @property
    def width(self) -> int:
        """Columns of all blocks."""
        return sum(block.width for block in self.blocks)

    @property
    def inputs_read(self) -> frozenset[int]:
        """Numbers of the model's inputs from which the columns are computed."""
        leaves = [term.leaf for block in self.blocks for term in block.terms]
        return frozenset(
            each for leaf in leaves for source in sources(leaf) for each in inputs_of(source)
        )

    def compute(self, inputs: Sequence[FloatArray | None]) -> FloatArray:
        """Compute all rows in batches; linear steps add up in float64.

        Args:
            inputs: The model's inputs in order, each (rows, d) float32; None for those of
                the other side.

        Returns:
            (rows, width) float32.
        """
        rows = next(len(given) for given in inputs if given is not None)
        result = np.empty((rows, self.width), dtype=np.float32)
        for first in range(0, rows, BATCH_ROWS):
            batch = slice(first, first + BATCH_ROWS)
            values = _Values([None if given is None else given[batch] for given in inputs])
            n_batch = len(result[batch])
            columns = [values.of_form(block, n_batch) for block in self.blocks]
            result[batch] = np.concatenate(columns, axis=1)
        return result


class _Values:
    """Values of leaves for one batch, each computed once."""

    def __init__(self, inputs: Sequence[FloatArray | None]) -> None:
        """Take the batch's inputs (rows, d), None for those of the other side."""
        self._inputs = inputs
        self._leaves: dict[int, Matrix] = {}
        self._tensors: dict[tuple[int, int], Any] = {}

    def of_form(self, form: Form, rows: int) -> Matrix:
        """Compute a form, (rows, width) float64."""
        total = np.tile(form.bias, (rows, 1))
        for term in form.terms:
            values = self._of_leaf(term.leaf, rows)
            part = values * term.matrix if term.matrix.ndim == 1 else values @ term.matrix
            total[:, slice(*term.span)] += part
        return total

    def _of_leaf(self, leaf: Leaf, rows: int) -> Matrix:
        if id(leaf) not in self._leaves:
            self._leaves[id(leaf)] = self._compute(leaf, rows)
        return self._leaves[id(leaf)]

    def _compute(self, leaf: Leaf, rows: int) -> Matrix:
        if isinstance(leaf, Activated):
            inner = self.of_form(leaf.form, rows).astype(np.float32)
            return apply(leaf.name, inner, leaf.parameters).astype(np.float64)
        if isinstance(leaf, Product):
            return self.of_form(leaf.left, rows) * self.of_form(leaf.right, rows)
        if leaf.call is None:
            return self._input(leaf).reshape(rows, leaf.width).astype(np.float64)
        import keras

        values = np.asarray(keras.ops.convert_to_numpy(self._tensor(leaf)), dtype=np.float64)
        return values.reshape(rows, leaf.width)

    def _input(self, source: Source) -> FloatArray:
        given = self._inputs[source.position]
        if given is None:
            raise GraphSplitError(f"input {source.position} of this half is missing")
        return given

    def _tensor(self, source: Source) -> Any:
        """Compute a source as a Keras tensor: an input, or a layer called on its sources."""
        import keras

        if source.call is None:
            given = self._input(source)
            rank_fits = given.reshape(-1) if len(source.shape) == 1 else given
            return keras.ops.convert_to_tensor(rank_fits, dtype="float32")
        operation, args, kwargs = source.call
        key = id(operation), id(args)
        if key not in self._tensors:
            filled, named = keras.tree.map_structure(
                lambda value: self._tensor(value) if isinstance(value, Source) else value,
                (args, kwargs),
            )
            self._tensors[key] = keras.tree.flatten(operation(*filled, **named))
        return self._tensors[key][source.position]

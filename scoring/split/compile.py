"""From a linear form of any depth to the steps of a joint program."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from recsys.arrays import FloatArray
from scoring.head.program import Program, Span, Step
from scoring.split import algebra
from scoring.split.forms import Activated, Form, GraphSplitError, Leaf, Matrix, Product, Term

Columns = tuple[Form, ...]

DOT_COLUMNS = 4
"""Products summed into at most this many columns become dot products, which BLAS computes."""


def compile_program(form: Form) -> tuple[Program, Columns, Columns]:
    """Compile a form; return the program and the columns of user and item rows, in blocks."""
    compiler = _Compiler()
    compiler.form(form)
    program = Program(
        tuple(compiler.steps),
        sum(block.width for block in compiler.user),
        sum(block.width for block in compiler.item),
        tuple(compiler.arrays),
    )
    return program, tuple(compiler.user), tuple(compiler.item)


@dataclass
class _Compiler:
    """Steps, arrays and columns so far; methods return the number of the step with the result."""

    steps: list[Step] = field(default_factory=list)
    arrays: list[FloatArray] = field(default_factory=list)
    user: list[Form] = field(default_factory=list)
    item: list[Form] = field(default_factory=list)
    known: dict[int, int] = field(default_factory=dict)
    kept: list[Form | Leaf] = field(default_factory=list)

    def form(self, form: Form) -> int:
        """Compile bias and one-sided terms into columns, the joint terms into products."""
        if id(form) in self.known:
            return self.known[id(form)]
        user, item, joint = algebra.split_sides(form)
        inputs, arrays = [], []
        for term in joint.terms:
            for register, matrix in self._term(term, form.width):
                inputs.append(register)
                arrays.append(self._array(matrix))
        spans = self._columns(self.user, user), self._columns(self.item, item)
        return self._remember(
            form, Step("linear", form.width, *spans, tuple(inputs), tuple(arrays))
        )

    def _term(self, term: Term, width: int) -> list[tuple[int, Matrix]]:
        """Compile a term to steps and the matrices that map them to the form's columns."""
        matrix = np.zeros((term.leaf.width, width))
        matrix[:, slice(*term.span)] = term.dense()
        if isinstance(term.leaf, Product) and width <= DOT_COLUMNS and term.leaf.is_bilinear:
            units = np.eye(width)
            return [(self._dot(term.leaf, matrix[:, k]), units[k : k + 1]) for k in range(width)]
        return [(self._leaf(term.leaf), matrix)]

    def _leaf(self, leaf: Leaf) -> int:
        if id(leaf) in self.known:
            return self.known[id(leaf)]
        if isinstance(leaf, Activated):
            step = Step("activate", leaf.width, inputs=(self.form(leaf.form),))
            step = replace(step, name=leaf.name, parameters=leaf.parameters)
        elif isinstance(leaf, Product) and leaf.is_bilinear:
            step = self._bilinear("product", leaf, np.ones(leaf.width), leaf.width)
        elif isinstance(leaf, Product):
            step = Step("multiply", leaf.width, inputs=tuple(map(self.form, leaf.inner)))
        else:
            raise GraphSplitError("an input of one side stands among the joint terms")
        return self._remember(leaf, step)

    def _dot(self, leaf: Product, weights: Matrix) -> int:
        self.steps.append(self._bilinear("dot", leaf, weights, 1))
        return len(self.steps) - 1

    def _bilinear(self, kind: str, leaf: Product, weights: Matrix, width: int) -> Step:
        user, item = algebra.bilinear_sides(leaf, weights)
        return Step(kind, width, self._columns(self.user, user), self._columns(self.item, item))

    def _remember(self, value: Form | Leaf, step: Step) -> int:
        self.steps.append(step)
        # The value is kept, so that its id stays its own as long as `known` is used.
        self.kept.append(value)
        self.known[id(value)] = len(self.steps) - 1
        return self.known[id(value)]

    def _array(self, matrix: Matrix) -> int:
        self.arrays.append(matrix.astype(np.float32))
        return len(self.arrays) - 1

    @staticmethod
    def _columns(blocks: list[Form], form: Form) -> Span:
        """Reserve columns for a one-sided form; none for one that is always zero."""
        if not form.terms and not form.bias.any():
            return 0, 0
        start = sum(block.width for block in blocks)
        blocks.append(form)
        return start, start + form.width

"""Takes the affinity input out of an item half in which it is only added up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.arrays import FloatArray
from scoring.split.forms import Activated, GraphSplitError, Leaf, Source, Term
from scoring.split.halves import Half


def separate_affinity(half: Half, position: int, width: int) -> tuple[Half, FloatArray]:
    """Split an item half into its rows without affinity and what the affinity adds.

    The row of an item j for a user is then h_j + φ · A, with h computed once for the catalog.

    Args:
        half: The item half.
        position: Number of the affinity among the model's inputs.
        width: Columns of the affinity, C.

    Returns:
        The half without the affinity, and A (C, half.width) float32.

    Raises:
        GraphSplitError: The half isn't affine in the affinity.
    """
    affinity_weights = np.zeros((width, half.width))
    blocks, start = [], 0
    for block in half.blocks:
        kept = []
        for term in block.terms:
            if _is_input(term.leaf, position):
                first, last = term.span
                affinity_weights[:, start + first : start + last] += term.dense()
            else:
                _refuse_if_it_reads(term, position)
                kept.append(term)
        blocks.append(replace(block, terms=tuple(kept)))
        start += block.width
    return Half(tuple(blocks)), affinity_weights.astype(np.float32)


def _is_input(leaf: Leaf, position: int) -> bool:
    return isinstance(leaf, Source) and leaf.call is None and leaf.position == position


def _refuse_if_it_reads(term: Term, position: int) -> None:
    if _reads(term.leaf, position):
        what = f"{term.leaf.name} of it" if isinstance(term.leaf, Activated) else "a product of it"
        raise GraphSplitError(
            f"the affinity enters the item half through {what}; an exact correction needs it "
            "to be added up only"
        )


def _reads(leaf: Leaf, position: int) -> bool:
    """Return whether a leaf reads an input; Keras itself computes nothing from the affinity."""
    if isinstance(leaf, Source):
        return _is_input(leaf, position)
    inner = (leaf.form,) if isinstance(leaf, Activated) else (leaf.left, leaf.right)
    return any(_reads(term.leaf, position) for form in inner for term in form.terms)

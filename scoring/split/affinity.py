"""Takes the affinity input out of an item half in which it is only added up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.arrays import FloatArray
from scoring.split.forms import Activated, GraphSplitError, Source, Term, sources
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
            if isinstance(term.leaf, Source) and _is_input(term.leaf, position):
                first, last = term.span
                affinity_weights[:, start + first : start + last] += term.dense()
            else:
                _refuse_if_it_reads(term, position)
                kept.append(term)
        blocks.append(replace(block, terms=tuple(kept)))
        start += block.width
    return Half(tuple(blocks)), affinity_weights.astype(np.float32)


def _is_input(source: Source, position: int) -> bool:
    """Return whether a source is an input; Keras itself computes nothing from the affinity."""
    return source.call is None and source.position == position


def _refuse_if_it_reads(term: Term, position: int) -> None:
    if any(_is_input(source, position) for source in sources(term.leaf)):
        what = f"{term.leaf.name} of it" if isinstance(term.leaf, Activated) else "a product of it"
        raise GraphSplitError(
            f"the affinity enters the item half through {what}; an exact correction needs it "
            "to be added up only"
        )

"""The compiled functions that requests need, and how to have them ready in time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from scoring.search.affected import correct_scores
from scoring.search.affinity import affected_items, phi_of_pairs
from scoring.search.affinity_tables import NO_AFFINITIES
from scoring.search.block_search import search
from scoring.search.exact import column_peaks, exact_scores
from scoring.search.item_index import ItemIndex
from scoring.search.jit import has_code, keep_code_in
from scoring.search.queries import score_items, top_k
from scoring.search.tables import frozen

ENTRIES: Final = (
    search,
    exact_scores,
    column_peaks,
    correct_scores,
    affected_items,
    phi_of_pairs,
)


def warm_up(code_folder: Path | None = None, say: Callable[[], None] = lambda: None) -> None:
    """Compile everything, or load kept machine code: seconds once, then milliseconds.

    All arrays reach the compiled functions as read-only views of one type and order, so that
    no later call compiles anything.

    Args:
        code_folder: Where to keep machine code if it can't be kept beside the source.
        say: Called before anything is compiled.
    """
    if code_folder is not None:
        keep_code_in(code_folder, ENTRIES)
    if not all(map(has_code, ENTRIES)):
        say()
    items = np.zeros((1, 2), np.float32)
    index = ItemIndex.build(np.ones(1, np.float32), 0.0, items, None)
    top_k(index, items[0], 1)
    score_items(index, items[0], NO_AFFINITIES)
    none = NO_AFFINITIES
    affected_items(none.similarities, none.items, none.weights, none.workspace)
    nothing = np.empty((0, none.similarities.decay.size), np.float32)
    nobody = frozen(np.empty(0), np.int64)
    histories = none.starts, none.items, none.weights
    phi_of_pairs(none.similarities, *histories, nobody, nobody, none.workspace, nothing)

"""What a split network is stored as: its head, the halves, and what visitors need."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from scoring.head.head_file import save_head
from scoring.head.joint import Head
from storage.array_folder import save_arrays

if TYPE_CHECKING:
    from scoring.affinities import AffinityScoring
    from scoring.visitor_rows import VisitorRows

HEAD_FILE: Final = "head.npz"
AFFINITY_WEIGHTS: Final = "affinity_weights"


def save_split(
    folder: Path,
    head: Head,
    arrays: Mapping[str, NDArray[Any]],
    visitors: VisitorRows,
    affinity_scoring: AffinityScoring | None,
) -> None:
    """Write a head, the arrays that it joins, and what visitors and affinities need."""
    save_head(head, folder / HEAD_FILE)
    visitors.save(folder)
    weights = {}
    if affinity_scoring is not None:
        weights[AFFINITY_WEIGHTS] = affinity_scoring.affinity_weights
    save_arrays(folder, {**arrays, **weights}, {})

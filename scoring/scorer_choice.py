"""Which scorer a network gets: compiled search where its head allows, Keras where it must."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scoring.affinities import AffinityScoring
from scoring.head.head_file import load_head
from scoring.inputs import ModelInputs
from scoring.keras_file import MODEL_FILE, check_widths, load_network
from scoring.predict_scorer import PredictScorer
from scoring.saved_half import ITEM_HALF_FILE, USER_HALF_FILE, SavedHalf
from scoring.scorer import Scorer
from scoring.split_files import AFFINITY_WEIGHTS, HEAD_FILE, SplitParts
from scoring.tile_scorer import TileScorer
from storage.array_folder import open_arrays, read_manifest

if TYPE_CHECKING:
    from scoring.split.split_model import SplitModel


def build_scorer(path: Path, inputs: ModelInputs, say: Callable[[str], None]) -> Scorer:
    """Load a network and precompute its halves, checked against `model.predict`.

    Args:
        path: The Keras file.
        inputs: What it reads.
        say: Told what was decided.

    Raises:
        ArtifactError: The file is not a Keras model that can be loaded.
        ModelMismatchError: Its inputs don't fit the data.
    """
    from scoring.split.forms import GraphSplitError

    network = load_network(path)
    check_widths(network, inputs)
    try:
        return _split_scorer(network, inputs, say)
    except GraphSplitError as reason:
        return PredictScorer(network, inputs, str(reason))


def open_scorer(folder: Path, inputs: ModelInputs) -> Scorer:
    """Map what `Scorer.save` wrote; Keras is loaded only where the network doesn't split."""
    if not (folder / HEAD_FILE).exists():
        reason = read_manifest(folder)["reason"]
        return PredictScorer(load_network(folder / MODEL_FILE), inputs, reason)
    head = load_head(folder / HEAD_FILE)
    arrays: dict[str, NDArray[Any]] = open_arrays(folder)
    users, items = _halves_in(folder)
    affinity_scoring = _affinity_scoring(inputs, arrays.get(AFFINITY_WEIGHTS))
    parts = SplitParts(head, arrays["user_half"], users, items, affinity_scoring)
    if head.program is not None:
        return TileScorer(parts, arrays["item_half"])
    from scoring.search_scorer import SearchScorer  # numba; see scoring/compiled_search.py

    return SearchScorer.from_arrays(parts, arrays)


def _split_scorer(network: Any, inputs: ModelInputs, say: Callable[[str], None]) -> Scorer:
    """Split the network, check the split against `model.predict`, and compute the halves.

    Raises:
        GraphSplitError: It doesn't split, or the split disagrees or overflows.
    """
    from scoring.search_scorer import SearchScorer
    from scoring.split.agreement import AGREEMENT, check_split
    from scoring.split.forms import GraphSplitError
    from scoring.split.graph_split import split
    from scoring.split.split_model import INPUTS

    halves = split(network)
    if halves.note:
        say(halves.note)
    affinities_of = None if inputs.affinities is None else inputs.affinities.of_user
    difference = check_split(
        halves, inputs.tables, affinities_of=affinities_of, user_profile=inputs.user_profile
    )
    if not difference <= AGREEMENT:
        raise GraphSplitError(f"the split is off by {difference:.2g} on sampled pairs")
    users = [inputs.user_review, inputs.user_item]
    if len(halves.widths) == len(INPUTS) and inputs.user_profile is not None:
        users.append(inputs.user_profile)
    user_half = halves.user_half(*users)
    item_half = halves.item_half(inputs.item_desc, inputs.item_price)
    if not (np.isfinite(user_half).all() and np.isfinite(item_half).all()):
        raise GraphSplitError("a half of the split holds values that are not finite")
    affinity_scoring = _affinity_scoring(inputs, halves.affinity_weights)
    saved = SavedHalf(lambda: halves.user), SavedHalf(lambda: halves.item)
    parts = SplitParts(halves.head, user_half, *saved, affinity_scoring)
    if halves.head.program is not None:
        return TileScorer(parts, item_half)
    return SearchScorer.build(parts, item_half, say)


def _affinity_scoring(
    inputs: ModelInputs, affinity_weights: NDArray[Any] | None
) -> AffinityScoring | None:
    """Bring affinities and a network's weights for them together; None where it reads none."""
    if affinity_weights is None or inputs.affinities is None:
        return None
    return AffinityScoring(inputs.affinities, affinity_weights)


def _halves_in(folder: Path) -> tuple[SavedHalf, SavedHalf]:
    """Find the user half and the item half of a saved network."""

    def split_again() -> SplitModel:
        from scoring.split.graph_split import split

        return split(load_network(folder / MODEL_FILE))

    return (
        SavedHalf.open(folder / USER_HALF_FILE, lambda: split_again().user),
        SavedHalf.open(folder / ITEM_HALF_FILE, lambda: split_again().item),
    )

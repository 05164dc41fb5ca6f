"""The ranking model of one snapshot: scores every candidate item for a user."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.ranking import Ranking
from scoring.head.head_file import load_head
from scoring.inputs import ModelInputs, Visitor
from scoring.keras_file import MODEL_FILE, check_widths, load_network
from scoring.scorers import (
    AFFINITY_WEIGHTS,
    HEAD_FILE,
    CandidateMask,
    PredictScorer,
    Scorer,
    TileScorer,
)
from scoring.visitor_rows import VisitorRows
from storage.array_folder import open_arrays, read_manifest

if TYPE_CHECKING:
    from scoring.affinity_scoring import AffinityScoring
    from scoring.split.halves import Half

logger = logging.getLogger(__name__)


class Model:
    """Scores all items for a user, exactly as the Keras network would.

    A user is given by row, in the order of the user embeddings the model was built with.
    """

    def __init__(self, scorer: Scorer) -> None:
        """Wrap a way to score."""
        self._scorer = scorer

    @classmethod
    def from_keras(
        cls, path: Path, inputs: ModelInputs, say: Callable[[str], None] = logger.info
    ) -> Model:
        """Load a network and precompute its halves, checked against `model.predict`.

        A network that doesn't split, or whose split disagrees, is scored by Keras itself.

        Args:
            path: The Keras file.
            inputs: What it reads.
            say: Told what was decided on the way.

        Raises:
            ArtifactError: The file is no Keras model that can be loaded.
            ModelMismatchError: Its inputs don't fit the data.
        """
        network = load_network(path)
        check_widths(network, inputs)
        from scoring.split.graph_split import SplitError

        try:
            return cls(_split_scorer(network, inputs, say))
        except SplitError as reason:
            return cls(PredictScorer(network, inputs, str(reason)))

    @classmethod
    def open(cls, folder: Path, inputs: ModelInputs) -> Model:
        """Map a model that `save` wrote; Keras is loaded only where there is no split."""
        if not (folder / HEAD_FILE).exists():
            reason = read_manifest(folder)["reason"]
            return cls(PredictScorer(load_network(folder / MODEL_FILE), inputs, reason))
        head, arrays = load_head(folder / HEAD_FILE), open_arrays(folder)
        visitors = VisitorRows.open(folder, lambda: _user_half_of(folder / MODEL_FILE))
        affinity_scoring = _affinity_scoring(inputs, arrays.get(AFFINITY_WEIGHTS))
        if head.program is not None:
            return cls(TileScorer.from_arrays(head, arrays, visitors, affinity_scoring))
        from scoring.search_scorer import SearchScorer  # numba; see scoring/compiled_search.py

        return cls(SearchScorer.from_arrays(head, arrays, visitors, affinity_scoring))

    def save(self, folder: Path) -> None:
        """Write what `open` needs into a folder that already holds the Keras file."""
        self._scorer.save(folder)

    def score(self, user_row: int) -> FloatArray:
        """Score every item, (n_items,) float32; higher is better.

        The network's last increasing activation is left out, so that items whose sigmoid
        rounds to 1 keep their order.
        """
        return self._scorer.score(user_row)

    def top_k(
        self, user_row: int, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Rank the k best items, ties by lower row.

        Args:
            user_row: The user.
            k: How many items; fewer come back only where fewer are left.
            excluded: Item rows never to return, ascending.
            candidates: (n_items,), the items that may be returned; None for all.
        """
        return self._scorer.top_k(user_row, k, excluded, candidates)

    def top_k_of_many(
        self,
        user_rows: Sequence[int],
        k: int,
        excluded: Sequence[ItemRows],
        candidates: CandidateMask = None,
    ) -> list[Ranking]:
        """Rank for many users, each with its own excluded rows, as `top_k` does for each."""
        return self._scorer.top_k_of_many(user_rows, k, excluded, candidates)

    def top_k_of_visitor(
        self, visitor: Visitor, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Rank for somebody who isn't among the users, from `AppDataProcessor.visitor`.

        A user with the same vectors, profile and history gets the same ranking.
        """
        return self._scorer.top_k_of_visitor(visitor, k, excluded, candidates)

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Turn scores into the network's own outputs, probabilities where it ends in a sigmoid."""
        return self._scorer.outputs(scores)

    def describe(self) -> str:
        """Say which engine scores, in a few words."""
        return self._scorer.describe()

    @property
    def slow_reason(self) -> str | None:
        """Say why Keras has to score; None where the fast engine does."""
        return self._scorer.reason if isinstance(self._scorer, PredictScorer) else None

    def __repr__(self) -> str:
        """Name the engine."""
        return f"<Model: {self.describe()}>"


def _affinity_scoring(
    inputs: ModelInputs, affinity_weights: NDArray[Any] | None
) -> AffinityScoring | None:
    """What affinities add to the items' rows; None for a network that doesn't read them."""
    if affinity_weights is None or inputs.affinities is None:
        return None
    from scoring.affinity_scoring import AffinityScoring  # numba; see scoring/compiled_search.py

    return AffinityScoring(inputs.affinities, affinity_weights)


def _user_half_of(path: Path) -> Half:
    from scoring.split.graph_split import split

    return split(load_network(path)).user


def _split_scorer(network: Any, inputs: ModelInputs, say: Callable[[str], None]) -> Scorer:
    """Split the network, check the split against `model.predict`, and compute the halves.

    Raises:
        SplitError: It doesn't split, or the split disagrees or overflows.
    """
    from scoring.search_scorer import SearchScorer
    from scoring.split.graph_split import AGREEMENT, INPUTS, SplitError, check_split, split

    halves = split(network)
    affinities_of = None if inputs.affinities is None else inputs.affinities.of_user
    difference = check_split(
        halves, inputs.tables, affinities_of=affinities_of, user_profile=inputs.user_profile
    )
    if not difference <= AGREEMENT:
        raise SplitError(f"the split is off by {difference:.2g} on sampled pairs")
    users = [inputs.user_review, inputs.user_item]
    if len(halves.widths) == len(INPUTS) and inputs.user_profile is not None:
        users.append(inputs.user_profile)
    user_half = halves.user_half(*users)
    item_half = halves.item_half(inputs.item_desc, inputs.item_price)
    if not (np.isfinite(user_half).all() and np.isfinite(item_half).all()):
        raise SplitError("a half of the split holds values that are not finite")
    visitors, affinity_scoring = (
        VisitorRows(lambda: halves.user),
        _affinity_scoring(inputs, halves.affinity_weights),
    )
    if halves.head.program is not None:
        return TileScorer(halves.head, user_half, item_half, visitors, affinity_scoring)
    return SearchScorer.build(halves.head, user_half, item_half, visitors, affinity_scoring, say)

"""The ranking model of one snapshot: scores every candidate item for a user."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from recsys.arrays import FloatArray, ItemRows
from recsys.ranking import Ranking
from scoring.explain import Group, PairShares, explain_pair
from scoring.inputs import Inputs, ModelInputs, Visitor
from scoring.scorer import CandidateMask, ItemOffsets, Scorer
from scoring.scorer_choice import build_scorer, open_scorer

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
            say: Told what was decided.

        Raises:
            ArtifactError: The file is not a Keras model that can be loaded.
            ModelMismatchError: Its inputs don't fit the data.
        """
        return cls(build_scorer(path, inputs, say))

    @classmethod
    def open(cls, folder: Path, inputs: ModelInputs) -> Model:
        """Map a model that `save` wrote; Keras is loaded only where there is no split."""
        return cls(open_scorer(folder, inputs))

    def save(self, folder: Path) -> None:
        """Write what `open` needs into a folder that already holds the Keras file."""
        self._scorer.save(folder)

    def score(self, user_row: int) -> FloatArray:
        """Score every item, (n_items,) float32, as `Scorer.score` says."""
        return self._scorer.score(user_row)

    def top_k(
        self,
        user_rows: Sequence[int],
        k: int,
        excluded: Sequence[ItemRows],
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> list[Ranking]:
        """Rank the k best items for each of some users, as `Scorer.top_k` says."""
        return self._scorer.top_k(user_rows, k, excluded, candidates, offsets)

    def top_k_of_visitor(
        self,
        visitor: Visitor,
        k: int,
        excluded: ItemRows,
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> Ranking:
        """Rank for somebody who isn't among the users, described by `AppDataProcessor.visitor`."""
        return self._scorer.top_k_of_visitor(visitor, k, excluded, candidates, offsets)

    def explain(self, pair: Inputs, reference: Inputs, groups: Sequence[Group]) -> PairShares:
        """Divide a pair's score among groups of inputs, as `explain_pair` does."""
        return explain_pair(self._scorer, pair, reference, groups)

    @property
    def inputs_read(self) -> frozenset[str]:
        """Names of the inputs that the network reads."""
        return self._scorer.inputs_read

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Turn scores into the network's own outputs, probabilities where it ends in a sigmoid."""
        return self._scorer.outputs(scores)

    def describe(self) -> str:
        """Describe in a few words how items are scored."""
        return self._scorer.describe()

    @property
    def slow_reason(self) -> str | None:
        """Why Keras has to score; None where the fast engine does."""
        return self._scorer.slow_reason

    def __repr__(self) -> str:
        """Name the engine."""
        return f"<Model: {self.describe()}>"

"""What a baseline is, what it may learn from, and what it is once fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.target_ranks import CatalogScores
from recsys.arrays import BoolArray, FloatArray
from recsys.interactions import Interactions

if TYPE_CHECKING:
    from pipeline.train.ranker.feature_state import Catalog

MAX_TRIALS = 8
"""Settings that each baseline may try on validation, the same number for all."""

_LEAST_WEIGHT = 1e-6


@dataclass(frozen=True)
class TrainingData:
    """The reviews up to some cutoff, in order of time.

    Attributes:
        rows: The reviews. `users` is -1 for anonymous customers and `items` -1 outside the
            catalog; such rows count where they mean something.
        n_users: Number of users.
        n_items: Number of items in the catalog.
        item_vectors: (n_items, d) float32, embeddings of the items' texts.
        seed: Of the draws that a baseline makes.
        pair_decay_days: Age in days at which a pair counts 1 / e; None if age doesn't matter.
        catalog: Makes what a ranker reads of items, the same for all cutoffs; None where that
            isn't known.
    """

    rows: Interactions
    n_users: int
    n_items: int
    item_vectors: FloatArray
    seed: int = 7
    pair_decay_days: float | None = None
    catalog: Callable[[], Catalog] | None = None

    @cached_property
    def pairs(self) -> Interactions:
        """The first review of each pair of a known user and an item."""
        return self.rows.where(self.rows.known & first_of_pair(self.rows))

    @cached_property
    def matrix(self) -> Any:
        """Sparse matrix (n_users, n_items) float32 of what users have.

        An entry is exp(-age / pair_decay_days), age in days before the newest review, and 1
        where age doesn't matter. Below 1e-6 it stays there, so that products don't vanish.
        """
        from scipy.sparse import csr_matrix

        pairs, weights = self.pairs, np.ones(len(self.pairs))
        if self.pair_decay_days is not None:
            ages = self.rows.days.max(initial=0) - pairs.days
            weights = np.maximum(np.exp(-ages / self.pair_decay_days), _LEAST_WEIGHT)
        entries = (weights.astype(np.float32), (pairs.users, pairs.items))
        return csr_matrix(entries, shape=(self.n_users, self.n_items))

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Number of users that have each item, (n_items,)."""
        return np.bincount(self.pairs.items, minlength=self.n_items)

    @cached_property
    def begun(self) -> dict[Any, Any]:
        """Trainings on these data that another trial may continue, by what they depend on."""
        return {}

    def __repr__(self) -> str:
        """Show the numbers of reviews, users and items."""
        return f"<TrainingData of {len(self.rows):,} reviews, {self.n_users:,} x {self.n_items:,}>"


@dataclass(frozen=True)
class Fitted:
    """A fitted baseline.

    Attributes:
        catalog_scores: The scores by which it ranks.
        n_bytes: Size of the arrays that it has to keep for them.
    """

    catalog_scores: CatalogScores
    n_bytes: int


class Ladder(NamedTuple):
    """The values of one setting in order, and the place of the one to begin with."""

    values: tuple[Any, ...]
    start: int = 0


@dataclass(frozen=True)
class Baseline:
    """A kind of model: how it is fitted, and the settings that validation chooses from.

    Attributes:
        name: Its name in reports.
        fit: Fits it on `TrainingData` with one of the settings.
        ladders: The values of each setting; none where there is nothing to choose.
        parts: Baselines on whose chosen settings this one builds, tuned before it.
        refuses: Returns why `TrainingData` are too large for it, "" where they aren't.
    """

    name: str
    fit: Callable[..., Fitted]
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    parts: tuple[Baseline, ...] = ()
    refuses: Callable[[TrainingData], str] = lambda _: ""

    @property
    def start(self) -> dict[str, Any]:
        """The setting to begin with, those of its parts included."""
        settings = {name: value for part in self.parts for name, value in part.start.items()}
        return settings | {
            name: ladder.values[ladder.start] for name, ladder in self.ladders.items()
        }


def first_of_pair(interactions: Interactions) -> BoolArray:
    """Mark the first row, in the given order, of each pair of a user and an item.

    Anonymous customers are different people, so each of their rows is a first one.
    """
    n_items = int(interactions.items.max(initial=0)) + 2
    pairs = interactions.users * n_items + interactions.items + 1
    first = interactions.users < 0
    first[np.unique(pairs, return_index=True)[1]] = True
    return first

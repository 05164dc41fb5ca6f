"""A cutoff in a timeline: what is known then, and the cases that come after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.baseline import TrainingData, first_of_pair
from pipeline.evaluate.timeline import Timeline
from recsys.arrays import Rows
from recsys.catalog import seen_items
from recsys.interactions import Interactions
from recsys.split import TEST, TRAIN, VALIDATION

STALE: Final = "stale"
FRESH: Final = "fresh"
TUNING: Final = "tuning"

CUTOFFS: Final = {TUNING: (TRAIN, VALIDATION), STALE: (TRAIN, TEST), FRESH: (VALIDATION, TEST)}
"""The last part that is known, and the part that is asked about."""


@dataclass(frozen=True)
class Cutoff:
    """The questions that all models are asked, the same for each.

    Attributes:
        name: `TUNING`, `STALE` or `FRESH`.
        known: (n_rows of the timeline,) whether each review is known.
        history: The known reviews.
        cases: One row a question: the first review of an item of the catalog by a user
            with history, in the part that is asked about.
        users: (m,) ascending, the users of the cases.
        cold_start_users: The same questions for users without any history.
        seen_starts: Compressed rows, as `recsys.catalog.seen_items` gives them, of what
            each user has at this cutoff; left out of every ranking.
        seen: The items of them.
        catalog: (n_items,) the items that are ranked.
        asked_counts: (n_items,) the reviews of each item in the part that is asked about,
            which no model may know.
    """

    name: str
    known: NDArray[np.bool_]
    history: TrainingData
    cases: Interactions
    users: Rows
    cold_start_users: Interactions
    seen_starts: NDArray[np.int64]
    seen: NDArray[np.int32]
    catalog: NDArray[np.bool_]
    asked_counts: NDArray[np.int64]

    def seen_by(self, user: int) -> NDArray[np.int32]:
        """List what a user has at this cutoff, ascending."""
        return self.seen[self.seen_starts[user] : self.seen_starts[user + 1]]

    @cached_property
    def known_items(self) -> NDArray[np.bool_]:
        """Whether each item has a review in the history, (n_items,)."""
        rows = self.history.rows
        counts = np.bincount(rows.items[rows.items >= 0], minlength=self.history.n_items)
        return np.asarray(counts > 0)

    @cached_property
    def warm(self) -> NDArray[np.bool_]:
        """Whether each case's item has a review in the history, (n_cases,)."""
        return np.asarray(self.known_items[self.cases.items])

    def with_known_catalog(self) -> Cutoff:
        """Ask about the items alone that a catalog made of the history has."""
        cases = self.cases.where(self.warm)
        return replace(self, cases=cases, users=np.unique(cases.users), catalog=self.known_items)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Items that each case's user has, (n_cases,)."""
        return np.diff(self.seen_starts)[self.cases.users]

    def __repr__(self) -> str:
        """Say how many questions there are."""
        return f"<Cutoff {self.name}: {len(self.cases):,} cases of {len(self.users):,} users>"


def cutoff(timeline: Timeline, name: str, max_users: int = 0, seed: int = 7) -> Cutoff:
    """Stand at a cutoff of a timeline.

    Args:
        timeline: All reviews.
        name: `TUNING`, `STALE` or `FRESH`.
        max_users: Ask for at most so many users, drawn at random; 0 for all.
        seed: Of the draw of users, and of those that baselines make.
    """
    known_until, asked = CUTOFFS[name]
    rows = timeline.rows
    known = timeline.parts <= known_until
    history = TrainingData(
        rows.where(known),
        timeline.n_users,
        timeline.n_items,
        timeline.item_vectors,
        seed,
        catalog=timeline.catalog,
    )
    starts, seen = seen_items(rows.users[known], rows.items[known], timeline.n_users)
    questions = rows.where(rows.known & first_of_pair(rows) & (timeline.parts == asked))
    has_history = np.diff(starts)[questions.users] > 0
    cases = questions.where(has_history)
    users = np.unique(cases.users)
    if 0 < max_users < len(users):
        users = np.sort(np.random.default_rng(seed).choice(users, max_users, replace=False))
        cases = cases.where(np.isin(cases.users, users))
    met = np.unique(rows.users[known])
    cold_start_users = questions.where(~np.isin(questions.users, met))
    asked_items = rows.items[(timeline.parts == asked) & (rows.items >= 0)]
    counts = np.bincount(asked_items, minlength=timeline.n_items)
    return Cutoff(
        name,
        known,
        history,
        cases,
        users,
        cold_start_users,
        starts,
        seen,
        np.ones(timeline.n_items, dtype=bool),
        counts,
    )

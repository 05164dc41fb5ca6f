"""How one model is judged on the test pairs: its scores, its ranks, its first five."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.rivals import Contender, first_of_pair, popularity
from pipeline.training_data import Interactions, Rows
from recsys import metrics
from recsys.catalog import seen_items
from recsys.cold_start import cold_start_order
from recsys.ranking import top_rows
from recsys.split import TEST, VALIDATION

TOP_K: Final = 5
BLOCK_SCORES: Final = 4_000_000
"""Scores held at once while ranking, 16 MB: users are taken in blocks of this size."""


@dataclass(frozen=True)
class Cases:
    """The pairs on which all models are judged, the same for each.

    Attributes:
        test: Test rows of known users and items that are the first of their pair.
        validation: The same of the validation rows, for choosing thresholds.
        ranked: (n_test,) whether the case's user is among those ranked for.
        users: (m,) ascending rows of the users to rank for.
        seen_starts: Compressed rows, as `recsys.catalog.seen_items` gives them, of what a
            user had reviewed before the test period.
        seen: The items of them.
        warm: (n_test,) whether the case's item had a training row.
    """

    test: Interactions
    validation: Interactions
    ranked: NDArray[np.bool_]
    users: Rows
    seen_starts: NDArray[np.int64]
    seen: NDArray[np.int32]
    warm: NDArray[np.bool_]

    def seen_by(self, user: int) -> NDArray[np.int32]:
        """List what a user had reviewed before the test period."""
        return self.seen[self.seen_starts[user] : self.seen_starts[user + 1]]


@dataclass(frozen=True)
class Judged:
    """One model's answers.

    Attributes:
        name: Of the model.
        threshold: Score from which it says "5 stars".
        scores: (n_test,) one a test pair.
        ranks: (n_ranked,) rank of the item of each ranked case among all unseen items.
        top: (m, 5) item rows, best first, of each user of `Cases.users`; -1 where fewer
            are left.
        seconds: Time the ranking took.
    """

    name: str
    threshold: float
    scores: NDArray[np.floating]
    ranks: NDArray[np.float64]
    top: NDArray[np.int32]
    seconds: float


@dataclass(frozen=True)
class ColdStartJudged:
    """The cold-start rule beside plain popularity, for users first seen in the test period.

    Attributes:
        persons: (n,) the person of each case.
        rule_ranks: (n,) rank of the case's item by the rule.
        popularity_ranks: (n,) by number of reviews, ties by mid-rank.
        window_days: Days that the rule counted.
    """

    persons: Rows
    rule_ranks: NDArray[np.float64]
    popularity_ranks: NDArray[np.float64]
    window_days: int


def choose_cases(
    interactions: Interactions, n_users: int, n_items: int, max_users: int, seed: int
) -> Cases:
    """Choose the pairs and users to judge by.

    Args:
        interactions: All rows in order of time.
        n_users: Rows of the user tables.
        n_items: Rows of the item tables.
        max_users: Rank for at most so many users, drawn at random; 0 for all.
        seed: Chooses them.
    """
    fresh = interactions.known & first_of_pair(interactions)
    test = interactions.where(fresh & (interactions.parts == TEST))
    users = np.unique(test.users)
    if 0 < max_users < len(users):
        users = np.sort(np.random.default_rng(seed).choice(users, max_users, replace=False))
    before = interactions.where(interactions.parts < TEST)
    starts, seen = seen_items(before.users, before.items, n_users)
    trained = interactions.where(interactions.known & (interactions.parts < VALIDATION))
    has_history = np.bincount(trained.items, minlength=n_items) > 0
    return Cases(
        test=test,
        validation=interactions.where(fresh & (interactions.parts == VALIDATION)),
        ranked=np.isin(test.users, users),
        users=users,
        seen_starts=starts,
        seen=seen,
        warm=has_history[test.items],
    )


def judge(contender: Contender, cases: Cases, k: int = TOP_K) -> Judged:
    """Score the test pairs, rank the catalogue for every user, and find each case's rank."""
    threshold = contender.threshold
    if threshold is None:
        held_out = cases.validation
        scores = contender.pair_scores(held_out.users, held_out.items)
        threshold = metrics.best_threshold(held_out.liked, scores)
    started = time.monotonic()
    ranks, top = _rank(contender, cases, k)
    return Judged(
        name=contender.name,
        threshold=threshold,
        scores=contender.pair_scores(cases.test.users, cases.test.items),
        ranks=ranks,
        top=top,
        seconds=time.monotonic() - started,
    )


def judge_cold_start(
    interactions: Interactions, raw_prices: NDArray[np.float64], window_days: int
) -> ColdStartJudged:
    """Rank the first items of people who were never seen before the test period.

    Both rules count what was there when the test period began, training and validation
    rows alike, as a service does that reloads its data ("fresh").
    """
    before = interactions.where((interactions.parts < TEST) & (interactions.items >= 0))
    n_items = len(raw_prices)
    rule = cold_start_order(before.items, before.days, before.ratings, raw_prices, window_days)
    place = np.empty(n_items, dtype=np.float64)
    place[rule.order] = np.arange(1, n_items + 1)
    counts = popularity(before, n_items).pair_scores(np.arange(n_items), np.arange(n_items))
    popular = n_items + 1 - metrics.mid_ranks(counts)
    met = np.unique(interactions.persons[interactions.parts < TEST])
    cases = interactions.where(
        (interactions.parts == TEST)
        & (interactions.persons >= 0)
        & (interactions.items >= 0)
        & ~np.isin(interactions.persons, met)
        & first_of_pair(interactions)
    )
    return ColdStartJudged(
        cases.persons, place[cases.items], popular[cases.items], rule.window_days
    )


def _rank(
    contender: Contender, cases: Cases, k: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Rank block by block of users: ranks of the ranked cases, and the first k of each user."""
    ranked_rows = np.flatnonzero(cases.ranked)
    order = ranked_rows[np.argsort(cases.test.users[ranked_rows], kind="stable")]
    starts = np.searchsorted(cases.test.users[order], cases.users)
    ends = np.append(starts[1:], len(order))
    ranks = np.empty(len(cases.test), dtype=np.float64)
    top = np.full((len(cases.users), k), -1, dtype=np.int32)
    for block in _user_blocks(contender, cases.users):
        for row, scores in zip(block, contender.catalog_scores(cases.users[block]), strict=True):
            seen = cases.seen_by(int(cases.users[row]))
            best = top_rows(scores, k, seen)
            top[row, : len(best)] = best
            left = scores.astype(np.float32)
            left[seen] = -np.inf
            for case in order[starts[row] : ends[row]]:
                ranks[case] = metrics.target_rank(left, int(cases.test.items[case]))
    return ranks[ranked_rows], top


def _user_blocks(contender: Contender, users: Rows) -> list[NDArray[np.intp]]:
    """Cut positions 0..m-1 into blocks whose scores fit `BLOCK_SCORES`."""
    if len(users) == 0:
        return []
    n_items = contender.catalog_scores(users[:1]).shape[1]
    size = max(1, BLOCK_SCORES // n_items)
    positions = np.arange(len(users))
    return [positions[first : first + size] for first in range(0, len(users), size)]

"""The one way to a recommendation, for known users, unknown ones and visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

import numpy as np

from classes.app_data_processing import AppDataProcessor
from classes.candidates import choose
from classes.model import Model
from classes.options import RecommendationOptions
from classes.service_counters import COLD_START, PERSONALISED, TOP_LIST, ListSource
from classes.top_lists import TopLists
from recsys.arrays import FloatArray, ItemRows
from recsys.ranking import Ranking

PLAIN: Final = RecommendationOptions()

User = TypeVar("User", bound=str | None)
"""A name as the caller wrote it; None for a visitor, who has none."""


@dataclass(frozen=True)
class Recommendation:
    """One user's list, and how it came about.

    Attributes:
        rows: (k,) int32 item rows, best first.
        scores: (k,) float32 outputs of the network, probabilities where it ends in a
            sigmoid; None for the cold-start list, which has no scores.
        user_row: Row of the user; None for an unknown user or a visitor.
        source: Where the list comes from.
        n_candidates: How many items there were to choose from.
        n_without_price: How many items were left out because they have no price.
        reason: Why there are fewer items than asked for, if there are.
        unknown_items: Items of the history that the catalog doesn't have.
    """

    rows: ItemRows
    scores: FloatArray | None
    user_row: int | None
    source: ListSource
    n_candidates: int
    n_without_price: int
    reason: str | None
    unknown_items: tuple[str, ...] = ()


class Recommender:
    """Recommends the items of one snapshot.

    A list that is computed ahead is looked up. Every other one goes through three steps:
    the options decide on the candidates, the model or popularity ranks them, and the details
    are added where they are asked for.
    """

    def __init__(
        self,
        data: AppDataProcessor,
        model: Model,
        top_lists: TopLists | None = None,
        count_list: Callable[[ListSource], None] | None = None,
    ) -> None:
        """Take data and model that were checked against each other.

        Args:
            data: Users and items.
            model: Scores every item for a user.
            top_lists: Lists computed ahead, if there are any.
            count_list: Called with the source of each list.
        """
        self._data = data
        self._model = model
        self._top_lists = top_lists
        self._count_list = count_list or (lambda _: None)

    def recommend(
        self, users: Iterable[User], options: RecommendationOptions = PLAIN
    ) -> dict[User, list[str]]:
        """List the names of each user's best items, users in the order asked.

        Raises:
            OptionError: The options don't fit the data.
        """
        lists: dict[User, list[str]] = {}
        to_rank: dict[User, int | None] = {}
        for user in users:
            user_row = self._user_row(user)
            rows = self._looked_up(user_row, options.n) if options.is_plain else None
            if rows is None:
                to_rank[user] = user_row
                lists[user] = []  # keeps the user's place in the order
            else:
                lists[user] = self._data.item_names(rows)
        if to_rank:
            for user, found in self._ranked(to_rank, _Choice(self._data, self._model, options)):
                lists[user] = self._data.item_names(found.rows)
        return lists

    def recommend_in_detail(
        self, users: Iterable[User], options: RecommendationOptions = PLAIN
    ) -> dict[User, Recommendation]:
        """Rank as `recommend` does, with scores, and counts of the candidates.

        Raises:
            OptionError: The options don't fit the data.
        """
        choice = _Choice(self._data, self._model, options)
        user_rows = {user: self._user_row(user) for user in users}
        return {user: choice.details(found) for user, found in self._ranked(user_rows, choice)}

    def rank_unseen(self, user_rows: Sequence[int], k: int) -> list[Ranking]:
        """Rank the k best items that each known user has not reviewed."""
        seen = [self._data.seen_items(user_row) for user_row in user_rows]
        return self._model.top_k(user_rows, k, seen)

    @property
    def progress(self) -> float:
        """Share of the users whose list is computed ahead, 0 to 1."""
        return 0.0 if self._top_lists is None else self._top_lists.progress

    def _user_row(self, user: str | None) -> int | None:
        return None if user is None else self._data.user_row(user)

    def _looked_up(self, user_row: int | None, n: int) -> ItemRows | None:
        """Find a list that takes no scoring; None where the model has to rank."""
        if user_row is None:
            self._count_list(COLD_START)
            return self._data.cold_start_items(n)
        listed = None if self._top_lists is None else self._top_lists.of(user_row)
        if listed is None:
            return None
        self._count_list(TOP_LIST)
        return listed[:n]

    def _ranked(
        self, user_rows: Mapping[User, int | None], choice: _Choice
    ) -> list[tuple[User, _Ranked]]:
        """Rank now: known users together, and once for all others."""
        known = {row: row for row in user_rows.values() if row is not None}
        personal = dict(zip(known, choice.for_known(list(known)), strict=True))
        ranked = [
            (user, choice.for_unknown if row is None else personal[row])
            for user, row in user_rows.items()
        ]
        for _, each in ranked:
            self._count_list(each.source)
        return ranked


class _Ranked(NamedTuple):
    """A list before its details: the items, their scores, and which items it couldn't hold."""

    rows: ItemRows
    scores: FloatArray | None
    excluded: ItemRows
    user_row: int | None = None
    unknown_items: tuple[str, ...] = ()

    @property
    def source(self) -> ListSource:
        return COLD_START if self.scores is None else PERSONALISED


class _Choice:
    """What options amount to in one snapshot, worked out once for all users of a request."""

    def __init__(
        self, data: AppDataProcessor, model: Model, options: RecommendationOptions
    ) -> None:
        """Apply the filters, and find the rows of excluded items; unknown names do no harm."""
        self._data = data
        self._model = model
        self._options = options
        self._candidates = choose(data.facts, options)
        self._excluded = data.no_items
        if options.exclude:
            found = {data.item_row(name) for name in options.exclude} - {None}
            self._excluded = np.array(sorted(found), dtype=np.int32)  # type: ignore[type-var]

    def for_known(self, user_rows: Sequence[int]) -> list[_Ranked]:
        """Rank for known users, in their order."""
        excluded = [self._without(self._data.seen_items(row)) for row in user_rows]
        mask, n = self._candidates.mask, self._options.n
        rankings = self._model.top_k(user_rows, n, excluded, mask)
        return [
            _Ranked(ranking.rows, ranking.scores, rows, user_row)
            for user_row, ranking, rows in zip(user_rows, rankings, excluded, strict=True)
        ]

    @cached_property
    def for_unknown(self) -> _Ranked:
        """Rank for somebody with the history, or by popularity where there is none."""
        found = {name: self._data.item_row(name) for name in self._options.history}
        unknown = tuple(name for name, row in found.items() if row is None)
        history = np.array([row for row in found.values() if row is not None], dtype=np.int32)
        if not len(history):
            return _Ranked(self._popular(), None, self._excluded, unknown_items=unknown)
        excluded = self._without(np.unique(history))
        visitor, mask = self._data.visitor(history), self._candidates.mask
        ranking = self._model.top_k_of_visitor(visitor, self._options.n, excluded, mask)
        return _Ranked(ranking.rows, ranking.scores, excluded, unknown_items=unknown)

    def details(self, ranked: _Ranked) -> Recommendation:
        """Add scores, counts and reasons to a list."""
        scores, candidates = ranked.scores, self._candidates
        return Recommendation(
            ranked.rows,
            None if scores is None else self._model.outputs(scores),
            ranked.user_row,
            ranked.source,
            candidates.without(ranked.excluded),
            candidates.n_without_price,
            candidates.shortage(len(ranked.rows), self._options.n, self._data.n_items),
            ranked.unknown_items,
        )

    def _popular(self) -> ItemRows:
        order = self._data.cold_start_items(self._data.n_items)
        if self._candidates.mask is not None:
            order = order[self._candidates.mask[order]]
        if len(self._excluded):
            order = order[~np.isin(order, self._excluded)]
        return order[: self._options.n]

    def _without(self, seen: ItemRows) -> ItemRows:
        """Join excluded and seen items (ascending, distinct), as far as the options say so."""
        if not self._options.exclude_seen:
            return self._excluded
        return np.union1d(self._excluded, seen) if len(self._excluded) else seen

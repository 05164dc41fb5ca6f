"""The one way to a recommendation, for known users, unknown ones and visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from classes.app_data_processing import AppDataProcessor
from classes.lists.choice import Choice, Ranked, Recommendation
from classes.live.found_user import FoundUser
from classes.live.users import Users
from classes.model import Model
from classes.options import RecommendationOptions
from classes.rules.compiled import CompiledRules
from classes.rules.snapshot_rules import SnapshotRules
from classes.service_counters import COLD_START, TOP_LIST, ListSource
from classes.top_lists import TopLists
from recsys.arrays import ItemRows
from recsys.ranking import Ranking

PLAIN: Final = RecommendationOptions()

User = TypeVar("User", bound=str | None)
"""A name as the caller wrote it; None for a visitor, who has none."""


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
        rules: SnapshotRules | None = None,
        users: Users | None = None,
    ) -> None:
        """Take data and model that were checked against each other.

        Args:
            data: Users and items.
            model: Scores every item for a user.
            top_lists: Lists computed ahead, if there are any.
            count_list: Called with the source of each list.
            rules: What the shop says about its lists; nothing by default.
            users: Finds users by name, with what they have done since; those of the data by
                default.
        """
        self._data = data
        self._model = model
        self._top_lists = top_lists
        self._count_list = count_list or (lambda _: None)
        self._rules = rules
        self._users = users or Users(data)

    def recommend(
        self, users: Iterable[User], options: RecommendationOptions = PLAIN
    ) -> dict[User, list[str]]:
        """List the names of each user's best items, users in the order asked.

        Raises:
            OptionError: The options don't fit the data.
        """
        lists: dict[User, list[str]] = {}
        to_rank: dict[User, FoundUser | None] = {}
        rules = None if self._rules is None else self._rules.of(options.scenario)
        for user in users:
            found = self._found(user)
            rows = self._looked_up(found, options.n, rules) if options.is_plain else None
            if rows is None:
                to_rank[user] = found
                lists[user] = []  # keeps the user's place in the order
            else:
                lists[user] = self._data.item_names(rows)
        if to_rank:
            choice = Choice(self._data, self._model, options, rules)
            for user, ranked in self._ranked(to_rank, choice):
                lists[user] = self._data.item_names(ranked.rows)
        return lists

    def recommend_in_detail(
        self, users: Iterable[User], options: RecommendationOptions = PLAIN
    ) -> dict[User, Recommendation]:
        """Rank as `recommend` does, with scores, and counts of the candidates.

        Raises:
            OptionError: The options don't fit the data.
        """
        rules = None if self._rules is None else self._rules.of(options.scenario)
        choice = Choice(self._data, self._model, options, rules)
        found = {user: self._found(user) for user in users}
        return {user: choice.details(ranked) for user, ranked in self._ranked(found, choice)}

    def rank_unseen(self, user_rows: Sequence[int], k: int) -> list[Ranking]:
        """Rank the k best items that each known user has not reviewed."""
        seen = [self._data.reviews.seen_items(user_row) for user_row in user_rows]
        return self._model.top_k(user_rows, k, seen)

    @property
    def progress(self) -> float:
        """Share of the users whose list is computed ahead, 0 to 1."""
        return 0.0 if self._top_lists is None else self._top_lists.progress

    @property
    def top_lists(self) -> TopLists | None:
        """The lists computed ahead, if there are any."""
        return self._top_lists

    def _found(self, user: str | None) -> FoundUser | None:
        return None if user is None else self._users.find(user)

    def _looked_up(
        self, user: FoundUser | None, n: int, rules: CompiledRules | None
    ) -> ItemRows | None:
        """Find a list that takes no scoring; None where the model has to rank."""
        if user is None:
            self._count_list(COLD_START)
            return self._data.cold_start.order[:n] if rules is None else rules.popular_list[:n]
        user_row = user.user_row
        if user_row is None or user.live is not None or self._top_lists is None:
            return None
        listed = self._top_lists.of(user_row)
        if listed is not None and rules is not None:
            listed = rules.looked_up(listed, self._data.reviews.seen_items(user_row), n)
        if listed is None:
            return None
        self._count_list(TOP_LIST)
        return listed[:n]

    def _ranked(
        self, found: Mapping[User, FoundUser | None], choice: Choice
    ) -> list[tuple[User, Ranked]]:
        """Rank now: known users together, and once for all others."""
        known = {user.name: user for user in found.values() if user is not None}
        personal = dict(zip(known, choice.for_known(list(known.values())), strict=True))
        ranked = [
            (name, choice.for_unknown if user is None else personal[user.name])
            for name, user in found.items()
        ]
        for _, each in ranked:
            self._count_list(each.source)
        return ranked

"""What a request's options amount to in one snapshot, and the lists that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, cast

import numpy as np

from classes.app_data_processing import AppDataProcessor
from classes.candidates import choose
from classes.lists.person import person_of, rows_of
from classes.lists.variety import varied
from classes.model import Model
from classes.options import RecommendationOptions
from classes.rules.compiled import CompiledRules, place_pins
from classes.service_counters import COLD_START, PERSONALISED, ListSource
from recsys.arrays import BoolArray, FloatArray, ItemRows
from recsys.ranking import Ranking
from recsys.reranking import Search
from scoring.inputs import Visitor


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
        n_before: How many items of the whole list are on the pages before.
        rule_ids: The rule that each item's place comes from; None where none does.
    """

    rows: ItemRows
    scores: FloatArray | None
    user_row: int | None
    source: ListSource
    n_candidates: int
    n_without_price: int
    reason: str | None
    unknown_items: tuple[str, ...] = ()
    n_before: int = 0
    rule_ids: tuple[str | None, ...] = ()


class Ranked(NamedTuple):
    """A list before its details: the items, their scores, and which items it couldn't hold."""

    rows: ItemRows
    scores: FloatArray | None
    excluded: ItemRows
    user_row: int | None = None
    unknown_items: tuple[str, ...] = ()
    n_before: int = 0

    @property
    def source(self) -> ListSource:
        """Whether the model ranked."""
        return COLD_START if self.scores is None else PERSONALISED

    def page(self, options: RecommendationOptions) -> Ranked:
        """Cut one page out of a whole list."""
        page = slice(options.offset, options.last)
        scores = None if self.scores is None else self.scores[page]
        n_before = min(options.offset, len(self.rows))
        return self._replace(rows=self.rows[page], scores=scores, n_before=n_before)


class Choice:
    """What options amount to in one snapshot, worked out once for all users of a request."""

    def __init__(
        self,
        data: AppDataProcessor,
        model: Model,
        options: RecommendationOptions,
        rules: CompiledRules | None = None,
    ) -> None:
        """Apply the filters, and find the rows of excluded items; unknown names do no harm."""
        self._data = data
        self._model = model
        self._options = options
        self._rules = rules
        self._candidates = choose(data, options, rules)
        self._rankable = self._candidates.mask
        self._offsets = None
        if rules is not None:
            self._rankable, self._offsets = rules.unpinned(self._rankable), rules.offsets
        self._excluded = data.item_rows(options.exclude) if options.exclude else data.no_items

    def for_known(self, user_rows: Sequence[int]) -> list[Ranked]:
        """Rank for known users, in their order."""
        excluded = [self._without(self._data.seen_items(row)) for row in user_rows]
        depth, mask = self._options.depth, self._rankable
        searches = [self._search_for(user_row) for user_row in user_rows]
        if self._options.without:
            pairs = zip(searches, excluded, strict=True)
            rankings = [search(depth, mask, rows) for search, rows in pairs]
        else:
            rankings = self._model.top_k(user_rows, depth, excluded, mask, self._offsets)
        users = zip(user_rows, rankings, excluded, searches, strict=True)
        return [
            self._finished(Ranked(*ranking, rows, user_row), search)
            for user_row, ranking, rows, search in users
        ]

    @cached_property
    def for_unknown(self) -> Ranked:
        """Rank for somebody with the history, or by popularity where there is none."""
        found = {name: self._data.item_row(name) for name in self._options.history}
        unknown = tuple(name for name, row in found.items() if row is None)
        history = rows_of(self._data, self._options.history)
        visitor = person_of(self._data, None, self._options)
        search: Search = self._popular
        excluded = self._without(np.unique(history)) if len(history) else self._excluded
        if visitor is not None:
            search = self._search_for_visitor(visitor)
        ranking = search(self._options.depth, self._rankable, excluded)
        ranked = self._finished(Ranked(*ranking, excluded, unknown_items=unknown), search)
        return ranked if visitor is not None else ranked._replace(scores=None)

    def details(self, ranked: Ranked) -> Recommendation:
        """Add scores, counts and reasons to a list."""
        scores, candidates, rules = ranked.scores, self._candidates, self._rules
        if rules is not None and scores is not None and rules.change_scores:
            scores = self._own_scores(ranked)
        n_left, n_found = candidates.without(ranked.excluded), ranked.n_before + len(ranked.rows)
        return Recommendation(
            ranked.rows,
            None if scores is None else self._model.outputs(scores),
            ranked.user_row,
            ranked.source,
            n_left,
            candidates.n_without_price,
            candidates.shortage(n_found, n_left, self._options, self._data.n_items),
            ranked.unknown_items,
            ranked.n_before,
            () if rules is None else tuple(rules.rule_of(int(row)) for row in ranked.rows),
        )

    def _finished(self, ranked: Ranked, search: Search) -> Ranked:
        """Turn the first items of a ranking, whose scores are known, into a page."""
        options = self._options
        if options.is_varied and ranked.scores is not None:
            ranking, mask = Ranking(ranked.rows, ranked.scores), self._rankable
            rows, scores = varied(self._data, options, ranking, search, mask, ranked.excluded)
            ranked = ranked._replace(rows=rows, scores=scores)
        if self._rules is not None and self._rules.pins:
            ranked = self._pinned(ranked, self._rules)
        return ranked.page(options) if options.depth != options.n else ranked

    def _pinned(self, ranked: Ranked, rules: CompiledRules) -> Ranked:
        """Put pinned items at their places; the scores are no longer those of the items."""
        pins = rules.pins_for(self._candidates.mask, ranked.excluded)
        rows = place_pins(ranked.rows, pins, self._options.last)
        unknown = np.full(len(rows), np.nan, dtype=np.float32)
        return ranked._replace(rows=rows, scores=unknown)

    def _own_scores(self, ranked: Ranked) -> FloatArray:
        """Score listed items as the model does, whatever rules add: these are the candidates."""
        listed = np.zeros(self._data.n_items, np.bool_)
        listed[ranked.rows] = True
        of, k, no_items = ranked.user_row, max(1, len(ranked.rows)), self._data.no_items
        if of is not None and not self._options.without:
            rows, scores = self._model.top_k([of], k, [no_items], listed)[0]
        else:
            visitor = cast(Visitor, person_of(self._data, of, self._options))
            rows, scores = self._model.top_k_of_visitor(visitor, k, no_items, listed)
        ascending = np.argsort(rows)
        own: FloatArray = scores[ascending[np.searchsorted(rows, ranked.rows, sorter=ascending)]]
        return own

    @cached_property
    def _left_out(self) -> ItemRows:
        return rows_of(self._data, self._options.without)

    def _search_for(self, user_row: int) -> Search:
        if self._options.without:
            return self._search_for_visitor(self._data.person(user_row, self._left_out))

        def search(k: int, mask: BoolArray | None, excluded: ItemRows) -> Ranking:
            return self._model.top_k([user_row], k, [excluded], mask, self._offsets)[0]

        return search

    def _search_for_visitor(self, visitor: Visitor) -> Search:
        def search(k: int, mask: BoolArray | None, excluded: ItemRows) -> Ranking:
            return self._model.top_k_of_visitor(visitor, k, excluded, mask, self._offsets)

        return search

    def _popular(self, k: int, mask: BoolArray | None, excluded: ItemRows) -> Ranking:
        """Find the first k items of the cold-start list; the nearer the end, the lower the score."""
        order = self._data.cold_start_items(self._data.n_items)
        if self._rules is not None:
            order = self._rules.popular_order
        if mask is not None:
            order = order[mask[order]]
        if len(excluded):
            order = order[~np.isin(order, excluded)]
        order = order[:k]
        return Ranking(order, -np.arange(len(order), dtype=np.float32))

    def _without(self, seen: ItemRows) -> ItemRows:
        """Join excluded and seen items (ascending, distinct), as far as the options say so."""
        if not self._options.exclude_seen:
            return self._excluded
        return np.union1d(self._excluded, seen) if len(self._excluded) else seen

"""What a request's options amount to in one snapshot, and the lists that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, cast

import numpy as np

from classes.app_data_processing import AppDataProcessor
from classes.candidates import choose
from classes.lists.person import Person
from classes.lists.variety import varied
from classes.live.found_user import FoundUser
from classes.model import Model
from classes.options import RecommendationOptions
from classes.rules.compiled import CompiledRules, place_pins
from classes.service_counters import COLD_START, PERSONALIZED, ListSource
from recsys.arrays import BoolArray, FloatArray, ItemRows
from recsys.ranking import Ranking
from recsys.reranking import Search


@dataclass(frozen=True)
class Recommendation:
    """One user's list, and how it came about.

    Attributes:
        rows: (k,) int32 item rows, best first.
        scores: (k,) float32 outputs of the network, probabilities where it ends in a
            sigmoid; None for the cold-start list, which has no scores.
        person: Whom the list is for.
        five_star_chances: (k,) float32, as `AppDataProcessor.five_star_probability` says.
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
    person: Person
    five_star_chances: FloatArray | None
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
    person: Person
    unknown_items: tuple[str, ...] = ()
    n_before: int = 0

    @property
    def source(self) -> ListSource:
        """Whether the model ranked."""
        return COLD_START if self.scores is None else PERSONALIZED

    def page(self, options: RecommendationOptions) -> Ranked:
        """Cut one page out of a whole list."""
        page = slice(options.offset, options.last)
        scores = None if self.scores is None else self.scores[page]
        n_before = min(options.offset, len(self.rows))
        return self._replace(rows=self.rows[page], scores=scores, n_before=n_before)


class Choice:
    """The options of a request applied to one snapshot, once for all users of the request."""

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

    def for_known(self, users: Sequence[FoundUser]) -> list[Ranked]:
        """Rank for known users, in their order."""
        people = [Person(self._data, user, self._options) for user in users]
        excluded = [self._excluded_for(person) for person in people]
        depth, mask = self._options.depth, self._rankable
        stored = [place for place, person in enumerate(people) if person.row is not None]
        rows = [cast(int, people[place].row) for place in stored]
        left_out = [excluded[place] for place in stored]
        together = self._model.top_k(rows, depth, left_out, mask, self._offsets)
        rankings = dict(zip(stored, together, strict=True))
        lists = []
        for place, (person, rows_out) in enumerate(zip(people, excluded, strict=True)):
            search = self._search_for(person)
            ranking = rankings.get(place) or search(depth, mask, rows_out)
            ranked = Ranked(*ranking, rows_out, person, self._unknown)
            lists.append(self._finished(ranked, search))
        return lists

    @cached_property
    def for_unknown(self) -> Ranked:
        """Rank for somebody with the history, or by popularity where there is none."""
        options = self._options
        person = Person(self._data, None, options)
        search, excluded = self._search_for(person), self._excluded_for(person)
        ranking = search(options.depth, self._rankable, excluded)
        ranked = self._finished(Ranked(*ranking, excluded, person, self._unknown), search)
        return ranked if person.visitor is not None else ranked._replace(scores=None)

    def details(self, ranked: Ranked) -> Recommendation:
        """Add scores, counts and reasons to a list."""
        scores, candidates, rules = ranked.scores, self._candidates, self._rules
        if rules is not None and scores is not None and rules.change_scores:
            scores = self._own_scores(ranked)
        n_left, n_found = candidates.without(ranked.excluded), ranked.n_before + len(ranked.rows)
        return Recommendation(
            ranked.rows,
            None if scores is None else self._model.outputs(scores),
            ranked.person,
            self._data.five_star_probability(ranked.person.visitor, ranked.rows),
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
        """Score the listed items as the model does, without what rules add to scores."""
        listed = np.zeros(self._data.n_items, np.bool_)
        listed[ranked.rows] = True
        search, k = self._search_for(ranked.person, by_rules=False), max(1, len(ranked.rows))
        rows, scores = search(k, listed, self._data.no_items)
        ascending = np.argsort(rows)
        own: FloatArray = scores[ascending[np.searchsorted(rows, ranked.rows, sorter=ascending)]]
        return own

    @cached_property
    def _unknown(self) -> tuple[str, ...]:
        """Items of the request's history that the catalog doesn't have."""
        history = self._options.history
        return tuple(name for name in history if self._data.item_row(name) is None)

    def _search_for(self, person: Person, *, by_rules: bool = True) -> Search:
        offsets = self._offsets if by_rules else None

        def search(k: int, mask: BoolArray | None, excluded: ItemRows) -> Ranking:
            if person.row is not None:
                return self._model.top_k([person.row], k, [excluded], mask, offsets)[0]
            if person.visitor is not None:
                return self._model.top_k_of_visitor(person.visitor, k, excluded, mask, offsets)
            return self._popular(k, mask, excluded)

        return search

    def _popular(self, k: int, mask: BoolArray | None, excluded: ItemRows) -> Ranking:
        """Find the first k items of the cold-start list; the nearer the end, the lower the score."""
        order = self._data.cold_start.order
        if self._rules is not None:
            order = self._rules.popular_order
        if mask is not None:
            order = order[mask[order]]
        if len(excluded):
            order = order[~np.isin(order, excluded)]
        order = order[:k]
        return Ranking(order, -np.arange(len(order), dtype=np.float32))

    def _excluded_for(self, person: Person) -> ItemRows:
        """Join what the request excludes with what the person has seen or hidden.

        Returns:
            Item rows, ascending and distinct.
        """
        own = person.seen if self._options.exclude_seen else person.hidden
        if not len(self._excluded) or not len(own):
            return own if len(own) else self._excluded
        return np.union1d(self._excluded, own)

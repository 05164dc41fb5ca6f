"""The rules that are active for one scenario, as arrays over the items of one snapshot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classes.app_data_processing import AppDataProcessor
from classes.rules.rule import HIDE, PIN, Rule
from classes.top_lists import TOP_K
from recsys.arrays import BoolArray, FloatArray, ItemRows

_NONE: Final = -1


class Pin(NamedTuple):
    """An item and the place where it stands, from 1."""

    place: int
    row: int


@dataclass(frozen=True)
class CompiledRules:
    """What rules say about each item; nothing is computed in a request.

    Attributes:
        rules: The rules that are active, in the order of their document.
        popular: (n_items,) int32, the cold-start list of the data.
        allowed: (n_items,) bool, False for hidden items; None where none is hidden.
        offsets: (n_items,) float32, what is added to the scores (logits); None where no item
            is boosted or buried.
        pins: The pinned items that aren't hidden, by place, then by order of their rules.
        touched: (n_items,) int16, the place in `rules` of the rule to name beside an item, -1
            for none.
    """

    rules: tuple[Rule, ...]
    popular: ItemRows
    allowed: BoolArray | None
    offsets: FloatArray | None
    pins: tuple[Pin, ...]
    touched: NDArray[np.int16]

    @cached_property
    def n_hidden(self) -> int:
        """Count the hidden items."""
        return 0 if self.allowed is None else int(np.count_nonzero(~self.allowed))

    @property
    def change_scores(self) -> bool:
        """Whether the scores of a ranking aren't the model's own."""
        return self.offsets is not None or bool(self.pins)

    @cached_property
    def popular_list(self) -> ItemRows:
        """Rows of the cold-start list, pinned items at their places."""
        order, unpinned = self.popular_order, self._unpinned
        if unpinned is None:
            return order
        return place_pins(order[unpinned[order]], self.pins, len(self.touched))

    def looked_up(self, listed: ItemRows, seen: ItemRows, n: int) -> ItemRows | None:
        """Adapt a list computed ahead without rules; None where the model has to rank.

        Args:
            listed: Rows of the user's `TOP_K` best items, fewer only where there are no more.
            seen: Rows of the items that the user has reviewed, ascending.
            n: How many items to return.
        """
        if self.offsets is not None:
            return None
        if self.allowed is not None and not self.allowed[listed].all():
            return None
        if not self.pins:
            return listed[:n]
        unpinned = listed[~np.isin(listed, self._rows_by_place)]
        if len(unpinned) < n and len(listed) == TOP_K:
            return None
        return place_pins(unpinned, self.pins_for(None, seen), n)

    @cached_property
    def _rows_by_place(self) -> ItemRows:
        """Rows of the pinned items, in the order of `pins`."""
        return np.array([pin.row for pin in self.pins], dtype=np.int32)

    @cached_property
    def popular_order(self) -> ItemRows:
        """Rows of the cold-start list as the rules want it, but for pins.

        By Zipf's law the popularity of the item at place p is as 1 / p, so adding x to its
        logarithm counts p as p / e^x.
        """
        order = self.popular
        if self.offsets is not None:
            places = np.log(np.arange(1, len(order) + 1)) - self.offsets[order]
            order = order[np.argsort(places, kind="stable")]
        return order if self.allowed is None else order[self.allowed[order]]

    def rule_of(self, item_row: int) -> str | None:
        """Return the id of the rule that changed an item's place; None if none did."""
        place = int(self.touched[item_row])
        return None if place == _NONE else self.rules[place].id

    def unpinned(self, candidates: BoolArray | None) -> BoolArray | None:
        """Leave pinned items out of candidates (n_items,), so that they aren't ranked."""
        return self._unpinned if candidates is self.allowed else self._without_pins(candidates)

    @cached_property
    def _unpinned(self) -> BoolArray | None:
        """What is ranked in requests without filters, (n_items,) bool; None for all items."""
        return self._without_pins(self.allowed)

    def _without_pins(self, candidates: BoolArray | None) -> BoolArray | None:
        if not self.pins:
            return candidates
        without = np.ones(len(self.touched), np.bool_) if candidates is None else candidates.copy()
        without[self._rows_by_place] = False
        return without

    def pins_for(self, candidates: BoolArray | None, excluded: ItemRows) -> Iterator[Pin]:
        """Yield the pins that a user gets: of candidates, without excluded rows (ascending)."""
        rows = self._rows_by_place
        fits = np.ones(len(rows), np.bool_) if candidates is None else candidates[rows]
        if len(excluded):
            at = np.minimum(np.searchsorted(excluded, rows), len(excluded) - 1)
            fits &= excluded[at] != rows
        return (self.pins[i] for i in np.flatnonzero(fits))


def place_pins(rows: ItemRows, pins: Iterable[Pin], k: int) -> ItemRows:
    """Put pinned items at their places in a ranking that holds none of them.

    A place that is taken is followed by the next free one. Where the list ends before a
    place, the item comes at its end if there is room within the first k.

    Args:
        rows: The ranking, best first: the first k items or all there are.
        pins: By place.
        k: Length of the list.

    Returns:
        (min(k, n_left),) int32.
    """
    placed, last = rows.tolist(), 0
    for pin in pins:
        place = max(pin.place, last + 1)
        if place > k and len(placed) >= k:
            break
        placed.insert(place - 1, pin.row)
        last = place
    return np.array(placed[:k], dtype=np.int32)


def compile_rules(rules: Sequence[Rule], data: AppDataProcessor) -> CompiledRules | None:
    """Work out what active rules say about the items; None where they say nothing.

    Hiding an item outweighs pinning, boosting and burying it. Of several rules that boost or
    bury it, all count, and the one that counts most is named.
    """
    hidden = np.zeros(data.n_items, np.bool_)
    offsets = np.zeros(data.n_items)
    largest = np.zeros(data.n_items)
    touched = np.full(data.n_items, _NONE, np.int16)
    pins: list[tuple[Pin, int]] = []
    for number, rule in enumerate(rules):
        rows = selected(rule, data)
        if rule.action == HIDE:
            hidden[rows] = True
        elif rule.action == PIN:
            pins += [(Pin(rule.place, int(row)), number) for row in rows]
        else:
            offsets[rows] += rule.offset
            named = rows[largest[rows] < rule.by]
            largest[named], touched[named] = rule.by, number
    shown: dict[int, Pin] = {}
    for pin, number in sorted(pins, key=lambda each: (each[0].place, each[1])):
        if not hidden[pin.row] and pin.row not in shown:
            shown[pin.row] = pin
            touched[pin.row] = number
    if not (shown or hidden.any() or offsets.any()):
        return None
    return CompiledRules(
        tuple(rules),
        data.cold_start.order,
        ~hidden if hidden.any() else None,
        offsets.astype(np.float32) if offsets.any() else None,
        tuple(shown.values()),
        touched,
    )


def selected(rule: Rule, data: AppDataProcessor) -> ItemRows:
    """Find the rows of the items that a rule is about, ascending; unknown names have none."""
    facts, conditions = data.facts, []
    rows = None if rule.items is None else data.item_rows(rule.items)
    for name, find, codes in (
        (rule.category, facts.category_row, facts.categories),
        (rule.brand, facts.brand_row, facts.brands),
    ):
        if name is not None:
            code = find(name)
            conditions.append(codes == (math.nan if code is None else code))
    if rule.price_min is not None:
        conditions.append(facts.prices >= rule.price_min)
    if rule.price_max is not None:
        conditions.append(facts.prices <= rule.price_max)
    if rows is None:
        return np.flatnonzero(np.logical_and.reduce(conditions)).astype(np.int32)
    return rows[np.logical_and.reduce([each[rows] for each in conditions])] if conditions else rows

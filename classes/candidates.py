"""Which items a request allows: filters on facts apply to all items, before any ranking."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from classes.app_data_processing import AppDataProcessor
from classes.errors import OptionError
from classes.item_facts import ItemFacts
from classes.options import RecommendationOptions
from classes.rules.compiled import CompiledRules
from recsys.arrays import BoolArray

N_SUGGESTIONS = 3
N_SHOWN = 60
N_COMPARED = 500
"""Comparing one name takes up to .1 ms."""


@dataclass(frozen=True)
class Candidates:
    """The items that pass the filters of a request.

    Attributes:
        mask: (n_items,) bool; None where every item passes.
        n: How many pass.
        n_without_price: How many items pass every other filter but have no price.
        n_hidden: How many items of the catalog rules hide.
    """

    mask: BoolArray | None
    n: int
    n_without_price: int = 0
    n_hidden: int = 0

    def without(self, rows: NDArray[np.int32]) -> int:
        """Count the candidates that are left without some items, given by distinct rows."""
        return self.n - (len(rows) if self.mask is None else int(self.mask[rows].sum()))

    def counted(self, n_items: int) -> str:
        """Say how many of the catalog's `n_items` pass, as the beginning of a sentence."""
        catalog = f"The catalog has {n_items:,} items"
        if self.n_hidden:
            hidden = f"({self.n_hidden:,} are hidden)"
            return f"{catalog}, {self.n:,} of which pass filters and rules {hidden}"
        return catalog if self.mask is None else f"{catalog}, {self.n:,} of which pass the filters"

    def shortage(
        self, n_found: int, n_left: int, options: RecommendationOptions, n_items: int
    ) -> str | None:
        """Explain why a list is shorter than asked for; None where it isn't.

        Args:
            n_found: Items of the whole list up to the end of the page.
            n_left: Candidates that are neither excluded nor reviewed.
            options: What was asked for.
            n_items: Items of the catalog.
        """
        if n_found >= options.last:
            return None
        unpriced = f" ({self.n_without_price:,} have no price)" if self.n_without_price else ""
        gone = f", and {self.n - n_left:,} of those are excluded or already reviewed"
        others = gone if self.n > n_left else ""
        limit = f"; max_per_category leaves out {n_left - n_found:,}" if n_left > n_found else ""
        page = f" The page holds places {options.offset + 1:,} to {options.last:,}."
        place = page if options.offset else ""
        return f"{self.counted(n_items)}{unpriced}{others}{limit}.{place}"


def choose(
    data: AppDataProcessor, options: RecommendationOptions, rules: CompiledRules | None = None
) -> Candidates:
    """Apply every filter of a request, and leave out what rules hide.

    Raises:
        OptionError: There is no such category or brand, or the data has none at all.
    """
    facts = data.facts
    others, by_price = list(_filters(data, options)), list(_price_filters(facts, options))
    n_hidden = 0
    if rules is not None and rules.allowed is not None:
        n_hidden = rules.n_hidden
        others.append(rules.allowed)
    if not others and not by_price:
        return Candidates(None, len(facts.prices))
    mask = reduce(np.logical_and, [*others, *by_price])
    if not by_price:
        return Candidates(mask, int(np.count_nonzero(mask)), n_hidden=n_hidden)
    unpriced = reduce(np.logical_and, others, np.isnan(facts.prices))
    return Candidates(mask, int(mask.sum()), int(unpriced.sum()), n_hidden)


def _filters(data: AppDataProcessor, options: RecommendationOptions) -> Iterator[BoolArray]:
    """Yield the (n_items,) mask of each filter that a request sets, other than those on price."""
    facts = data.facts
    if options.category:
        yield np.isin(facts.categories, [_category_row(facts, name) for name in options.category])
    if options.brand:
        yield np.isin(facts.brands, [_brand_row(facts, name) for name in options.brand])
    if options.items:
        mask = np.zeros(data.n_items, dtype=np.bool_)
        mask[data.item_rows(options.items)] = True
        yield mask


def _price_filters(facts: ItemFacts, options: RecommendationOptions) -> Iterator[BoolArray]:
    """Yield the (n_items,) mask of each bound on the price."""
    # A comparison with NaN is false, so unknown prices fail either bound.
    if options.price_min is not None:
        yield facts.prices >= options.price_min
    if options.price_max is not None:
        yield facts.prices <= options.price_max


def _category_row(facts: ItemFacts, name: str) -> int:
    row = facts.category_row(name)
    if row is None:
        raise _unknown("category", "categories", name, facts.category_names)
    return row


def _brand_row(facts: ItemFacts, name: str) -> int:
    row = facts.brand_row(name)
    if row is None:
        raise _unknown("brand", "brands", name, facts.brand_names)
    return row


def _unknown(parameter: str, nouns: str, name: str, names: list[str]) -> OptionError:
    """Explain that no item has a category or a brand, and which there are instead."""
    if not names:
        return OptionError(
            f"The parameter {parameter!r} is {name[:N_SHOWN]!r}, but the data has no {nouns}; "
            f"leave it out."
        )
    near = _most_similar(name[:N_SHOWN], names)
    return OptionError(
        f"No item has the {parameter} {name[:N_SHOWN]!r}. The most similar "
        f"of {len(names):,} {nouns} are {', '.join(map(repr, near))}."
    )


def _most_similar(name: str, names: list[str]) -> list[str]:
    """Find the names most like one: of all names, or of the nearest by alphabet if they are many.

    Args:
        name: The name that was asked for, cut to `N_SHOWN` characters.
        names: All of them, in alphabetical order.
    """
    place = bisect_left(names, name)
    nearest = names[max(0, place - N_COMPARED // 2) : place + N_COMPARED // 2]
    by_start = {each[:N_SHOWN]: each for each in nearest}
    found = get_close_matches(name, by_start, N_SUGGESTIONS, cutoff=0.0)
    return [by_start[start] for start in found]

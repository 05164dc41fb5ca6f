"""What a caller may ask for instead of the five best items: how many, and which."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final

from classes.errors import OptionError
from classes.top_lists import TOP_K

RERANKED: Final = 100
"""The first items of a ranking, which `diversity` orders again."""

DEEPEST: Final = 1_000
"""The last place of a ranking that a page may show."""


@dataclass(frozen=True, kw_only=True)
class RecommendationOptions:
    """The options of one request; the defaults are those of a plain request.

    Attributes:
        n: Items per user.
        exclude_seen: Leave out what the user has already reviewed.
        exclude: Names of items to leave out; unknown names are ignored.
        price_min: Lowest price in USD; either bound leaves out items without a price.
        price_max: Highest price in USD.
        category: The only categories to choose from; none for all.
        brand: The only brands to choose from; none for all.
        items: Names of the only items to choose from, unknown ones ignored; none for all.
        history: Names of items that were chosen just now, newest first.
        without: Names of items that histories are to lack, to see what they do.
        diversity: How much the first items should differ, 0 (not at all) to 1.
        max_per_category: Most items of one category, at least 1; None for any number.
        offset: Items on the pages before.
        scenario: Where the list is shown, for rules that name it.

    Raises:
        OptionError: The lowest price is above the highest, or the page is too deep.
    """

    n: int = TOP_K
    exclude_seen: bool = True
    exclude: tuple[str, ...] = ()
    price_min: float | None = None
    price_max: float | None = None
    category: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    diversity: float = 0.0
    max_per_category: int | None = None
    offset: int = 0
    scenario: str | None = None

    def __post_init__(self) -> None:
        """Refuse an empty range of prices, and pages that are too deep."""
        low, high = self.price_min, self.price_max
        if low is not None and high is not None and low > high:
            raise OptionError(
                f"price_min is {low:g} and price_max {high:g}, so no price fits; "
                f"price_min may be at most price_max."
            )
        if self.last > DEEPEST:
            raise OptionError(
                f"offset is {self.offset:,} and n {self.n:,}, together {self.last:,}; lists end "
                f"at place {DEEPEST:,}. Ask for a smaller offset or n."
            )

    @property
    def last(self) -> int:
        """Place of the page's last item in the whole list, from 1."""
        return self.offset + self.n

    @cached_property
    def is_varied(self) -> bool:
        """Whether the list may hold others than the best items, or in another order."""
        return self.diversity > 0 or self.max_per_category is not None

    @cached_property
    def depth(self) -> int:
        """How many of the best items have to be ranked for the page to be cut out of them."""
        return max(self.last, RERANKED) if self.is_varied else self.last

    @cached_property
    def is_plain(self) -> bool:
        """Whether lists computed ahead may answer, if the rules of the scenario let them."""
        return self.n <= TOP_K and all(
            getattr(self, option.name) == option.default
            for option in fields(self)
            if option.name not in ("n", "scenario")
        )

"""What a caller may ask for beside the five best items: how many, which not, which only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from classes.errors import OptionError
from classes.top_lists import TOP_K


@dataclass(frozen=True, kw_only=True)
class Options:
    """The wishes of one request; the defaults are those of the plain request.

    Attributes:
        n: Items a user.
        exclude_seen: Leave out what the user has already reviewed.
        exclude: Names of items to leave out; unknown ones do no harm.
        price_min: Least price in USD; items without a price are left out by either bound.
        price_max: Greatest price in USD.
        category: The only category to choose from.
        history: Names of the items that a user who isn't known has chosen, newest first.

    Raises:
        OptionError: The least price is above the greatest.
    """

    n: int = TOP_K
    exclude_seen: bool = True
    exclude: tuple[str, ...] = ()
    price_min: float | None = None
    price_max: float | None = None
    category: str | None = None
    history: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an empty range of prices."""
        low, high = self.price_min, self.price_max
        if low is not None and high is not None and low > high:
            raise OptionError(
                f"price_min is {low:g} and price_max {high:g}, so no price fits; "
                f"price_min may be at most price_max."
            )

    @property
    def by_price(self) -> bool:
        """Whether prices matter."""
        return self.price_min is not None or self.price_max is not None

    @cached_property
    def is_plain(self) -> bool:
        """Whether lists computed ahead may answer: nothing but fewer items is asked for."""
        chosen = self.exclude or self.history or self.by_price or self.category is not None
        return self.n <= TOP_K and self.exclude_seen and not chosen

"""What a caller may ask for instead of the five best items: how many, and which."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

from classes.errors import OptionError
from classes.top_lists import TOP_K


@dataclass(frozen=True, kw_only=True)
class RecommendationOptions:
    """The options of one request; the defaults are those of a plain request.

    Attributes:
        n: Items per user.
        exclude_seen: Leave out what the user has already reviewed.
        exclude: Names of items to leave out; unknown names are ignored.
        price_min: Lowest price in USD; either bound leaves out items without a price.
        price_max: Highest price in USD.
        category: The only category to choose from.
        history: Names of items that an unknown user or a visitor has chosen, newest first.

    Raises:
        OptionError: The lowest price is above the highest.
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

    @cached_property
    def is_plain(self) -> bool:
        """Whether lists computed ahead may answer: at most fewer items are asked for."""
        return self.n <= TOP_K and all(
            getattr(self, option.name) == option.default
            for option in fields(self)
            if option.name != "n"
        )

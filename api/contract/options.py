"""The parameters of recommendations beside the users, the same in a query and in a body."""

from __future__ import annotations

from typing import Any, Final

from api.contract.parameters import Flag, Names, Number, Parameter, Text, WholeNumber
from api.contract.request_values import Given
from classes.options import Options
from classes.top_lists import TOP_K

MOST_ITEMS: Final = 100
MOST_NAMED: Final = 1_000
HIGHEST_PRICE: Final = 1e9

N = WholeNumber(
    name="n", meaning="How many items a user.", default=TOP_K, low=1, high=MOST_ITEMS, example=3
)
EXCLUDE_SEEN = Flag(
    name="exclude_seen",
    meaning="Whether items that the user has already reviewed are left out.",
    default=True,
)
EXCLUDE = Names(
    name="exclude",
    meaning="Names of items to leave out, exactly as answers have them. Unknown ones do no harm.",
    default=[],
    most=MOST_NAMED,
    nouns="items",
)
PRICE_MIN = Number(
    name="price_min",
    meaning="Least price in USD. Items without a price are left out.",
    low=0,
    high=HIGHEST_PRICE,
    example=10,
)
PRICE_MAX = Number(
    name="price_max",
    meaning="Greatest price in USD. Items without a price are left out.",
    low=0,
    high=HIGHEST_PRICE,
    example=40,
)
CATEGORY = Text(
    name="category",
    meaning="The only category to choose from, as `GET /items/{item}` writes it.",
)
HISTORY = Names(
    name="history",
    meaning=(
        "Names of items that somebody who isn't known has chosen, newest first; the newest 50 "
        "count. Users who aren't known get their items from these instead of what is popular. "
        "Without `users`, the answer's key is `visitor`. `detail` lists those of them that "
        "aren't in the catalog."
    ),
    default=[],
    most=MOST_NAMED,
    nouns="items",
)
DETAIL = Flag(
    name="detail",
    meaning="Whether each item comes with its facts, and each list with what was left out.",
    default=False,
)

OPTIONS: Final[tuple[Parameter[Any], ...]] = (
    N,
    EXCLUDE_SEEN,
    EXCLUDE,
    PRICE_MIN,
    PRICE_MAX,
    CATEGORY,
    HISTORY,
)
_NAMES: Final = frozenset(each.name for each in OPTIONS)
_NONE: Final = Options()


def read_options(given: Given) -> Options:
    """Read all of `OPTIONS`.

    Raises:
        ProblemError: One doesn't fit its description.
        OptionError: They don't fit together.
    """
    if given.names.isdisjoint(_NAMES):  # most requests
        return _NONE
    excluded, history = given.read(EXCLUDE), given.read(HISTORY)
    return Options(
        n=given.read(N),
        exclude_seen=given.read(EXCLUDE_SEEN),
        exclude=tuple(excluded),
        price_min=given.read(PRICE_MIN),
        price_max=given.read(PRICE_MAX),
        category=given.read(CATEGORY),
        history=tuple(history),
    )

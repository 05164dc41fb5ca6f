"""The options of a request for recommendations, the same in a query and in a body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from api.contract.parameter import Parameter
from api.contract.parameters import Flag, Names, Number, OptionalWholeNumber, Text, WholeNumber
from api.contract.request_values import RequestValues
from api.contract.texts import Texts
from classes.options import DEEPEST, RERANKED, RecommendationOptions
from classes.top_lists import TOP_K
from recsys.cleaning.price_text import HIGHEST_PRICE
from recsys.history import MAX_HISTORY_ITEMS

MOST_ITEMS: Final = 100
MOST_NAMES: Final = 1_000
MOST_LABELS: Final = 100

N = WholeNumber(
    name="n",
    meaning="The number of items for each user.",
    default=TOP_K,
    low=1,
    high=MOST_ITEMS,
    example=3,
)
EXCLUDE_SEEN = Flag(
    name="exclude_seen",
    meaning="Whether to leave out items that the user has already reviewed.",
    default=True,
)
EXCLUDE = Names(
    name="exclude",
    meaning="Names of items to leave out, exactly as in responses. Unknown names are ignored.",
    default=[],
    most=MOST_NAMES,
    nouns="items",
)
PRICE_MIN = Number(
    name="price_min",
    meaning="The lowest price in USD. Items without a price are left out.",
    low=0,
    high=HIGHEST_PRICE,
    example=10,
)
PRICE_MAX = Number(
    name="price_max",
    meaning="The highest price in USD. Items without a price are left out.",
    low=0,
    high=HIGHEST_PRICE,
    example=40,
)
CATEGORY = Texts(
    name="category",
    meaning=(
        "The category to choose from, as written in `GET /items/{item}`; sent several times, any "
        f"of at most {MOST_LABELS}."
    ),
    default=[],
    most=MOST_LABELS,
    nouns="categories",
)
BRAND = Texts(
    name="brand",
    meaning=(
        "The brand to choose from, as written in `GET /items/{item}`; sent several times, any of "
        f"at most {MOST_LABELS}."
    ),
    default=[],
    most=MOST_LABELS,
    nouns="brands",
)
ITEMS = Names(
    name="items",
    meaning=(
        "Names of the only items to choose from, exactly as in responses. Unknown names are "
        "ignored."
    ),
    default=[],
    most=MOST_NAMES,
    nouns="items",
)
HISTORY = Names(
    name="history",
    meaning=(
        "Names of items that have just been chosen, newest first; only the newest 50 count. "
        "For a known user they come before what is known, for this request only. Unknown users "
        "get items based on these instead of popular ones. Without `users`, the key of the "
        "response is `visitor`. With `detail`, names that aren't in the catalog are listed."
    ),
    default=[],
    most=MOST_NAMES,
    nouns="items",
)
WITHOUT = Names(
    name="without",
    meaning=(
        "Names of items to leave out of the histories, for this request only: what would be "
        "recommended without them? Reviewed items stay left out of lists, these too. Names that "
        "aren't in a history are ignored."
    ),
    default=[],
    most=MAX_HISTORY_ITEMS,
    nouns="items",
)
DIVERSITY = Number(
    name="diversity",
    meaning=(
        f"How much the first {RERANKED} items should differ in their descriptions, from 0 (ranked by "
        "score alone) to 1 (each as different as possible from those before it). The items "
        "after them stay in the order of their scores."
    ),
    low=0,
    high=1,
    default=0.0,
    example=0.5,
)
MAX_PER_CATEGORY = OptionalWholeNumber(
    name="max_per_category",
    meaning=(
        "The largest number of items of one category in the list, its earlier pages included. "
        "Items without a category are not limited."
    ),
    low=1,
    example=2,
)
OFFSET = WholeNumber(
    name="offset",
    meaning=(
        f"The number of items on earlier pages, which the list leaves out; offset and n together may "
        f"be at most {DEEPEST:,}."
    ),
    default=0,
    low=0,
    high=DEEPEST - 1,
    example=5,
)
DETAIL = Flag(
    name="detail", meaning="Whether to return details of each item and each list.", default=False
)
EXPLAIN = Flag(
    name="explain",
    meaning="Whether to add to the details of each item why it is there, as `GET /explain` does.",
    default=False,
)
SCENARIO = Text(
    name="scenario",
    meaning=(
        "Where the list will be shown, such as `home`: rules for that scenario apply beside those "
        "for every request. Any name is accepted."
    ),
    example="home",
)

OPTIONS: Final[tuple[Parameter[Any], ...]] = (
    N,
    EXCLUDE_SEEN,
    EXCLUDE,
    PRICE_MIN,
    PRICE_MAX,
    CATEGORY,
    BRAND,
    ITEMS,
    HISTORY,
    WITHOUT,
    DIVERSITY,
    MAX_PER_CATEGORY,
    OFFSET,
    SCENARIO,
)
"""The options of `RecommendationOptions`, each under the name of its field."""

FILTERS: Final[tuple[Parameter[Any], ...]] = (PRICE_MIN, PRICE_MAX, CATEGORY, BRAND, ITEMS)
"""Those that say which items there are to choose from."""

_NAMES: Final = frozenset(each.name for each in OPTIONS)
_NONE: Final = RecommendationOptions()


def read_options(values: RequestValues) -> RecommendationOptions:
    """Read all of `OPTIONS`.

    Raises:
        ProblemError: 400 if an option is invalid.
        OptionError: The options contradict each other.
    """
    if values.names.isdisjoint(_NAMES):  # most requests
        return _NONE
    return read_some(values, OPTIONS)


def read_some(values: RequestValues, parameters: Sequence[Parameter[Any]]) -> RecommendationOptions:
    """Read some of `OPTIONS`; the others keep their defaults.

    Raises:
        ProblemError: 400 if an option is invalid.
        OptionError: The options contradict each other.
    """
    found = {each.name: _frozen(values.read(each)) for each in parameters}
    return RecommendationOptions(**found)


def _frozen(value: Any) -> Any:
    """Turn a list into a tuple, as frozen options have it."""
    return tuple(value) if isinstance(value, list) else value

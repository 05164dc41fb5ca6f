"""Who buys what, when, and how they like it.

A purchase is usually (74 %) in the buyer's taste: a theme drawn by the taste's weights,
then an item by its popularity on that day, how near its price band is, and whether its brand
is loved. The others are gifts and impulse purchases from other categories. A product pleases by

    leniency + quality + 1.0 (in taste) or -2.1 (out of it) + 0.4 (loved brand)
    - 0.3 (a price band above one's own) + noise

and fixed thresholds turn that into a rating, about 70 % of them five stars. So a user's taste
shows both in what is bought and in how it is rated.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate

from pipeline.sample.catalog import Item
from pipeline.sample.people import Person
from pipeline.sample.portable_random import PortableRandom
from pipeline.sample.shelf import Shelf
from pipeline.sample.vocabulary import Theme
from pipeline.train.progress import Tell, silently, told

_IN_TASTE_SHARE = 0.74
_THRESHOLDS = (-2.5, -1.9, -1.2, -0.4)
_MOST_PURCHASES = 90


@dataclass(frozen=True)
class Purchase:
    """A reviewed purchase: `day` counts from the shop's first day."""

    person: Person
    item: Item
    day: int
    in_taste: bool
    rating: int


def simulate(
    random: PortableRandom,
    people: list[Person],
    items: list[Item],
    n_purchases: int,
    n_days: int,
    tell: Tell = silently,
) -> list[Purchase]:
    """Let every person buy at least once, and eager ones often, each in the order of days.

    Raises:
        ValueError: There are fewer purchases than people, or more than they can make.
    """
    # No one comes near to owning the whole shop, so that there is always something to buy.
    most = min(_MOST_PURCHASES, len(items) // 4)
    if not len(people) <= n_purchases <= most * len(people) // 2:
        raise ValueError(
            f"{n_purchases:,} purchases by {len(people):,} users of {len(items):,} items; expected "
            f"{len(people):,} to {most * len(people) // 2:,}. Change --rows, --users or --items."
        )
    by_theme: dict[str, list[Item]] = {}
    for item in items:
        by_theme.setdefault(item.theme.name, []).append(item)
    themes = [shelf[0].theme for shelf in by_theme.values()]
    shelves = {name: Shelf(shelf, n_days) for name, shelf in by_theme.items()}
    traffic = list(accumulate(_traffic(day, n_days) for day in range(n_days)))
    stays = [_stay(random, traffic) for _ in people]
    purchases: list[Purchase] = []
    traffic_met = [traffic[end] - traffic[start] for start, end in stays]
    counts = _activity(random, traffic_met, n_purchases, most)
    buyers = told(people, tell, "letting people buy")
    for person, stay, n_own in zip(buyers, stays, counts, strict=True):
        owned: dict[str, list[int]] = {}
        purchases += [
            _purchase(random, person, shelves, themes, owned, day)
            for day in _days(random, traffic, stay, n_own)
        ]
    return purchases


def _traffic(day: int, n_days: int) -> float:
    """Traffic on a day: three times as much at the end, and a season from mid-November."""
    season = 1.5 if 45 <= day % 365 < 90 else 1.0
    return (1.0 + 2.0 * day / n_days) * season


def _stay(random: PortableRandom, traffic: list[float]) -> tuple[int, int]:
    """Draw a person's first day, by the shop's traffic, and the last day before they leave."""
    arrival = random.index_below(traffic)
    return arrival, min(len(traffic) - 1, arrival + 200 + random.below(1_400))


def _activity(
    random: PortableRandom, traffic_met: list[float], n_purchases: int, most: int
) -> list[int]:
    """Number of purchases of each person: at least one, the rest by eagerness and length of stay."""
    eagerness = accumulate(met * ((1.0 - random.uniform()) ** -0.7 - 0.75) for met in traffic_met)
    cumulative = list(eagerness)
    counts = [1] * len(traffic_met)
    left = n_purchases - len(counts)
    while left:
        chosen = random.index_below(cumulative)
        if counts[chosen] < most:
            counts[chosen] += 1
            left -= 1
    return counts


def _days(
    random: PortableRandom, traffic: list[float], stay: tuple[int, int], n_own: int
) -> list[int]:
    """Draw the days of a person's purchases: the first on arrival, the others until they leave."""
    arrival, end = stay
    until = traffic[: end + 1]
    return sorted([arrival, *(random.index_below(until, arrival) for _ in range(n_own - 1))])


def _purchase(
    random: PortableRandom,
    person: Person,
    shelves: dict[str, Shelf],
    themes: list[Theme],
    owned: dict[str, list[int]],
    day: int,
) -> Purchase:
    """Choose an item that the person doesn't own yet, note its place in `owned`, and rate it."""
    liked = [theme for theme, _ in person.tastes]
    categories = {theme.category for theme in liked}
    while True:
        in_taste = random.chance(_IN_TASTE_SHARE)
        if in_taste:
            theme = random.pick_weighted(liked, [weight for _, weight in person.tastes])
        else:
            theme = random.pick([other for other in themes if other.category not in categories])
        shelf, places = shelves[theme.name], owned.setdefault(theme.name, [])
        cumulative = shelf.cumulative_weights(person, day, places)
        if cumulative[-1] > 0:
            places.append(random.index_below(cumulative))
            item = shelf.items[places[-1]]
            return Purchase(person, item, day, in_taste, _rating(random, person, item, in_taste))


def _rating(random: PortableRandom, person: Person, item: Item, in_taste: bool) -> int:
    """Rate 1 to 5 by the formula at the top of this module."""
    pleasure = person.leniency + item.quality + random.normal()
    pleasure += 1.0 if in_taste else -2.1
    pleasure += 0.4 if item.brand.name in person.loves else 0.0
    pleasure -= 0.3 if item.brand.band > person.band else 0.0
    return 1 + bisect(_THRESHOLDS, pleasure)

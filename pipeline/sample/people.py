"""The customers of the sample shop: names, tastes, price bands and leniency.

Several customers can have the same display name, and some show none ("Amazon Customer"); only
`reviewer_id` tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sample.catalog import ID_ALPHABET
from pipeline.sample.portable_random import PortableRandom
from pipeline.sample.vocabulary import NameParts, Theme, read_names

ANONYMOUS_NAMES = (
    "Amazon Customer",
    "Amazon Customer",
    "Kindle Customer",
    "amazon customer",
    "Amazon Customer ",
    "AMAZON CUSTOMER",
    "Kindle customer",
    "Amazon Customer.",
)

_INITIALS = "ABCDEFGHJKLMNPRSTW"
_MOST_ATTEMPTS = 100


@dataclass(frozen=True)
class Person:
    """One customer; everything but the id and the name is latent and never written.

    Attributes:
        tastes: Two or three themes with their weights, which add up to 1.
        band: The price band that this customer prefers, 0 to 2.
        loves: Brands that this customer buys more often than others.
        leniency: Added to every judgment of a product, around 0.
        wordiness: 0 (a word or two) to 1 (four or five sentences).
    """

    reviewer_id: str
    name: str
    anonymous: bool
    tastes: tuple[tuple[Theme, float], ...]
    band: int
    loves: frozenset[str]
    leniency: float
    wordiness: float

    def displayed_name(self, random: PortableRandom) -> str:
        """Name shown on one of the customer's reviews."""
        return random.pick(ANONYMOUS_NAMES) if self.anonymous else self.name


def make_people(random: PortableRandom, themes: list[Theme], n_people: int) -> list[Person]:
    """Make the customers: 4 % anonymous, 2 % with the name of another customer."""
    demand = [1.0 / (1.0 + 0.12 * rank) for rank in range(len(themes))]
    ranked = random.shuffled(themes)
    parts = read_names()
    names: list[str] = []
    taken: set[str] = set()
    people = []
    for _ in range(n_people):
        shared = names and random.chance(0.02)
        name = random.pick(names) if shared else _new_name(random, parts, taken)
        names.append(name)
        people.append(_person(random, name, _tastes(random, ranked, demand)))
    return people


def _person(random: PortableRandom, name: str, tastes: tuple[tuple[Theme, float], ...]) -> Person:
    brands = [brand.name for theme, _ in tastes for brand in theme.brands]
    return Person(
        reviewer_id="A" + random.code(ID_ALPHABET, 13),
        name=name,
        anonymous=random.chance(0.04),
        tastes=tastes,
        band=random.pick_weighted((0, 1, 2), (0.35, 0.4, 0.25)),
        loves=frozenset(random.shuffled(brands)[:2]),
        leniency=0.65 * random.normal(),
        wordiness=random.uniform(),
    )


def _tastes(
    random: PortableRandom, themes: list[Theme], demand: list[float]
) -> tuple[tuple[Theme, float], ...]:
    """Draw two or three themes; the second mostly comes from the category of the first."""
    first = random.pick_weighted(themes, demand)
    siblings = [theme for theme in themes if theme.category == first.category]
    chosen = [first]
    while len(chosen) < (3 if random.chance(0.35) else 2):
        near = len(chosen) == 1 and random.chance(0.85)
        theme = random.pick(siblings) if near else random.pick_weighted(themes, demand)
        if theme not in chosen:
            chosen.append(theme)
    weights = (0.62, 0.38) if len(chosen) == 2 else (0.5, 0.3, 0.2)
    return tuple(zip(chosen, weights, strict=True))


def _new_name(random: PortableRandom, parts: NameParts, taken: set[str]) -> str:
    """Write a display name that differs from all others in its letters and digits.

    There are 149,520 names; where one is hard to find, a number is added.
    """
    attempts = 0
    while True:
        first, last, nickname = (random.pick(options) for options in parts)
        initial = random.pick(_INITIALS)
        forms = (
            f"{first} {last}",
            f"{first} {initial}. {last}",
            f"{initial}. {last}",
            f"{nickname}{10 + random.below(90)}",
            f'{first} {last} "{nickname}"',
        )
        name = random.pick_weighted(forms, (0.6, 0.15, 0.1, 0.08, 0.07))
        if attempts > _MOST_ATTEMPTS:
            name = f"{name} {random.below(1_000 * attempts)}"
        key = "".join(letter for letter in name.lower() if letter.isalnum())
        if key not in taken:
            taken.add(key)
            return name
        attempts += 1

"""The customers of the sample shop: names, tastes, price bands and leniency.

Several customers can bear the same display name, and some show none at all
("Amazon Customer"); only `reviewer_id` tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sample.catalog import ID_ALPHABET
from pipeline.sample.portable_random import Dice
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


@dataclass(frozen=True)
class Person:
    """One customer; everything but the id and the name is latent and never written.

    Attributes:
        tastes: Two or three themes with their weights, which add up to 1.
        band: The price band that this customer prefers, 0 to 2.
        loves: Brand names bought more often than others.
        leniency: Added to how good every product seems, around 0.
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

    def displayed_name(self, dice: Dice) -> str:
        """Tell the name as it stands on a review."""
        return dice.pick(ANONYMOUS_NAMES) if self.anonymous else self.name


def make_people(dice: Dice, themes: list[Theme], n_people: int) -> list[Person]:
    """Make the customers: 4 % anonymous, 2 % with the name of another customer."""
    demand = [1.0 / (1.0 + 0.12 * rank) for rank in range(len(themes))]
    ranked = dice.shuffled(themes)
    parts = read_names()
    names: list[str] = []
    taken: set[str] = set()
    people = []
    for _ in range(n_people):
        name = dice.pick(names) if names and dice.chance(0.02) else _new_name(dice, parts, taken)
        names.append(name)
        people.append(_person(dice, name, _tastes(dice, ranked, demand)))
    return people


def _person(dice: Dice, name: str, tastes: tuple[tuple[Theme, float], ...]) -> Person:
    brands = [brand.name for theme, _ in tastes for brand in theme.brands]
    return Person(
        reviewer_id="A" + dice.code(ID_ALPHABET, 13),
        name=name,
        anonymous=dice.chance(0.04),
        tastes=tastes,
        band=dice.pick_weighted((0, 1, 2), (0.35, 0.4, 0.25)),
        loves=frozenset(dice.shuffled(brands)[:2]),
        leniency=0.65 * dice.normal(),
        wordiness=dice.uniform(),
    )


def _tastes(
    dice: Dice, themes: list[Theme], demand: list[float]
) -> tuple[tuple[Theme, float], ...]:
    """Draw two or three themes; the second mostly comes from the category of the first."""
    first = dice.pick_weighted(themes, demand)
    siblings = [theme for theme in themes if theme.category == first.category]
    chosen = [first]
    while len(chosen) < (3 if dice.chance(0.35) else 2):
        near = len(chosen) == 1 and dice.chance(0.85)
        theme = dice.pick(siblings) if near else dice.pick_weighted(themes, demand)
        if theme not in chosen:
            chosen.append(theme)
    weights = (0.62, 0.38) if len(chosen) == 2 else (0.5, 0.3, 0.2)
    return tuple(zip(chosen, weights, strict=True))


def _new_name(dice: Dice, parts: NameParts, taken: set[str]) -> str:
    """Word a display name whose letters and digits no other customer's name has."""
    while True:
        first, last, nickname = (dice.pick(options) for options in parts)
        initial = dice.pick(_INITIALS)
        forms = (
            f"{first} {last}",
            f"{first} {initial}. {last}",
            f"{initial}. {last}",
            f"{nickname}{10 + dice.below(90)}",
            f'{first} {last} "{nickname}"',
        )
        name = dice.pick_weighted(forms, (0.6, 0.15, 0.1, 0.08, 0.07))
        key = "".join(letter for letter in name.lower() if letter.isalnum())
        if key not in taken:
            taken.add(key)
            return name

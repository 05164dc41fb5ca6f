"""The customers of the sample shop: names, tastes, price bands and leniency.

Several customers can bear the same display name, and some show none at all
("Amazon Customer"); only `reviewer_id` tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sample.catalog import ID_ALPHABET
from pipeline.sample.dice import Dice
from pipeline.sample.vocabulary import Theme

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

_FIRST = (
    "Kelly James Maria Robert Linda Michael Patricia David Susan John Karen Thomas Nancy Daniel "
    "Laura Steven Angela Kevin Rachel Brian Megan Eric Diane Paul Amy Mark Julie George Emily "
    "Scott Carol Andrew Heather Gary Denise Peter Monica Frank Teresa Larry Gloria Raymond Joan "
    "Dennis Alice Walter Marilyn Henry Rose Carlos Elena Priya Wei Aisha Omar Ingrid Tomas Yuki "
    "Fatima Dmitri Chloe Marcus Bianca Trevor Naomi Victor Stella Hugh Paula Glenn"
).split()  # noqa: SIM905
_LAST = (
    "Sullivan Baker Nguyen Carter Diaz Foster Hughes Kim Lopez Murphy Ortiz Parker Reed Schultz "
    "Turner Underwood Vargas Walsh Young Zimmerman Abbott Boyd Chambers Dalton Ellison Flores "
    "Griffin Hale Ingram Jensen Keller Lambert Maddox Norris Osborne Pruitt Quinn Rhodes Shah "
    "Tanaka Ueda Vance Whitaker Yates Patel Okafor Silva Moreau Rossi Novak Lindqvist Haddad "
    "Bergstrom Callahan Dougherty Estrada Fitzgerald Goldberg Hutchins Iverson"
).split()  # noqa: SIM905
_NICKS = (
    "BookishMom HappyShopper MtnDad TexasGrandma NightOwl CoffeeFirst PickyBuyer GadgetGuy "
    "SunnyDays RiverRat GardenGal TwoCats OldSchool BargainHunter QuietReader RoadTripper"
).split()  # noqa: SIM905
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
    names: list[str] = []
    taken: set[str] = set()
    people = []
    for _ in range(n_people):
        name = dice.pick(names) if names and dice.chance(0.02) else _new_name(dice, taken)
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
        leniency=0.9 * dice.normal(),
        wordiness=dice.uniform(),
    )


def _tastes(
    dice: Dice, themes: list[Theme], demand: list[float]
) -> tuple[tuple[Theme, float], ...]:
    """Draw two or three themes; the second often comes from the category of the first."""
    first = dice.pick_weighted(themes, demand)
    siblings = [theme for theme in themes if theme.category == first.category]
    chosen = [first]
    while len(chosen) < (3 if dice.chance(0.35) else 2):
        near = len(chosen) == 1 and dice.chance(0.4)
        theme = dice.pick(siblings) if near else dice.pick_weighted(themes, demand)
        if theme not in chosen:
            chosen.append(theme)
    weights = (0.62, 0.38) if len(chosen) == 2 else (0.5, 0.3, 0.2)
    return tuple(zip(chosen, weights, strict=True))


def _new_name(dice: Dice, taken: set[str]) -> str:
    """Word a display name whose letters and digits no other customer's name has."""
    while True:
        first, last, initial = dice.pick(_FIRST), dice.pick(_LAST), dice.pick(_INITIALS)
        style = dice.uniform()
        if style < 0.6:
            name = f"{first} {last}"
        elif style < 0.75:
            name = f"{first} {initial}. {last}"
        elif style < 0.85:
            name = f"{initial}. {last}"
        elif style < 0.93:
            name = f"{dice.pick(_NICKS)}{10 + dice.below(90)}"
        else:
            name = f'{first} {last} "{dice.pick(_NICKS)}"'
        key = "".join(letter for letter in name.lower() if letter.isalnum())
        if key not in taken:
            taken.add(key)
            return name

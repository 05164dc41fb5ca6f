"""The items of the sample shop: titles, descriptions, prices, and how they sell over time.

Popularity is long-tailed, better items sell more, and about half of the items have a trend.
An item's text names its theme, price band and brand, so that text embeddings hold what tastes
depend on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pipeline.sample.portable_random import PortableRandom
from pipeline.sample.vocabulary import Brand, Kind, Theme, fitting

ID_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"

_LINES = (
    ("Basics", "Everyday", "Essential"),
    ("", "Classic", "Original"),
    ("Signature", "Pro", "Heritage"),
)
_BAND_FACTOR = (0.65, 1.0, 1.7)
_BAND_SENTENCES = (
    ("A no-frills choice at an honest price.", "Everything you need and nothing to pay extra for."),
    ("A dependable middle way between cheap and extravagant.", "Made to be used every day."),
    ("Finished by hand and made to last for years.", "The best that we know how to make."),
)
_PITCHES = (
    "{brand} made the {noun} for people who {hobby}.",
    "The {brand} {noun}: a good companion for all who {hobby}.",
    "If you {your_hobby}, you will want the {noun} by {brand}.",
    "",
)
_TITLES = (
    "{brand} {line} {noun}, {variant}",
    "{brand} {line} {noun} - {variant}",
    "{brand} {line} {noun} ({variant})",
    "{noun} by {brand}, {variant}",
)


@dataclass(frozen=True)
class Trend:
    """How an item's popularity changes over time: launch, a peak around one day, and a drift.

    `pipeline.sample.shelf` computes the factor of a day from it.
    """

    launch_day: int
    peak_day: int
    peak_factor: float
    width_days: int
    drift: float


@dataclass(frozen=True)
class Item:
    """One product of the shop; `popularity` and `quality` are latent and never written."""

    asin: str
    title: str
    description: tuple[str, ...]
    features: tuple[str, ...]
    theme: Theme
    kind: Kind
    brand: Brand
    price: float
    popularity: float
    quality: float
    trend: Trend


def make_items(
    random: PortableRandom, themes: list[Theme], n_items: int, n_days: int
) -> list[Item]:
    """Make the shop's items, evenly over the themes, no two with the same words in the title.

    Raises:
        ValueError: Fewer than two items for a theme, or more than there are titles.
    """
    least = 2 * len(themes)
    if n_items < least:
        raise ValueError(f"--items is {n_items:,}; expected {least} or more, two for each theme.")
    titles: set[str] = set()
    items = []
    for number in range(n_items):
        theme = themes[number % len(themes)]
        kind = theme.kinds[(number // len(themes)) % len(theme.kinds)]
        brand = random.pick(theme.brands)
        title = _new_title(random, kind, brand, titles)
        items.append(_item(random, theme, kind, brand, title, n_days))
    return items


def _new_title(random: PortableRandom, kind: Kind, brand: Brand, titles: set[str]) -> str:
    """Write a title that no other item has, with a model number after many attempts."""
    for attempt in range(200):
        line, variant = random.pick(_LINES[brand.band]), random.pick(kind.variants)
        title, words = _title(random.pick(_TITLES), brand.name, line, kind.noun, variant)
        if attempt > 20:
            number = f"{random.code('ABCDEFGHKLMNPRSTUVWX', 1)}{10 + random.below(90)}"
            title, words = f"{title}, Model {number}", (*words, "model", number.lower())
        key = " ".join(sorted(words))
        if key not in titles:
            titles.add(key)
            return title
    raise ValueError(f"Too many items of the kind {kind.noun!r}: ask for fewer with --items.")


@cache  # a large shop tries the same few titles of a kind again and again
def _title(
    form: str, brand: str, line: str, noun: str, variant: str
) -> tuple[str, tuple[str, ...]]:
    """Write a title, and its words as the pipeline compares them: without case and punctuation."""
    written = form.format(brand=brand, line=line, noun=noun, variant=variant)
    title = " ".join(written.split()).replace(" ,", ",")
    kept = "".join(c for c in title.lower() if c.isalnum() or c == " ")
    return title, tuple(kept.split())


def _item(
    random: PortableRandom, theme: Theme, kind: Kind, brand: Brand, title: str, n_days: int
) -> Item:
    quality = brand.quality + 0.35 * random.normal()
    popularity = (1.0 - random.uniform()) ** -0.75 * 2.0**quality
    price = kind.price * _BAND_FACTOR[brand.band] * (1.0 + 0.12 * random.normal())
    return Item(
        asin="B0" + random.code(ID_ALPHABET, 8),
        title=title,
        description=_description(random, theme, kind, brand),
        features=tuple(random.shuffled(fitting(theme.facts, kind))[:2]),
        theme=theme,
        kind=kind,
        brand=brand,
        price=max(2.99, round(price) - random.pick((0.01, 0.01, 0.05, 0.5))),
        popularity=min(popularity, 60.0),
        quality=quality,
        trend=_trend(random, n_days),
    )


def _description(random: PortableRandom, theme: Theme, kind: Kind, brand: Brand) -> tuple[str, ...]:
    """Write one to four sentences: pitch, fact of the kind, facts of the theme, price band."""
    fields = {"brand": brand.name, "noun": kind.noun, "hobby": theme.hobby_of("their")}
    pitch = random.pick(_PITCHES).format(**fields, your_hobby=theme.hobby_of("your"))
    facts = random.shuffled(fitting(theme.facts, kind))[: random.below(3)]
    band = random.pick(_BAND_SENTENCES[brand.band]) if random.chance(0.6) else ""
    return tuple(sentence for sentence in (pitch, kind.fact, *facts, band) if sentence)[:4]


def _trend(random: PortableRandom, n_days: int) -> Trend:
    """Draw a trend: one item in four launches late, one in five is a fad, half of them drift."""
    launch = random.below(int(n_days * 0.97)) if random.chance(0.25) else 0
    fad = random.chance(0.2)
    return Trend(
        launch_day=launch,
        peak_day=launch + random.below(max(1, n_days - launch)) if fad else launch,
        peak_factor=random.uniform(3.0, 9.0) if fad else 1.5,
        width_days=100 + random.below(120),
        drift=random.uniform(-1.6, 1.6) if random.chance(0.5) else 0.0,
    )

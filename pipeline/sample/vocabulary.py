"""What the sample shop sells and how people talk about it, read from TOML files.

Each file is a category of three themes; a theme is what a user can have a taste for. A new file
or table extends the shop without any change to the code.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Brand:
    """An invented maker: `band` 0 (budget) to 2 (premium), `quality` around 0."""

    name: str
    band: int
    quality: float


@dataclass(frozen=True)
class Kind:
    """A kind of product: its noun, what reviewers call it, its usual price in USD."""

    noun: str
    nickname: str
    price: float
    fact: str
    variants: tuple[str, ...]


@dataclass(frozen=True)
class Sentence:
    """A sentence, and the nicknames of the kinds of product that it fits; none for all."""

    text: str
    nicknames: frozenset[str]

    @classmethod
    def parse(cls, written: str) -> Sentence:
        """Read "[tent, stove] Text" as a text for these kinds and "Text" as one for all."""
        if not written.startswith("["):
            return cls(written, frozenset())
        nicknames, text = written[1:].split("] ", maxsplit=1)
        return cls(text, frozenset(nicknames.split(", ")))


@dataclass(frozen=True)
class Theme:
    """A sub-category that people have a taste for, with its own words."""

    category: str
    name: str
    hobby: str
    brands: tuple[Brand, ...]
    kinds: tuple[Kind, ...]
    facts: tuple[Sentence, ...]
    praise: tuple[Sentence, ...]
    gripes: tuple[Sentence, ...]

    def hobby_of(self, whose: str) -> str:
        """Write the hobby of another person, with "their" or "your" for "my" and "our"."""
        words = [whose if word in {"my", "our"} else word for word in self.hobby.split()]
        return " ".join(words)


@dataclass(frozen=True)
class Phrases:
    """Sentences of reviews that fit any product; `parts` by part, then by rating 1 to 5."""

    relatives: tuple[str, ...]
    praise: tuple[str, ...]
    gripes: tuple[str, ...]
    parts: dict[str, dict[int, tuple[str, ...]]]


class NameParts(NamedTuple):
    """What display names are made of."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    nicknames: tuple[str, ...]


def read_names() -> NameParts:
    """Read the parts of display names."""
    tables = tomllib.loads((_FOLDER / "names.toml").read_text(encoding="utf-8"))
    return NameParts(*(tuple(tables[field]) for field in NameParts._fields))


def read_themes() -> list[Theme]:
    """Read every theme, ordered by file name and then as written."""
    themes: list[Theme] = []
    for path in sorted((_FOLDER / "vocabulary").glob("*.toml")):
        category = tomllib.loads(path.read_text(encoding="utf-8"))
        brands = tuple(Brand(name, band, quality) for name, band, quality in category["brands"])
        themes += [_theme(category["name"], brands, table) for table in category["theme"]]
    return themes


def read_phrases() -> Phrases:
    """Read the sentences that fit any product."""
    tables = tomllib.loads((_FOLDER / "phrases.toml").read_text(encoding="utf-8"))
    fit_all = {name: tuple(tables.pop(name)) for name in ("relatives", "praise", "gripes")}
    parts = {
        part: {int(rating): tuple(sentences) for rating, sentences in by_rating.items()}
        for part, by_rating in tables.items()
    }
    return Phrases(parts=parts, **fit_all)


def fitting(sentences: tuple[Sentence, ...], kind: Kind) -> list[str]:
    """Choose the sentences that can be said of this kind of product."""
    return [
        sentence.text
        for sentence in sentences
        if not sentence.nicknames or kind.nickname in sentence.nicknames
    ]


def _theme(category: str, brands: tuple[Brand, ...], table: dict[str, Any]) -> Theme:
    kinds = tuple(
        Kind(noun, nickname, float(price), fact, tuple(variants))
        for noun, nickname, price, fact, variants in table["kinds"]
    )
    return Theme(
        category=category,
        name=table["name"],
        hobby=table["hobby"],
        brands=brands,
        kinds=kinds,
        facts=tuple(map(Sentence.parse, table["facts"])),
        praise=tuple(map(Sentence.parse, table["praise"])),
        gripes=tuple(map(Sentence.parse, table["gripes"])),
    )

"""The words of a review: a summary and a text whose tone fits the rating.

The text names traits of the product's theme, may mention that the purchase was not to the
writer's own taste, and is as long as the writer is wordy.
"""

from __future__ import annotations

from pipeline.sample.behavior import Purchase
from pipeline.sample.portable_random import PortableRandom
from pipeline.sample.vocabulary import Phrases, Sentence, fitting


def write_review(random: PortableRandom, phrases: Phrases, purchase: Purchase) -> tuple[str, str]:
    """Write the summary and the review text of a purchase."""
    theme, kind = purchase.item.theme, purchase.item.kind
    fields = {
        "it": kind.nickname,
        "brand": purchase.item.brand.name,
        "hobby": theme.hobby,
        "your_hobby": theme.hobby_of("your"),
        "relative": random.pick(phrases.relatives),
    }
    claims = _Claims(
        _claims(random, purchase, theme.praise, phrases.praise),
        _claims(random, purchase, theme.gripes, phrases.gripes),
    )
    summary = random.pick(phrases.parts["summary"][purchase.rating])
    summary = summary.format(**fields, **claims.peek())
    plan = _plan(random, phrases, purchase)
    return summary, " ".join(each.format(**fields, **claims.take()) for each in plan)


class _Claims:
    """Praise and gripes of one review, none repeated before all have been used."""

    def __init__(self, praise: list[str], gripes: list[str]) -> None:
        self._praise, self._gripes = praise, gripes

    def peek(self) -> dict[str, str]:
        """Return the next claims: {Praise} begins a sentence, {praise} stands inside one."""
        return {
            "Praise": self._praise[0],
            "praise": _inside(self._praise[1]),
            "Gripe": self._gripes[0],
            "gripe": _inside(self._gripes[1]),
        }

    def take(self) -> dict[str, str]:
        """Return the next claims and move on."""
        fields = self.peek()
        self._praise = self._praise[2:] + self._praise[:2]
        self._gripes = self._gripes[2:] + self._gripes[:2]
        return fields


def _claims(
    random: PortableRandom,
    purchase: Purchase,
    of_theme: tuple[Sentence, ...],
    of_any: tuple[str, ...],
) -> list[str]:
    own = fitting(of_theme, purchase.item.kind)
    return random.shuffled(own) + random.shuffled(of_any)[: max(0, 4 - len(own))]


def _plan(random: PortableRandom, phrases: Phrases, purchase: Purchase) -> list[str]:
    """Choose the sentences, one to about five depending on the writer's wordiness."""
    wordiness, parts, rating = purchase.person.wordiness, phrases.parts, purchase.rating
    if random.uniform() > 0.35 + wordiness:
        return [random.pick(parts["terse"][rating])]
    plan = []
    if random.chance(0.35 + 0.5 * wordiness):
        plan.append(random.pick(parts["opening"][rating]))
    if random.chance(0.4 if purchase.in_taste else 0.7):
        plan.append(random.pick(parts["at_home" if purchase.in_taste else "out_of_taste"][rating]))
    plan.append(random.pick(parts["middle"][rating]))
    if random.chance(0.2 + 0.5 * wordiness):
        plan.append(random.pick(parts["closing"][rating]))
    return plan


def _inside(sentence: str) -> str:
    """Lower the first letter for use inside a sentence, except of "I" and of abbreviations."""
    keeps = sentence.split(maxsplit=1)[0].rstrip("'m") == "I" or sentence[1:2].isupper()
    return sentence if keeps else sentence[0].lower() + sentence[1:]

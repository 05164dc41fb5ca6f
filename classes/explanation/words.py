"""Explanations in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from classes.explanation.parts import Part
from classes.rules.rule import BOOST, BURY, HIDE, PIN, Rule

MOST_CHARACTERS: Final = 70
"""Of a title within a sentence."""

SIMILARITIES: Final = {
    "seq": "people who reviewed {title} often reviewed this soon after",
    "hop": "people who reviewed {title} often went on, over one other item, to this",
    "now": "people who reviewed {title} have often gone on to this lately",
    "cf": "the same people reviewed this and {title}",
    "tf": "it is described in the same words as {title}",
    "ml": "it is described like {title}",
}
"""What a similarity of `pipeline.train.ranker.similarities` says, by its name."""

OTHER_SIMILARITY: Final = "{title} speaks for it"
AGAINST: Final = "{title} speaks against it"

ITEM_FACTS: Final = {
    "popularity": "its popularity",
    "rating": "its rating",
    "price": "its price",
    "description": "its description",
}
USER_FACTS: Final = {
    "n_reviews": "the number of reviewed items",
    "ratings": "the way of rating",
    "price_level": "the usual price of the reviewed items",
    "review_texts": "the text of the reviews",
    "reviewed_items": "the descriptions of the reviewed items",
}
VISITOR_FACTS: Final = {
    "n_reviews": "the number of chosen items",
    "ratings": "the way of rating",
    "price_level": "the usual price of the chosen items",
    "review_texts": "the text of the reviews",
    "reviewed_items": "the descriptions of the chosen items",
}

NOTHING_SPEAKS_FOR_IT: Final = "nothing that is known speaks for it"


def history_clause(title: str, similarity: str, share: float) -> str:
    """Say what an item of the history does for another one."""
    form = SIMILARITIES.get(similarity, OTHER_SIMILARITY) if share > 0 else AGAINST
    return form.format(title=quoted(title))


def fact_clause(fact: str, share: float) -> str:
    """Say what a fact does for an item."""
    return f"{fact} speaks {'for' if share > 0 else 'against'} it"


def summary(parts: Sequence[Part]) -> str:
    """Join the two parts that add most, and one that takes away more than they add."""
    clauses = [(part.share, _lowered(part.reason_text)) for part in parts]
    supporting = [clause for share, clause in clauses if share > 0][:2]
    opposing = [clause for share, clause in clauses if share < 0][:1]
    strongest = bool(clauses) and clauses[0][0] < 0
    text = "; ".join(supporting) or NOTHING_SPEAKS_FOR_IT
    return sentence(f"{text}, but {opposing[0]}" if opposing and strongest else text)


def cold_start_sentence(rule: dict[str, Any]) -> str:
    """Say why an item has its place in the cold-start list."""
    if "n_recent" in rule:
        return sentence(
            f"popular now: place {rule['place']:,}, bought or given five stars "
            f"{rule['n_recent']:,} times in the last {rule['window_hours']:,} hours"
        )
    counted = (
        f"{rule['n_five_star']:,} five-star ratings in the {rule['window_days']:,} days before "
        f"the newest review"
    )
    if rule["moved_up"]:
        return sentence(f"the fifth popular item is one of another price range, with {counted}")
    return sentence(f"popular with everybody: place {rule['place']:,} with {counted}")


def ruled_sentence(rule: Rule, text: str) -> str:
    """Say what a rule of the shop does with an item, before the rest of the reasons."""
    acts = {
        HIDE: "hides it",
        PIN: f"pins it to place {rule.place}",
        BOOST: f"adds {rule.by:g} to its score",
        BURY: f"takes {rule.by:g} from its score",
    }
    return f"The shop's rule {quoted(rule.id)} {acts[rule.action]}. {text}"


def quoted(title: str) -> str:
    """Quote a title, shortened if long."""
    short = title if len(title) <= MOST_CHARACTERS else title[: MOST_CHARACTERS - 1].rstrip() + "…"
    return f"“{short}”"


def sentence(clause: str) -> str:
    """Begin a clause with a capital and end it with a period."""
    return f"{clause[:1].upper()}{clause[1:]}."


def _lowered(text: str) -> str:
    """Turn a sentence of this module into a clause."""
    return text[:1].lower() + text[1:].removesuffix(".")

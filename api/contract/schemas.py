"""The JSON Schemas of responses; the tests check every response against them."""

from __future__ import annotations

from typing import Final

from api.contract.parameter import Schema
from api.contract.rule_list import RULE

NAME: Final[Schema] = {"type": "string"}
NAMES: Final[Schema] = {"type": "array", "items": NAME}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}


def reference(name: str) -> Schema:
    """Return a reference to a schema of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def map_of(values: Schema) -> Schema:
    """Describe an object with any keys and values of one kind."""
    return {"type": "object", "additionalProperties": values}


def list_of(items: Schema) -> Schema:
    """Describe a list of items of one kind."""
    return {"type": "array", "items": items}


def one_of(*schemas: Schema) -> Schema:
    """Describe a value that matches exactly one of several schemas."""
    return {"oneOf": list(schemas)}


def record(**members: Schema) -> Schema:
    """Describe an object with exactly these members."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def may_lack(schema: Schema, *names: str) -> Schema:
    """Make members of a `record` optional."""
    return {**schema, "required": [each for each in schema["required"] if each not in names]}


def or_null(schema: Schema, meaning: str = "") -> Schema:
    """Allow null as well."""
    described = {"description": meaning} if meaning else {}
    return {**schema, "type": [schema["type"], "null"], **described}


ITEM: Final[dict[str, Schema]] = {
    "item": {"type": "string", "description": "The item's name, which identifies it."},
    "title": {
        "type": "string",
        "description": "The title to display; the name if there is no title.",
    },
    "price": or_null({"type": "number", "minimum": 0}, "The mean price in USD; null if unknown."),
    "category": or_null(NAME, "The category; null if the data has none."),
    "brand": or_null(NAME, "The brand; null if the data has none."),
    "image": or_null(NAME, "The address of a picture, http or https; null if the data has none."),
}
RANK: Final[Schema] = {"type": "integer", "minimum": 1}
N_CANDIDATES: Final[Schema] = {**COUNT, "description": "The number of items to choose from."}
REASON: Final[Schema] = {
    "type": "string",
    "description": "Why there are fewer than n items; absent if there are n.",
}
_MEAN_RATING: Final[Schema] = or_null({"type": "number"}, "1 to 5; null if there are no ratings.")

_NUMBER: Final[Schema] = {"type": "number"}
_EXPLANATION: Final[dict[str, Schema]] = {
    "item": ITEM["item"],
    "title": ITEM["title"],
    "score_logit": or_null(
        _NUMBER, "The score before the model's last function; null in the cold-start list."
    ),
    "reference_logit": or_null(_NUMBER, "The score of the reference; null in the cold-start list."),
    "method": {"type": "string", "description": "How shares are computed, and the reference."},
    "affinities": {
        **map_of(_NUMBER),
        "description": "How strongly the history speaks for the item, by similarity.",
    },
    "parts": {
        **list_of(reference("ExplanationPart")),
        "description": "By magnitude; their shares add up to score_logit less reference_logit.",
    },
    "rule": {
        **may_lack(
            record(
                n_five_star={**COUNT, "description": "Five-star ratings in the window."},
                window_days={**COUNT, "description": "Days before the newest review."},
                place={**RANK, "description": "The place in the whole cold-start list."},
                moved_up={
                    "type": "boolean",
                    "description": "Whether it is there as the one of another price range.",
                },
                n_recent={**COUNT, "description": "Purchases and five-star reviews by events."},
                window_hours={**COUNT, "description": "Hours in which those count."},
                id={"type": "string", "description": "The id of the shop's rule."},
                action={"type": "string", "description": "What that rule does."},
            ),
            *("n_five_star", "window_days", "place", "moved_up", "n_recent", "window_hours"),
            *("id", "action"),
        ),
        "description": "What decides beside or instead of the model; absent if nothing does.",
    },
    "reason_text": {"type": "string", "description": "The explanation in a sentence."},
}

SCHEMAS: Final[dict[str, Schema]] = {
    "Problem": may_lack(
        record(
            type={"type": "string", "const": "about:blank"},
            title={"type": "string", "description": "The reason phrase of the status."},
            status={"type": "integer", "minimum": 400, "maximum": 599},
            detail={
                "type": "string",
                "description": "What was sent, what is allowed and what to do.",
            },
            error={"type": "string", "description": "The same as detail."},
            refused={
                **list_of(reference("RefusedEvent")),
                "description": "Why each event was refused; absent if the problem isn't about events.",
            },
        ),
        "refused",
    ),
    "RecommendedItem": may_lack(
        record(
            **ITEM,
            score=or_null(
                {"type": "number"},
                "The model's output: higher is better for this user. Null in the cold-start list.",
            ),
            five_star_probability=or_null(
                {"type": "number", "minimum": 0, "maximum": 1},
                "The probability that the user would rate the item with five stars, which differs "
                "from the probability of choosing it next; null if the artifacts can't predict it.",
            ),
            rank=RANK,
            source={"type": "string", "enum": ["personalised", "cold_start"]},
            rule={
                **NAME,
                "description": "The rule that the place comes from; absent if none does.",
            },
            explanation=reference("Explanation"),
        ),
        "rule",
        "explanation",
    ),
    "Recommendation": may_lack(
        record(
            items=list_of(reference("RecommendedItem")),
            n_candidates=N_CANDIDATES,
            n_without_price={
                **COUNT,
                "description": "The number of items left out by a price limit because they have no price.",
            },
            reason=REASON,
            unknown_items={
                **NAMES,
                "description": "Items of the history that aren't in the catalog; absent if there are none.",
            },
        ),
        "reason",
        "unknown_items",
    ),
    "ExplainedItem": may_lack(
        record(
            user=or_null(NAME, "The user as asked for; null for a visitor."),
            rank=or_null(RANK, "The place in the list of these options; null if it isn't there."),
            **_EXPLANATION,
        ),
        "rule",
    ),
    "Explanation": may_lack(record(**_EXPLANATION), "rule"),
    "ExplanationPart": may_lack(
        record(
            kind={"type": "string", "enum": ["history", "item", "profile", "visitor"]},
            name={"type": "string", "description": "An item of the history, or a kind of facts."},
            title={"type": "string", "description": "The item's title, or the facts in words."},
            similarity=or_null(NAME, "The similarity that contributes most; null for facts."),
            share={**_NUMBER, "description": "What the part adds to the score, in logits."},
            reason_text={"type": "string", "description": "The part in a sentence."},
            similarities={**map_of(_NUMBER), "description": "The share of each similarity."},
            affinity_change={
                **map_of(_NUMBER),
                "description": "What taking the item out of the history adds to each affinity.",
            },
        ),
        "similarities",
        "affinity_change",
    ),
    "Rule": RULE,
    "Rules": record(
        version={**COUNT, "description": "The version in force; 0 where there never was any."},
        updated_at=or_null({"type": "string", "format": "date-time"}, "Null for version 0."),
        rules=list_of(reference("Rule")),
        problems=list_of(reference("RuleProblem")),
        active={**NAMES, "description": "Ids of the rules whose time it is."},
    ),
    "RuleProblem": record(
        id=or_null(NAME, "The rule's id; null where something is wrong with the files."),
        problem={"type": "string", "description": "Why the rule can't do what it says."},
    ),
    "RulesPreview": record(
        n_users_sampled={**COUNT, "description": "Users whose lists were compared."},
        n_lists_changed={**COUNT, "description": "How many of the lists differ."},
        examples=list_of(record(user=NAME, before=NAMES, after=NAMES)),
        problems=list_of(reference("RuleProblem")),
    ),
    "Job": record(
        id={"type": "string", "description": "The job's id; later jobs have higher ids."},
        kind={"type": "string", "enum": ["retraining", "refresh"]},
        state={"type": "string", "enum": ["running", "done", "failed", "cancelled"]},
        stage={"type": "string", "description": "The stage that is running or ran last."},
        progress={"type": "number", "minimum": 0, "maximum": 1},
        message={"type": "string", "description": "The job's latest message."},
        created_at={"type": "string", "format": "date-time"},
        ended_at=or_null({"type": "string", "format": "date-time"}, "Null while the job runs."),
        generation=or_null(NAME, "The generation that the job published; null unless it is done."),
    ),
    "Item": record(**ITEM, n_ratings=COUNT, mean_rating=_MEAN_RATING),
    "SimilarItem": record(
        **ITEM, similarity={"type": "number", "minimum": -1, "maximum": 1}, rank=RANK
    ),
    "SimilarItems": record(item=NAME, similar_items=list_of(reference("SimilarItem"))),
    "Review": record(
        **ITEM,
        rating=or_null({"type": "number"}, "1 to 5."),
        time=or_null({"type": "string", "format": "date-time"}, "In UTC."),
        kind={"type": "string", "enum": ["review", "purchase", "view", "hide"]},
    ),
    "User": record(
        user={"type": "string", "description": "The user's name as in the data."},
        n_reviews={
            **COUNT,
            "description": "The number of reviews and events about items of the catalog.",
        },
        reviews={
            **list_of(reference("Review")),
            "description": "At most n reviews and events, newest first.",
        },
    ),
}

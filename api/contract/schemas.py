"""The forms of answers, in JSON Schema; schemathesis holds the answers to them."""

from __future__ import annotations

from typing import Final

from api.contract.parameters import Schema

NAME: Final[Schema] = {"type": "string"}
NAMES: Final[Schema] = {"type": "array", "items": NAME}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}


def reference(name: str) -> Schema:
    """Point to a schema of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def map_of(values: Schema) -> Schema:
    """Describe an object with any keys."""
    return {"type": "object", "additionalProperties": values}


def list_of(items: Schema) -> Schema:
    """Describe a list."""
    return {"type": "array", "items": items}


def one_of(*schemas: Schema) -> Schema:
    """Describe a choice."""
    return {"oneOf": list(schemas)}


def record(**members: Schema) -> Schema:
    """Describe an object that has exactly these members."""
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
    """Allow null beside a type."""
    described = {"description": meaning} if meaning else {}
    return {**schema, "type": [schema["type"], "null"], **described}


_ITEM: Final[dict[str, Schema]] = {
    "item": {"type": "string", "description": "Its name, the key of everything about it."},
    "title": {"type": "string", "description": "For display; the name where there is no title."},
    "price": or_null({"type": "number", "minimum": 0}, "Mean price in USD; null if unknown."),
    "category": or_null(NAME, "Null if the data has none."),
}
_RANK: Final[Schema] = {"type": "integer", "minimum": 1}
_MEAN_RATING: Final[Schema] = or_null({"type": "number"}, "1 to 5; null if nobody rated it.")

SCHEMAS: Final[dict[str, Schema]] = {
    "Problem": record(
        type={"type": "string", "const": "about:blank"},
        title={"type": "string", "description": "The phrase of the status."},
        status={"type": "integer", "minimum": 400, "maximum": 599},
        detail={"type": "string", "description": "What came, what is allowed, what to do."},
        error={"type": "string", "description": "The same as detail."},
    ),
    "RecommendedItem": record(
        **_ITEM,
        score=or_null(
            {"type": "number"},
            "The model's output: higher is better for this user. Null in the cold-start list.",
        ),
        five_star_probability=or_null(
            {"type": "number", "minimum": 0, "maximum": 1},
            "That the user would give five stars, another question than what comes next; null "
            "where the artifacts don't tell.",
        ),
        rank=_RANK,
        source={"type": "string", "enum": ["personalised", "cold_start"]},
    ),
    "Recommendation": may_lack(
        record(
            items=list_of(reference("RecommendedItem")),
            n_candidates={**COUNT, "description": "Items there were to choose from."},
            n_without_price={
                **COUNT,
                "description": "Items left out by a bound on prices because they have none.",
            },
            reason={
                "type": "string",
                "description": "Why there are fewer than n items; absent where there are n.",
            },
            unknown_items={
                **NAMES,
                "description": "Items of the history that the catalog lacks; absent if none.",
            },
        ),
        "reason",
        "unknown_items",
    ),
    "Job": record(
        id={"type": "string", "description": "Its name; later ones sort higher."},
        state={"type": "string", "enum": ["running", "done", "failed", "cancelled"]},
        stage={"type": "string", "description": "What it is or was at."},
        progress={"type": "number", "minimum": 0, "maximum": 1},
        message={"type": "string", "description": "The last thing it said."},
        created_at={"type": "string", "format": "date-time"},
        ended_at=or_null({"type": "string", "format": "date-time"}, "Null while it runs."),
        generation=or_null(NAME, "What is served by its doing; null unless it is done."),
    ),
    "Item": record(**_ITEM, n_ratings=COUNT, mean_rating=_MEAN_RATING),
    "SimilarItem": record(
        **_ITEM, similarity={"type": "number", "minimum": -1, "maximum": 1}, rank=_RANK
    ),
    "SimilarItems": record(item=NAME, similar_items=list_of(reference("SimilarItem"))),
    "Review": record(
        item=NAME,
        title=NAME,
        rating=or_null({"type": "number"}, "1 to 5."),
        time=or_null({"type": "string", "format": "date-time"}, "In UTC."),
    ),
    "User": record(
        user={"type": "string", "description": "The name as the data has it."},
        n_reviews={**COUNT, "description": "Of items in the catalog."},
        reviews={**list_of(reference("Review")), "description": "Newest first, at most n."},
    ),
}

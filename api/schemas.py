"""The forms of answers, in JSON Schema; schemathesis holds the answers to them."""

from __future__ import annotations

from typing import Final

from api.parameters import Schema

NAME: Final[Schema] = {"type": "string"}
NAMES: Final[Schema] = {"type": "array", "items": NAME}


def reference(name: str) -> Schema:
    """Point to a schema of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def map_of(values: Schema) -> Schema:
    """Describe an object with any keys."""
    return {"type": "object", "additionalProperties": values}


def record(**members: Schema) -> Schema:
    """Describe an object that has exactly these members."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def or_null(schema: Schema) -> Schema:
    """Allow null beside a type."""
    return {**schema, "type": [schema["type"], "null"]}


SCHEMAS: Final[dict[str, Schema]] = {
    "Problem": record(
        type={"type": "string", "const": "about:blank"},
        title={"type": "string", "description": "The phrase of the status."},
        status={"type": "integer", "minimum": 400, "maximum": 599},
        detail={"type": "string", "description": "What came, what is allowed, what to do."},
        error={"type": "string", "description": "The same as detail."},
    ),
}

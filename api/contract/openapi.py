"""The OpenAPI 3.1 document, made from the `Endpoint`s that the routes themselves read by."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from api.contract.endpoint import Answer, Endpoint
from api.contract.parameters import Parameter, Schema
from api.contract.schemas import SCHEMAS, reference
from api.wsgi.problems import PROBLEM_TYPE

VERSION: Final = "0.1.0"
EXAMPLES_PATH: Final = Path(__file__).with_name("examples.json")

INFO: Final[dict[str, str]] = {
    "title": "Top five",
    "version": VERSION,
    "summary": "The items that a user is most likely to want next, for known users and new ones.",
    "description": (
        "Names of users and items are any text. Every answer from a snapshot names its "
        "generation in the header X-Generation. Errors are problem details (RFC 9457) that "
        "carry the message in `detail` and in `error`. The examples are answers about the "
        "bundled sample."
    ),
}
TAGS: Final[dict[str, str]] = {
    "recommendations": "What to show to whom.",
    "users": "Who is known, and by what.",
    "items": "What there is.",
    "operations": "For those who run the service.",
    "pages": "For people, and about the service itself.",
}


def document(endpoints: Sequence[tuple[str, Endpoint]]) -> dict[str, Any]:
    """Describe all endpoints, by the name of each view."""
    paths: dict[str, Any] = {}
    for name, endpoint in endpoints:
        described = _operation(name, endpoint)
        paths.setdefault(openapi_path(endpoint.path), {})[endpoint.method.lower()] = described
    used = {endpoint.tag for _, endpoint in endpoints}
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/"}],
        "tags": [
            {"name": name, "description": text} for name, text in TAGS.items() if name in used
        ],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "operator": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The service's ADMIN_TOKEN.",
                }
            },
        },
    }


def openapi_path(path: str) -> str:
    """Write Flask's form of a path in OpenAPI's: "/items/{item}"."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


@cache
def example_answers() -> dict[str, Any]:
    """Read the true answers of the examples, by what `example_key` gives."""
    found: dict[str, Any] = json.loads(EXAMPLES_PATH.read_text(encoding="utf-8"))
    return found


def example_key(endpoint: Endpoint, name: str) -> str:
    """Name an example among those of all endpoints."""
    return f"{endpoint.method} {openapi_path(endpoint.path)} {name}"


def _operation(name: str, endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": name,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": endpoint.description,
        "parameters": [
            *(_parameter(each, "path") for each in endpoint.path_parameters),
            *(_parameter(each, "query") for each in endpoint.parameters),
        ],
        "responses": {
            str(endpoint.answer.status): _answer(endpoint),
            **{str(each.status): _other_answer(each) for each in endpoint.also},
            **{str(status): _problem(status, why) for status, why in _problems(endpoint).items()},
        },
    }
    if endpoint.body:
        found["requestBody"] = _request_body(endpoint)
    if endpoint.for_operators:
        found["security"] = [{"operator": []}, {}]
    return found


def _problems(endpoint: Endpoint) -> dict[int, str]:
    return dict(sorted(endpoint.problems.items()))


def _parameter(parameter: Parameter[Any], place: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": parameter.name,
        "in": place,
        "description": parameter.meaning,
        "required": place == "path" or parameter.required,
        "schema": parameter.schema(),
    }
    if parameter.example is not None:
        found["example"] = parameter.example
    return found


def _request_body(endpoint: Endpoint) -> dict[str, Any]:
    members: Schema = {each.name: _member(each) for each in endpoint.body}
    required = [each.name for each in endpoint.body if each.required]
    schema: Schema = {"type": "object", "properties": members, "additionalProperties": False}
    if required:
        schema["required"] = required
    content: dict[str, Any] = {"schema": schema}
    examples = {
        each.name: {"summary": each.summary, "value": each.body} for each in endpoint.examples
    }
    if examples:
        content["examples"] = examples
    return {"required": True, "content": {"application/json": content}}


def _member(parameter: Parameter[Any]) -> Schema:
    schema = parameter.schema()
    limit = schema.get("description")
    meaning = f"{parameter.meaning} {limit}" if limit else parameter.meaning
    return {**schema, "description": meaning}


def _answer(endpoint: Endpoint) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": endpoint.answer.schema or {"type": "string"}}
    examples = {
        each.name: {"summary": each.summary, "value": example_answers()[key]}
        for each in endpoint.examples
        if (key := example_key(endpoint, each.name)) in example_answers()
    }
    if examples:
        content["examples"] = examples
    return {
        "description": endpoint.answer.meaning,
        "content": {endpoint.answer.media_type: content},
    }


def _other_answer(answer: Answer) -> dict[str, Any]:
    content = {answer.media_type: {"schema": answer.schema or {"type": "string"}}}
    return {"description": answer.meaning, "content": content}


def _problem(status: int, why: str) -> dict[str, Any]:
    return {
        "description": f"{HTTPStatus(status).phrase}: {why}",
        "content": {PROBLEM_TYPE: {"schema": reference("Problem")}},
    }

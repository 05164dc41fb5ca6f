"""The OpenAPI 3.1 document, built from the `Endpoint`s by which routes validate requests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from api.contract.endpoint import Endpoint, SuccessResponse
from api.contract.event_list import EVENT_SCHEMAS
from api.contract.parameter import Parameter, Schema
from api.contract.schemas import SCHEMAS, reference
from api.contract.shelf_schemas import SHELF_SCHEMAS
from api.wsgi.problems import PROBLEM_TYPE
from storage.json_file import read_json

VERSION: Final = "0.1.0"
EXAMPLES_PATH: Final = Path(__file__).with_name("examples.json")

INFO: Final[dict[str, str]] = {
    "title": "Top five",
    "version": VERSION,
    "summary": "The items that a user is most likely to want next, for known users and new ones.",
    "description": (
        "Names of users and items may be any text. Every response from a snapshot names its "
        "generation in the header X-Generation. Errors are problem details (RFC 9457) with "
        "the message in `detail` and in `error`. The examples show responses about the bundled "
        "sample."
    ),
}
TAGS: Final[dict[str, str]] = {
    "recommendations": "The best items for each user.",
    "users": "Known users and their reviews.",
    "items": "The items of the catalog.",
    "shelves": "Lists that are the same for everybody, and what goes with a cart.",
    "operations": "For operators of the service.",
    "console": "What only the page at /console reads; it may change with that page.",
    "pages": "For people, and about this API.",
}


SECURITY_SCHEMES: Final = {"ADMIN_TOKEN": "operator", "EVENTS_TOKEN": "eventSource"}
"""Names of those who have a token, by the setting."""


def document(endpoints: Sequence[tuple[str, Endpoint]]) -> dict[str, Any]:
    """Describe endpoints, each with the name of its view as its operation id."""
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
            "schemas": SCHEMAS | SHELF_SCHEMAS | EVENT_SCHEMAS,
            "securitySchemes": {
                name: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"The service's {setting}.",
                }
                for setting, name in SECURITY_SCHEMES.items()
            },
        },
    }


def openapi_path(path: str) -> str:
    """Convert a path from Flask's form to OpenAPI's, as in "/items/{item}"."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


@cache
def example_answers() -> dict[str, Any]:
    """Read the responses to the examples, by `example_key`."""
    found: dict[str, Any] = read_json(EXAMPLES_PATH)
    return found


def example_key(endpoint: Endpoint, name: str) -> str:
    """Return the name of an example that is unique across all endpoints."""
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
            str(endpoint.response.status): _response(endpoint),
            **{str(each.status): _other_response(each) for each in endpoint.other_responses},
            **{
                str(status): _problem(status, why)
                for status, why in sorted(endpoint.problems.items())
            },
        },
    }
    if endpoint.body:
        found["requestBody"] = _request_body(endpoint)
    if endpoint.token:
        found["security"] = [{SECURITY_SCHEMES[endpoint.token]: []}, {}]
    return found


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


def _response(endpoint: Endpoint) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": endpoint.response.schema or {"type": "string"}}
    examples = {
        each.name: {"summary": each.summary, "value": example_answers()[key]}
        for each in endpoint.examples
        if (key := example_key(endpoint, each.name)) in example_answers()
    }
    if examples:
        content["examples"] = examples
    return {
        "description": endpoint.response.meaning,
        "content": {endpoint.response.media_type: content},
    }


def _other_response(response: SuccessResponse) -> dict[str, Any]:
    content = {response.media_type: {"schema": response.schema or {"type": "string"}}}
    return {"description": response.meaning, "content": content}


def _problem(status: int, why: str) -> dict[str, Any]:
    return {
        "description": f"{HTTPStatus(status).phrase}: {why}",
        "content": {PROBLEM_TYPE: {"schema": reference("Problem")}},
    }

"""What the documentation page shows of each endpoint and fills in its forms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from api.contract.endpoint import UNKNOWN_USER, Endpoint
from api.contract.openapi import TAGS, example_answers, example_key, openapi_path
from api.contract.parameter import Parameter
from api.contract.parameters import Flag, Names, Number, WholeNumber
from api.contract.texts import Texts
from classes.snapshot import Snapshot

AN_EVENT: Final = {"user": "visitor 1001", "kind": "view", "time": "2024-05-01T09:30:00Z"}
"""Without its item."""

Examples = dict[str, Any]
"""Parameters' names to JSON values to try that occur in the snapshot."""


def examples_of(snapshot: Snapshot) -> Examples:
    """Pick a user, an item and its category and brand that occur in the snapshot."""
    [user] = snapshot.users.random(1) or [UNKNOWN_USER]
    item_row = int(snapshot.data.cold_start.order[0])
    item = snapshot.data.item(item_row)
    return {
        "users": [user, UNKNOWN_USER],
        "user": user,
        "item": item,
        "events": [{**AN_EVENT, "item": item}],
        "category": snapshot.data.facts.category(item_row),
        "brand": snapshot.data.facts.brand(item_row),
    }


def groups(endpoints: Sequence[tuple[str, Endpoint]], examples: Examples) -> list[dict[str, Any]]:
    """Group the endpoints by their tags."""
    return [
        {
            "name": tag,
            "title": tag.capitalize(),
            "meaning": meaning,
            "endpoints": [
                _described(name, each, examples) for name, each in endpoints if each.tag == tag
            ],
        }
        for tag, meaning in TAGS.items()
        if any(each.tag == tag for _, each in endpoints)
    ]


def _described(name: str, endpoint: Endpoint, examples: Examples) -> dict[str, Any]:
    usual = endpoint.response
    statuses = [(usual.status, f"{HTTPStatus(usual.status).phrase}. {usual.meaning}")]
    statuses += [
        (status, f"{HTTPStatus(status).phrase}. {why}")
        for status, why in sorted(endpoint.problems.items())
    ]
    return {
        "name": name,
        "method": endpoint.method,
        "path": openapi_path(endpoint.path),
        "summary": endpoint.summary,
        "description": endpoint.description,
        "for_operators": endpoint.for_operators,
        "fields": _fields(endpoint, examples),
        "examples": _examples(endpoint),
        "statuses": statuses,
    }


def _fields(endpoint: Endpoint, examples: Examples) -> list[dict[str, Any]]:
    fields = [
        {**_field(replace(each, required=True), examples), "kind": "path"}
        for each in endpoint.path_parameters
    ]
    fields += [_field(each, examples) for each in endpoint.parameters]
    if endpoint.body:
        fields.append(_body_field(endpoint.body, examples))
    if endpoint.token:
        meaning = f"The service's {endpoint.token}, if any."
        fields.append({"name": "token", "kind": "token", "meaning": meaning})
    return fields


def _field(parameter: Parameter[Any], examples: Examples) -> dict[str, Any]:
    """Describe the field for a parameter, filled in only if it is required or suggested."""
    example = examples.get(parameter.name) or parameter.example
    lines = example if isinstance(example, list) else [example]
    text = "" if example is None else "\n".join(map(str, lines))
    field = {
        "name": parameter.name,
        "kind": "text",
        "meaning": parameter.meaning,
        "required": parameter.required,
        "value": text if parameter.required or parameter.suggested else "",
        "placeholder": f"for example {text}" if text else "",
    }
    match parameter:
        case Names() | Texts():
            return field | {
                "kind": "names",
                "rows": len(lines) if parameter.suggested else 1,
                "placeholder": "one name per line",
            }
        case WholeNumber(low=low, high=high):
            number = {"kind": "number", "low": low, "high": high, "step": 1}
            if parameter.default is not None:
                number["placeholder"] = f"{parameter.default} (the default)"
            return field | number
        case Number(low=low, high=high):
            return field | {"kind": "number", "low": low, "high": high, "step": "any"}
        case Flag(default=default):
            words = {"default": str(default).lower(), "other": str(not default).lower()}
            return field | {"kind": "flag", **words}
    return field


def _body_field(body: Sequence[Parameter[Any]], examples: Examples) -> dict[str, Any]:
    """Describe the field for a JSON body, filled in with the suggested members."""
    members = {
        each.name: examples.get(each.name) or each.example for each in body if each.suggested
    }
    others = ", ".join(each.name for each in body if not each.suggested)
    text = json.dumps(members, ensure_ascii=False, indent=1)
    return {
        "name": "body",
        "kind": "body",
        "meaning": f"JSON. It may also contain {others}." if others else "JSON.",
        "required": True,
        "value": text,
        "rows": text.count("\n") + 1,
        "placeholder": "",
    }


def _examples(endpoint: Endpoint) -> list[dict[str, str]]:
    return [
        {"summary": each.summary, "text": _example_text(endpoint, each.target, each.body, answer)}
        for each in endpoint.examples
        if (answer := example_answers().get(example_key(endpoint, each.name))) is not None
    ]


def _example_text(endpoint: Endpoint, target: str, body: Any, answer: Any) -> str:
    sent = "" if body is None else "\n" + json.dumps(body, ensure_ascii=False)
    shown = json.dumps(answer, ensure_ascii=False, indent=1)
    return f"{endpoint.method} {target}{sent}\n\n{shown}"

"""The document describes every route, and its examples are the sample's responses."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.contract.endpoint import endpoints_of
from api.contract.openapi import VERSION, example_answers, openapi_path
from config import PROJECT_ROOT
from scripts import make_examples
from tests.support.building import open_store_here
from tests.support.problem import assert_problem


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/openapi.json")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    return answer.get_json()


def test_every_route_is_described_and_nothing_else(app: Flask, document: dict[str, Any]) -> None:
    routed = {
        (openapi_path(rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == routed


def test_every_operation_says_what_it_answers_and_what_it_refuses(document: dict[str, Any]) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            assert operation["summary"]
            statuses = set(operation["responses"])
            assert {status[0] for status in statuses} == {"2", "4", "5"}
            for status, answer in operation["responses"].items():
                assert answer["description"]
                if status[0] in "45":
                    assert list(answer["content"]) == ["application/problem+json"]


def test_each_parameter_has_a_meaning_and_a_schema(app: Flask) -> None:
    for _, endpoint in endpoints_of(app):
        for parameter in (*endpoint.parameters, *endpoint.path_parameters, *endpoint.body):
            assert parameter.meaning.endswith(".")
            assert parameter.schema()["type"]


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    found = list(_references(document))
    assert found
    for target in found:
        assert target.removeprefix("#/components/schemas/") in schemas


def test_the_version_is_the_projects(document: dict[str, Any]) -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    assert document["info"]["version"] == VERSION == project["version"]


def test_the_document_takes_no_parameters(client: FlaskClient) -> None:
    assert_problem(client.get("/openapi.json?format=yaml"), 400, "'format'", "takes none")


def test_the_examples_are_what_the_bundled_sample_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_examples, "open_store", open_store_here)
    app = make_examples.sample_app(tmp_path)
    found, written = make_examples.responses(app), dict(example_answers())
    drawn = written.pop("GET /random_users three")
    assert len(found.pop("GET /random_users three")) == len(drawn) == 3
    known = app.test_client().get("/check_users", query_string={"users": ",".join(drawn)})
    assert known.get_json() == dict.fromkeys(drawn, True)
    assert list(found) == list(written), "Run `make examples`."
    for key, answer in found.items():
        assert_alike(answer, written[key])


def assert_alike(found: Any, expected: Any) -> None:
    """Compare JSON, with a tolerance for numbers that another processor rounds differently."""
    if isinstance(expected, dict):
        assert list(found) == list(expected), "Run `make examples`."
        for name, value in expected.items():
            assert_alike(found[name], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected), "Run `make examples`."
        for one, other in zip(found, expected, strict=True):
            assert_alike(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=2e-4), "Run `make examples`."
    else:
        assert found == expected, "Run `make examples`."


def _references(node: Any) -> Any:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)

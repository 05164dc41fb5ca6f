"""The HTML of the documentation page; tests/service/test_browser.py uses it in a browser."""

from __future__ import annotations

import html
import json
import re

from flask import Flask
from flask.testing import FlaskClient

from api.contract.endpoint import endpoints_of
from api.contract.openapi import openapi_path
from classes.snapshot_store import SnapshotStore
from tests.support.artifacts import tiny_user_names


def page(client: FlaskClient) -> str:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    return answer.text


def test_the_page_has_a_form_for_every_endpoint_with_all_its_parameters(
    app: Flask, client: FlaskClient
) -> None:
    forms = re.findall(r"<form data-method=.*?</form>", page(client), re.DOTALL)
    endpoints = endpoints_of(app)
    assert len(forms) == len(endpoints)
    for _, endpoint in endpoints:
        start = f'<form data-method="{endpoint.method}" data-path="{openapi_path(endpoint.path)}">'
        [form] = [each for each in forms if each.startswith(start)]
        asked = [each.name for each in (*endpoint.path_parameters, *endpoint.parameters)]
        asked += ["body"] * bool(endpoint.body) + ["token"] * bool(endpoint.token)
        assert re.findall(r' name="(\w+)"', form) == asked


def test_the_page_begins_with_names_that_the_snapshot_knows(
    client: FlaskClient, store: SnapshotStore
) -> None:
    text = page(client)
    [users] = re.findall(r'id="check_users-users".*?>(.*?)</textarea>', text, re.DOTALL)
    known, unknown = html.unescape(users).split("\n")
    assert known in tiny_user_names()
    assert store.current().data.user_row(unknown) is None
    [body] = re.findall(r'id="recommendations_by_body-body".*?>(.*?)</textarea>', text, re.DOTALL)
    assert list(json.loads(html.unescape(body))) == ["users"]
    [item] = re.findall(r'id="item-item".*? value="([^"]*)"', text)
    assert store.current().data.item_row(html.unescape(item)) is not None


def test_the_page_shows_true_examples_and_each_status(client: FlaskClient) -> None:
    text = html.unescape(page(client))
    assert "GET /recommendations?users=Steven+Novak\n" in text
    assert '"cedar raised garden bed by greenwold 4 x 8 feet"' in text
    for status in (200, 400, 401, 403, 404, 409, 413, 414, 415, 422, 500, 503):
        assert f"<th>{status}</th>" in text


def test_the_page_needs_nothing_from_elsewhere_and_runs_no_other_script(
    client: FlaskClient,
) -> None:
    text = page(client)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert not re.search(r"<script(?! nonce=)|<img|@import|url\(", text)
    [nonce] = re.findall(r'<script nonce="([^"]+)">', text)
    again = client.get("/docs")
    policy = again.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert f"'nonce-{nonce}'" not in policy  # a new one each time
    assert re.findall(r'<script nonce="([^"]+)">', again.text)[0] in policy

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from app import create_app
from classes.live.users import Users
from classes.snapshot_store import SnapshotStore
from config import Config
from tests.support.artifacts import tiny_item_names, tiny_user_names
from tests.support.recording_store import RecordingStore


def page(client: FlaskClient) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    return answer.text


def links(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'<a href="([^"]*)"', text)]


def test_every_example_link_of_the_home_page_works(client: FlaskClient) -> None:
    addresses = links(page(client))
    assert len(addresses) == 8
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert address in ("/docs", "/console") or answer.get_json()


def test_the_examples_name_known_users_and_an_unknown_one(client: FlaskClient) -> None:
    check = next(each for each in links(page(client)) if each.startswith("/check_users"))
    known = client.get(check).get_json()
    assert sorted(known.values()) == [False, True]
    assert known["somebody new"] is False


def test_the_home_page_shows_the_titles_of_one_users_recommendations(client: FlaskClient) -> None:
    text = page(client)
    [user] = re.findall(r'<h2>For <span class="name">([^<]*)</span>', text)
    assert user in tiny_user_names()
    items = client.get("/recommendations", query_string={"users": user}).get_json()[user]
    shown = re.findall(r'<td class="name">([^<]*)</td>', text)
    # The tiny users reviewed the first 14 items; the others have no title but their name.
    titled = set(tiny_item_names()[:14])
    assert shown == [f"Title of {item}" if item in titled else item for item in items]


def test_the_home_page_says_which_data_is_served(client: FlaskClient, store: SnapshotStore) -> None:
    text = page(client)
    assert "<b>12</b> known users" in text
    assert "<b>20</b> items" in text
    assert store.current().generation in text
    assert client.get("/").headers["X-Generation"] == store.current().generation


def test_the_home_page_needs_nothing_from_anywhere(client: FlaskClient) -> None:
    text = page(client)
    assert not re.search(r"<script|<img|@import|url\(|<link(?! rel=\"icon\" href=\"data:)", text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert "default-src 'none'" in client.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name",
    [
        *("o'hara, scarlett", "<b>bold</b>", "a&b=c", "50% off+more", "Zoë"),
        *("</span><script>alert(1)</script>", "\u202eturned around", "\x1b[31mred", "{{ 1 + 1 }}"),
    ],
)
def test_users_with_awkward_names_are_shown_and_linked_as_they_are(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(Users, "random", lambda self, n: [name] * n)
    client = create_app(Config(), RecordingStore(store.current())).test_client()
    text = page(client)
    assert f'<h2>For <span class="name">{html.escape(name, quote=True)}' in text.replace(
        "&#34;", "&quot;"
    ).replace("&#39;", "&#x27;")
    assert "<script" not in text
    assert ".name { overflow-wrap: anywhere; unicode-bidi: isolate; }" in text
    asked = [client.get(address).get_json() for address in links(text) if "users=" in address]
    assert len(asked) == 4
    assert all(name in answer for answer in asked)

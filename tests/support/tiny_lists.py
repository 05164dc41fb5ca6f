"""What is known of the tiny shop when its lists are computed by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask.testing import FlaskClient

from tests.support.artifacts import tiny_category, tiny_item_names, tiny_user_names

ITEMS = tiny_item_names()
USERS = tiny_user_names()
KELLY = USERS[0]
KELLYS_ITEMS = set(ITEMS[:3])
N_REVIEWED = 14
"""Items with interactions; the other six have neither price nor category."""

PRICES = {ITEMS[row]: 10.0 + row for row in range(N_REVIEWED) if row % 5 != 4}
CATEGORIES = {item: tiny_category(item) for item in ITEMS[:N_REVIEWED]}


def ask(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/recommendations", query_string={"users": f"{KELLY},zoe", **query})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def only(items: Iterable[str], allowed: Iterable[str]) -> list[str]:
    allowed = set(allowed)
    return [item for item in items if item in allowed]

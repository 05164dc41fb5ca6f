"""What tests of the console say to it and read from it."""

from __future__ import annotations

from urllib.parse import urlencode

from playwright.sync_api import Page

from tests.support.process import Server

TOKEN = "secret"
WAIT_MS = 20_000


def address(shop: Server, tab: str, **values: str) -> str:
    return f"{shop.url}/console#{tab}?{urlencode(values)}"


def titles(page: Page) -> list[str]:
    """The titles of the list that is shown."""
    page.locator("ol.ranked li").first.wait_for()
    return page.locator("ol.ranked .title a").all_inner_texts()


def expected_titles(shop: Server, user: str, **options: str) -> list[str]:
    values = {"users": user, "detail": "true", **options}
    [found] = shop.get(f"/recommendations?{urlencode(values)}").json().values()
    return [item["title"] for item in found["items"]]


def give_token(page: Page, token: str = TOKEN) -> None:
    page.get_by_label("Token", exact=True).fill(token)
    page.get_by_role("button", name="Continue").click()

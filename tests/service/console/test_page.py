"""The console in a real browser: keys, pictures, what axe finds, and markup that stays text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import CHROMIUM, watched_page
from tests.support.console import TOKEN, WAIT_MS, address, give_token, titles
from tests.support.hostile_shop import (
    BRAND,
    CATEGORY,
    HOSTILE_ITEM,
    TITLE,
    USER,
    write_hostile_shop,
)
from tests.support.process import Server, free_port, serving, until
from tests.support.services import config_in

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
TABS = ("users", "items", "catalog", "operations")


def test_the_tabs_are_moved_through_by_keys(page: Page, shop: Server) -> None:
    page.goto(shop.url + "/console")
    titles(page)
    page.get_by_role("tab", name="Users").focus()
    for key, name in (
        ("ArrowRight", "Items"),
        ("End", "Operations"),
        ("ArrowRight", "Users"),
        ("ArrowLeft", "Operations"),
        ("Home", "Users"),
    ):
        page.keyboard.press(key)
        tab = page.get_by_role("tab", name=name)
        expect(tab).to_be_focused()
        expect(tab).to_have_attribute("aria-selected", "true")
        assert page.locator("[role=tabpanel]:visible").count() == 1
    assert page.locator("[role=tab][tabindex='0']").count() == 1


def test_pictures_are_asked_for_only_once_they_are_turned_on(
    browser: Browser, shop: Server
) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("https://images.example.com/**", lambda route: route.fulfill(body=""))
    page.goto(shop.url + "/console")
    titles(page)
    assert page.locator("img").count() == 0
    assert all(url.startswith((shop.url, "data:")) for url in asked)
    with page.expect_request("https://images.example.com/**", timeout=WAIT_MS):
        page.get_by_role("link", name="Show pictures").click()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_axe_finds_no_serious_fault(
    browser: Browser, shop: Server, user: str, width: int, scheme: str
) -> None:
    with watched_page(
        browser, shop.url, color_scheme=scheme, viewport={"width": width, "height": 850}
    ) as page:
        for tab in TABS:
            item = shop.get("/console/catalog").json()["most_shown"][0]["item"]
            values = {"users": {"user": user}, "items": {"item": item, "q": "cedar"}}
            page.goto("about:blank")
            page.goto(address(shop, tab, **values.get(tab, {})))
            page.wait_for_timeout(1_500)  # until everything is drawn
            if tab == "users":
                page.get_by_text("Change the list").click()
                page.locator("ol.ranked details summary").first.click()
            found = Axe().run(page).response["violations"]
            assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width, tab


def test_markup_in_names_and_titles_stays_text(browser: Browser, tmp_path: Path) -> None:
    write_hostile_shop(tmp_path)
    config = config_in(tmp_path, port=free_port(), workers=1, admin_token=TOKEN)
    with serving(config) as shop, watched_page(browser, shop.url) as page:
        page.add_init_script("window.hacked = () => { throw new Error('hacked'); }")
        until(lambda: shop.get("/health/ready").json()["top_lists"] == 1)
        page.goto(address(shop, "users", user=USER))
        expect(page.locator("#user-name")).to_have_text(USER)
        expect(page.locator("#history .title", has_text=TITLE).first).to_be_visible()
        page.locator("#history li", has_text=TITLE).get_by_role("button").click()
        expect(page.locator("#list-note")).to_contain_text("Compared with")
        page.goto(address(shop, "items", item=HOSTILE_ITEM))
        expect(page.locator("#item-view h2")).to_have_text(TITLE)
        for text in (HOSTILE_ITEM, CATEGORY, BRAND):
            assert text in page.locator("#item-view").inner_text()
        page.goto(address(shop, "items", q="svg onload"))
        page.goto(shop.url + "/console#catalog")
        page.get_by_role("heading", name="Most shown items").wait_for()
        page.goto(shop.url + "/console#operations")
        page.get_by_role("button", name="Show the rules").click()
        give_token(page)
        rule = {"id": USER[:60], "action": "hide", "category": CATEGORY, "note": TITLE}
        assert shop.get("/rules", headers={"Authorization": f"Bearer {TOKEN}"}).ok
        page.get_by_label("All rules, as JSON").fill(f'{{"rules": [{json.dumps(rule)}]}}')
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#rules-message")).not_to_be_empty()
        assert page.locator("main img, main iframe, main script, main b[onmouseover]").count() == 0

"""The console in a real browser on a real server: rules, generations and traffic, by token."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import CHROMIUM
from tests.support.console import address, give_token
from tests.support.hostile_shop import copy_sample, leave_out_newest_reviews
from tests.support.process import Server

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


def test_a_rule_is_written_previewed_saved_and_taken_back(
    page: Page, shop: Server, user: str
) -> None:
    [items] = shop.get(f"/recommendations?{urlencode({'users': user})}").json().values()
    page.goto(shop.url + "/console#operations")
    page.get_by_role("button", name="Show the rules").click()
    give_token(page)
    expect(page.locator("#rules-now")).to_contain_text("There are no rules")
    page.get_by_text("Write one rule").click()
    page.get_by_label("Action").select_option("hide")
    page.get_by_label("Item", exact=True).fill(items[0])
    page.get_by_label("Note").fill("<img src=x onerror=hacked()>")
    page.get_by_role("button", name="Add to the text").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#rules-message")).to_contain_text("sampled lists would change")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#rules-now")).to_contain_text("active")
    page.goto(address(shop, "users", user=user))
    expect(page.locator("ol.ranked li").first).not_to_have_attribute("data-item", items[0])
    page.goto(shop.url + "/console#operations")
    page.get_by_role("button", name="Rules before").click()
    expect(page.locator("#rules-now")).to_contain_text("There are no rules")


def test_a_wrong_token_is_asked_for_again_and_none_does_nothing(page: Page, shop: Server) -> None:
    page.goto(shop.url + "/console#operations")
    page.get_by_role("button", name="Show trainings").click()
    give_token(page, "wrong")
    expect(page.locator("#token-problem")).to_contain_text("The token isn't")
    give_token(page)
    expect(page.locator("#jobs")).to_contain_text("No training has run")
    page.get_by_role("button", name="Forget the token").click()
    page.get_by_role("button", name="Roll back", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#operations-message")).to_contain_text("no token was given")
    kept = "[localStorage.length, sessionStorage.length, document.cookie]"
    assert page.evaluate(kept) == [0, 0, ""]


def test_generations_are_changed_by_token_and_compared(
    page: Page, shop: Server, folder: Path, user: str
) -> None:
    page.goto(address(shop, "users", user=user, previous="true"))
    expect(page.locator("#list-note")).to_contain_text("There is no earlier generation")
    [earlier] = shop.get(f"/recommendations?{urlencode({'users': user})}").json().values()
    generation = shop.get("/health/ready").json()["generation"]
    leave_out_newest_reviews(folder, 3_000)
    page.get_by_role("tab", name="Operations").click()
    page.get_by_role("button", name="Reload", exact=True).click()
    give_token(page)
    expect(page.locator("#operations-message")).to_contain_text(
        "reloaded successfully", timeout=120_000
    )
    expect(page.locator("#service")).not_to_contain_text(generation)
    page.goto(address(shop, "users", user=user, previous="true"))
    expect(page.locator("#list-note")).to_contain_text(f"the generation before, {generation}")
    now = page.locator("ol.ranked li").evaluate_all("all => all.map(each => each.dataset.item)")
    marks = page.locator("ol.ranked .title .mark").all_inner_texts()
    assert [mark == "new" for mark in marks] == [item not in earlier for item in now]
    page.get_by_role("tab", name="Operations").click()
    page.get_by_role("button", name="Roll back", exact=True).click()
    expect(page.locator("#service")).to_contain_text(generation)
    copy_sample(folder)


def test_traffic_is_drawn_from_the_metrics(page: Page, shop: Server) -> None:
    page.goto(shop.url + "/console#operations")
    chart = page.locator("#charts figure").first
    page.wait_for_timeout(2_500)
    for _ in range(40):
        shop.get("/random_users")
    expect(chart.locator(".value")).not_to_have_text(re.compile(r"^(–|0\.0/s)$"))
    assert "Requests: " in (chart.locator("svg").get_attribute("aria-label") or "")

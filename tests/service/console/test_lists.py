"""The console in a real browser on a real server: lists, their reasons, items and the catalog."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import CHROMIUM
from tests.support.console import address, expected_titles, titles
from tests.support.process import Server

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


def test_a_list_with_its_reasons_is_two_clicks_from_the_start_page(
    page: Page, shop: Server
) -> None:
    page.goto(shop.url)
    page.get_by_role("link", name="the console").click()
    first = page.locator("#user-name")
    titles(page)
    before = first.inner_text()
    page.get_by_role("button", name="Draw a user").click()
    expect(first).not_to_have_text(before)
    wanted = expected_titles(shop, first.inner_text())
    expect(page.locator("ol.ranked .title a")).to_have_text(wanted)
    for entry in page.locator("ol.ranked li").all():
        assert entry.locator(".sentence").inner_text()
        assert "Shares:" in (entry.locator(".reason-bar").get_attribute("aria-label") or "")


def test_the_reviews_stand_beside_the_list_newest_first(
    page: Page, shop: Server, user: str
) -> None:
    page.goto(address(shop, "users", user=user))
    titles(page)
    reviews = shop.get(f"/users/{user}").json()["reviews"]
    assert page.locator("#history .title").all_inner_texts() == [each["title"] for each in reviews]
    first = page.locator("#history li").first
    assert first.locator(".stars").get_attribute("aria-label") == (
        f"{reviews[0]['rating']:g} of 5 stars"
    )
    assert reviews[0]["time"][:10] in first.inner_text()


def test_the_parts_of_a_reason_sum_to_the_score(page: Page, shop: Server, user: str) -> None:
    page.goto(address(shop, "users", user=user))
    entry = page.locator("ol.ranked li").first
    entry.locator("details summary").click()
    shares = entry.locator("tbody tr td:last-child").all_inner_texts()
    told = entry.locator("details p").inner_text()
    score, reference = (float(each) for each in re.findall(r"(-?\d+\.\d{3})\b", told)[:2])
    total = sum(float(each.replace("\N{MINUS SIGN}", "-").replace("+", "")) for each in shares)
    assert total == pytest.approx(score - reference, abs=0.001 * (len(shares) + 2))


def test_the_controls_change_the_list(page: Page, shop: Server, user: str) -> None:
    page.goto(address(shop, "users", user=user))
    titles(page)
    page.get_by_text("Change the list").click()
    page.get_by_label("How many").fill("3")
    expect(page.locator("ol.ranked li")).to_have_count(3)
    page.locator("#list-controls").get_by_label("Price to").fill("20")
    wanted = expected_titles(shop, user, n="3", price_max="20")
    expect(page.locator("ol.ranked .title a")).to_have_text(wanted)
    expect(page).to_have_url(re.compile("price_max=20"))
    page.locator("#list-controls").get_by_label("Diversity").fill("0.5")
    wanted = expected_titles(shop, user, n="3", price_max="20", diversity="0.5")
    expect(page.locator("ol.ranked .title a")).to_have_text(wanted)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("ol.ranked li")).to_have_count(5)


def test_what_if_leaves_an_item_of_the_history_out_and_marks_what_changes(
    page: Page, shop: Server, user: str
) -> None:
    page.goto(address(shop, "users", user=user))
    before = titles(page)
    item = page.locator("#history li").first.get_attribute("data-item") or ""
    button = page.locator("#history li").first.get_by_role("button")
    button.click()
    expect(page.locator("#list-note")).to_contain_text("Compared with the list with the whole")
    after = expected_titles(shop, user, without=item)
    expect(page.locator("ol.ranked .title a")).to_have_text(after)
    marks = page.locator("ol.ranked .title .mark").all_inner_texts()
    assert [mark == "new" for mark in marks] == [title not in before for title in after]
    button.click()
    expect(page.locator("ol.ranked .title a")).to_have_text(before)
    expect(page.locator("ol.ranked .title .mark")).to_have_count(0)


def test_somebody_unknown_gets_the_popular_items_with_the_rule_in_words(
    page: Page, shop: Server
) -> None:
    page.goto(shop.url + "/console")
    titles(page)
    page.get_by_label("User", exact=True).fill("somebody new")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#history-count")).to_contain_text("Not a known user")
    expect(page.locator("ol.ranked .title a")).to_have_text(expected_titles(shop, "somebody new"))
    assert page.locator("ol.ranked .sentence").first.inner_text()


def test_items_are_found_by_words_of_their_titles(page: Page, shop: Server) -> None:
    page.goto(shop.url + "/console#items")
    page.get_by_label("Title").fill("cedar raised greenwold")
    page.locator("#found-items a").first.click()
    name = page.locator("#item-view dd code").inner_text()
    facts = shop.get(f"/console/item?{urlencode({'item': name})}").json()
    expect(page.locator("#item-view h2")).to_have_text(facts["title"])
    assert page.locator("#item-view h4").count() == len(facts["neighbors"]) + 1
    assert f"{facts['n_lists_with_item']} list" in page.locator("#item-view").inner_text()


def test_the_catalog_counts_what_all_lists_show(page: Page, shop: Server) -> None:
    page.goto(shop.url + "/console#catalog")
    page.get_by_role("heading", name="Most shown items").wait_for()
    users = shop.get("/random_users?n=1000").json()
    sampled = shop.post("/recommendations", json={"users": users}).json()
    shown = {item for items in sampled.values() for item in items}
    answer = shop.get("/console/catalog").json()
    assert len(shown) <= answer["n_items_shown"] == round(answer["coverage"] * answer["n_items"])
    text = page.locator("#catalog-view").inner_text()
    assert answer["most_shown"][0]["title"] in text
    assert f"{answer['n_items_shown']:,}" in text
    assert re.search(r"\d+ five-star\nin \d+ days", text)  # the counts behind the cold-start list

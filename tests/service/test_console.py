"""The console in a real browser on a real server: everything on it works, without the network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import CHROMIUM, chromium, watched_page
from tests.support.hostile_shop import (
    BRAND,
    CATEGORY,
    HOSTILE_ITEM,
    TITLE,
    USER,
    copy_sample,
    leave_out_newest_reviews,
    write_hostile_shop,
)
from tests.support.process import Server, free_port, serving, until
from tests.support.services import config_in

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

TOKEN = "secret"
TABS = ("users", "items", "catalog", "operations")
WAIT_MS = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("console")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Iterator[Server]:
    """A server on a copy of the sample, with all lists computed."""
    copy_sample(folder)
    config = config_in(folder, port=free_port(), workers=2, admin_token=TOKEN)
    with serving(config) as server:
        until(lambda: server.get("/health/ready").json()["top_lists"] == 1)
        yield server


@pytest.fixture
def page(browser: Browser, shop: Server) -> Iterator[Page]:
    with watched_page(browser, shop.url) as page:
        page.set_default_timeout(WAIT_MS)
        yield page


@pytest.fixture(scope="module")
def user(shop: Server) -> str:
    """A user with a history long enough to take something out of."""
    for name in shop.get("/random_users?n=200").json():
        if 3 <= shop.get(f"/users/{name}").json()["n_reviews"] <= 10:
            return str(name)
    raise AssertionError("no user has three reviews")


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

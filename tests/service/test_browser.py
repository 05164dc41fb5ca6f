"""The pages in a real browser: everything on them works, without the network.

Needs the system's Chromium (`scripts/debian-packages chromium`); skipped where there is none.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browsing import CHROMIUM, chromium, watched_page
from tests.support.process import Server

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, running: Server) -> Iterator[Page]:
    with watched_page(browser, running.url) as page:
        yield page


def send(page: Page, endpoint: str, **values: str) -> tuple[int, str]:
    """Open an endpoint's card, fill in and send its form, and return status and response."""
    card = page.locator(f"details#{endpoint}")
    if card.get_attribute("open") is None:
        card.locator("summary").click()
    for name, value in values.items():
        field = card.locator(f"[name={name}]")
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    card.locator("form").evaluate("form => delete form.dataset.status")
    card.get_by_role("button", name="Send").click()
    form = card.locator("form[data-status]")
    form.wait_for()
    return int(form.get_attribute("data-status") or 0), card.locator(".answer pre").inner_text()


def test_every_form_of_the_docs_page_is_answered_well_as_it_stands(
    page: Page, running: Server
) -> None:
    page.goto(running.url + "/docs")
    cards = page.locator("details").all()
    assert len(cards) > 15
    for card in cards:
        name = card.get_attribute("id")
        assert name
        status, answer = send(page, name)
        guarded = card.locator("[name=token]").count()
        # There is no earlier generation, no item similarities in the data, and no model's card.
        usual = 404 if name in ("console_previous", "items_bought_together", "card") else 200
        assert status == (401 if guarded else usual), f"{name}: {answer}"


def test_a_form_sends_what_is_filled_in(page: Page, running: Server) -> None:
    page.goto(running.url + "/docs")
    status, answer = send(
        page, "recommendations", users="kelly sullivan\nzoe", n="2", detail="true", price_max="20"
    )
    assert status == 200
    asked = page.locator("#recommendations .request").inner_text()
    assert asked == (
        "GET /recommendations?users=kelly+sullivan&users=zoe&n=2&price_max=20&detail=true"
    )
    expected = running.get(asked.removeprefix("GET ")).json()
    assert json.loads(answer) == expected


def test_a_name_with_a_comma_or_a_slash_can_be_asked_for(page: Page, running: Server) -> None:
    page.goto(running.url + "/docs")
    _, answer = send(page, "check_users", users="Sullivan, Kelly")
    assert json.loads(answer) == {"Sullivan, Kelly": False}
    status, answer = send(page, "item", item="either/or & 100%")
    assert status == 404
    assert "'either/or & 100%'" in answer


def test_a_mistake_is_answered_with_its_message(page: Page, running: Server) -> None:
    page.goto(running.url + "/docs")
    status, answer = send(page, "recommendations_by_body", body='{"users": ["zoe"], "n": 0}')
    assert status == 400
    assert "from 1 to 100" in json.loads(answer)["error"]
    status, answer = send(page, "rollback", token="secret")
    assert status == 409


def test_a_cold_start_user_comes_from_the_start_page_to_the_docs_by_clicking(
    page: Page, running: Server
) -> None:
    page.goto(running.url)
    for number in range(page.locator(".stacks a").count()):
        link = page.locator(".stacks a").nth(number)
        with page.expect_response(re.compile(r"/\w+")) as answer:
            link.click()
        assert answer.value.status == 200
        page.go_back()
    page.get_by_role("link", name="the documentation").click()
    assert page.get_by_role("heading", level=1).inner_text() == "The API"
    screenshot = os.environ.get("DOCS_SCREENSHOT")
    if screenshot:
        page.locator("details#recommendations summary").click()
        page.screenshot(path=screenshot, full_page=True)

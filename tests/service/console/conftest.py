from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browsing import chromium, watched_page
from tests.support.console import TOKEN, WAIT_MS
from tests.support.hostile_shop import copy_sample
from tests.support.process import Server, free_port, serving, until
from tests.support.services import config_in


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("console")


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def user(shop: Server) -> str:
    """A user with a history long enough to take something out of."""
    for name in shop.get("/random_users?n=200").json():
        if 3 <= shop.get(f"/users/{name}").json()["n_reviews"] <= 10:
            return str(name)
    raise AssertionError("no user has three reviews")

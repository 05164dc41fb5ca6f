"""The system's Chromium, and pages that note what they ask others for and what goes wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu"),
    *("--disable-background-networking", "--no-first-run"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, and close it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def watched_page(browser: Browser, url: str, **options: object) -> Iterator[Page]:
    """Open a page that fails its test on requests to other servers and on script errors."""
    page = browser.new_page(**options)  # type: ignore[arg-type]
    asked: list[str] = []
    errors: list[str] = []

    def note_error(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    def note_request(request: Request) -> None:
        if not request.url.startswith((url, "data:")):
            asked.append(request.url)

    page.on("request", note_request)
    page.on("console", note_error)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert asked == []
    assert errors == []

"""Which address of a raw text becomes the picture of an item."""

from __future__ import annotations

import time

import pytest

from recsys.cleaning.image_url import image_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('["https://a.example/1.jpg", "https://a.example/2.jpg"]', "https://a.example/1.jpg"),
        ("['HTTP://a.example/1._SX38,50_.jpg']", "HTTP://a.example/1._SX38,50_.jpg"),
        ("https://a.example/1.jpg,https://a.example/2.jpg", "https://a.example/1.jpg"),
        ("see https://a.example/1.jpg, please", "https://a.example/1.jpg"),
        ('{"large": [null, "https://a.example/1.jpg"]}', "https://a.example/1.jpg"),
        ("['https://a.example/é.jpg', 'https://a.example/2.jpg']", "https://a.example/2.jpg"),
        (f"['https://a.example/{'x' * 600}', 'https://b.example/']", "https://b.example/"),
        (f"https://a.example/{'x' * 494}", f"https://a.example/{'x' * 494}"),
        (f"https://a.example/{'x' * 495}", None),
        ("javascript:alert('https')", None),
        ("data:image/png;base64,AAAA", None),
        ("//a.example/1.jpg", None),
        ("https:// a.example/1.jpg", None),
        ("https://?x", None),
        ("[]", None),
        ("", None),
    ],
)
def test_the_first_address_that_a_browser_may_load_is_taken(
    text: str, expected: str | None
) -> None:
    assert image_url(text) == expected


def test_a_text_of_megabytes_takes_no_longer_than_its_length() -> None:
    started = time.perf_counter()
    assert image_url("https://é" * 400_000) is None
    assert time.perf_counter() - started < 5

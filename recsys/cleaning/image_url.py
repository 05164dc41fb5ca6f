"""The cleaning rule for pictures of items: the first address that a browser may load."""

from __future__ import annotations

import re
from typing import Final

from recsys.cleaning.text import MAX_NAME_LENGTH

_ADDRESS: Final = re.compile(r"https?://(?:(?!,https?://)[^\s\"'<>|\\])+", re.IGNORECASE)
_ALLOWED: Final = re.compile(
    r"https?://[\w.-]+[\w!#$%&()*+,\-./:;=?@\[\]~]*", re.ASCII | re.IGNORECASE
)
"""The characters of RFC 3986, without the apostrophe, which ends a text in a Python list."""


def image_url(text: str) -> str | None:
    """Take the first http or https address of a text, usually a list; None where there is none.

    Addresses of more than `MAX_NAME_LENGTH` characters, or with characters that no address
    has, are passed over, since half an address shows nothing.

    >>> image_url('["https://shop.example/a.jpg", "https://shop.example/b.jpg"]')
    'https://shop.example/a.jpg'
    >>> image_url("['javascript:alert(1)']"), image_url("[]")
    (None, None)
    """
    for found in _ADDRESS.finditer(text.replace("\\/", "/")):  # as some write JSON
        address = found[0].rstrip(",;.)]")
        if len(address) <= MAX_NAME_LENGTH and _ALLOWED.fullmatch(address):
            return address
    return None

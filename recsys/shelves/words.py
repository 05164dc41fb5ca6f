"""The words of a text, as a search compares them."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """List the words of a text without case, accents and punctuation, in order, with repeats.

    >>> words_of("José's USB-C Cable (6 ft)")
    ['jose', 's', 'usb', 'c', 'cable', '6', 'ft']
    """
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text)
        text = "".join(character for character in apart if not unicodedata.combining(character))
    return _WORD.findall(text.casefold())

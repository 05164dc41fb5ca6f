"""The cleaning rule for free text, and the names that identify nobody.

One rule serves both sides: the pipeline cleans columns with `normalize_text`, the service
looks names up with `normalize_name`. The rule, in order:

1. HTML entities become characters (twice, since feeds escape twice), tags become a space.
2. Punctuation and symbols are removed ("o'brien" becomes "obrien"). Letters,
   digits and vowel signs of every script stay: José, Łukasz and हिन्दी are names. A letter
   keeps at most 30 marks.
3. Lower case, composed form (NFC), runs of whitespace become one space, ends are trimmed.

All of it takes time in proportion to the text, whatever the text is.

A per-string `str.translate` was measured at 2.5 times the speed of one Arrow
regular expression and 4 times that of pandas' `str.replace`, so columns are cleaned by it.
"""

from __future__ import annotations

import ast
import html
import json
import re
import string
import unicodedata
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

ANONYMOUS_NAMES: Final = frozenset(
    {
        # What Amazon shows, by country and decade, where a customer has set no name;
        # thousands of unrelated people share each of these.
        "amazon customer",
        "amazon user",
        "kindle customer",
        "a customer",
        "a kids review",
        "amazon kunde",
        "kindle kunde",
        "client amazon",
        "client kindle",
        "cliente amazon",
        "cliente de amazon",
        "cliente kindle",
        "amazon カスタマー",
        # What people and exports write for the same thing.
        "anonymous",
        "customer",
    }
)
"""Normalized names that identify nobody."""

MAX_NAME_LENGTH: Final = 512
"""Characters of the longest name of a user, an item or a category, and of the longest title.

Real ones have up to 370. Requests and artifact files with longer ones are refused, reviews of
users or items with longer names are dropped.
"""

_MAX_MARKS: Final = 30
"""Combining marks that a letter keeps, as in the Stream-Safe Text Format of Unicode (UAX #15).

Composing sorts each run of marks in quadratic time.
"""

_TAG = re.compile(r"<(script|style)\b[^<>]*>[^<]*</\1\s*>|</?[a-z!][^<>]*>", re.IGNORECASE)
# "<3" and "a < b" are not tags: a tag starts with a letter, a slash or an exclamation mark.

_NO_CHARACTER = re.compile(r"&#[0-9]{20,};?")
# `int` refuses more than 4,300 digits; no character has more than seven.

_UNPARSABLE: Final = (ValueError, SyntaxError, RecursionError, MemoryError)
_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f "
_ASCII_DROPPED: Final = {
    **dict.fromkeys(map(ord, string.punctuation)),
    **{code: None for code in (*range(32), 127) if chr(code) not in _SPACES},
}
_DROPPED = re.compile(r"(?:[^\w\s]|_)+")


def normalize_name(name: str) -> str:
    """Apply the cleaning rule to one string; "" when nothing is left.

    >>> normalize_name("  Kelly O&#39;Sullivan <b>JR.</b> ")
    'kelly osullivan jr'
    """
    text = _without_html(name)
    if text.isascii():
        text = text.translate(_ASCII_DROPPED).lower()
    else:
        text = _DROPPED.sub(_keep_marks, text).lower()
        text = unicodedata.normalize("NFC", text)
        text = _DROPPED.sub(_keep_marks, text)  # composing may have freed marks of a letter
    return " ".join(text.split())


def normalize_text(texts: pd.Series) -> pd.Series:
    """Apply the cleaning rule to a column of free text.

    List-like texts ('["a", "b"]') are joined first. A text without any letter or digit, such
    as "[]", is missing afterwards.

    Args:
        texts: (n,) str, missing allowed.

    Returns:
        (n,) str under the same index, NaN where nothing is left.
    """
    return map_distinct(texts, lambda text: normalize_name(join_list(text)) or None)


def display_text(texts: pd.Series) -> pd.Series:
    """Make a column fit for display: no HTML, single spaces, case and punctuation kept.

    Args:
        texts: (n,) str, missing allowed.

    Returns:
        (n,) str under the same index, NaN where nothing is left.
    """
    return map_distinct(
        texts, lambda text: " ".join(printable(_without_html(join_list(text))).split()) or None
    )


def printable(text: str) -> str:
    """Drop control and zero-width characters, and lone surrogates, which no file can hold."""
    if text.isprintable():
        return text
    return "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")


def has_html(texts: pd.Series) -> pd.Series:
    """Mark the texts that hold a tag or an entity, as (n,) bool, False where missing."""
    found = texts.astype("str").str.contains(r"<[a-zA-Z/!]|&#?[a-zA-Z0-9]+;", regex=True)
    return found.fillna(False).astype("bool")


def is_anonymous(name: str) -> bool:
    """Whether a name, as written or normalized, identifies nobody.

    >>> is_anonymous("Amazon Customer"), is_anonymous("Kelly")
    (True, False)
    """
    return normalize_name(name) in ANONYMOUS_NAMES


def anonymous_mask(names: pd.Series) -> pd.Series:
    """Mark the names that identify nobody, as (n,) bool, False where missing."""
    return normalize_text(names).isin(ANONYMOUS_NAMES)


def list_entries(text: str) -> list[str] | None:
    """Parse a list-like text, nested or not, into its non-empty entries; None for other text.

    >>> list_entries('["a", ""]'), list_entries("[['a', 'b'], ['c']]"), list_entries("a, b")
    (['a'], ['a', 'b', 'c'], None)
    """
    with suppress(*_UNPARSABLE):
        value = _parse_list(text)
        return None if value is None else _flatten(value)
    return None


def join_list(text: str) -> str:
    """Join the entries of a list-like text by spaces; other text stays as it is."""
    entries = list_entries(text)
    return text if entries is None else " ".join(entries)


def last_step(text: str) -> str:
    """Take the last, most specific step of a category path, the first of several paths.

    >>> last_step("[['CDs & Vinyl', 'Pop'], ['Blues']]"), last_step("Electronics")
    ('Pop', 'Electronics')
    """
    with suppress(*_UNPARSABLE):
        value = _parse_list(text)
        if value is not None:
            path = _flatten(value[0]) if value and isinstance(value[0], list) else _flatten(value)
            return path[-1] if path else ""
    return text


def map_distinct(texts: pd.Series, function: Callable[[str], str | None]) -> pd.Series:
    """Apply a function to each distinct text once; missing stays missing.

    Product texts repeat with every review of the product, so this saves most of the work.
    """
    import pandas as pd  # the service needs only the functions on one string

    codes, distinct = pd.factorize(texts.astype("str"))
    mapped = pd.array([function(text) for text in distinct], dtype="str")
    return pd.Series(mapped.take(codes, allow_fill=True), index=texts.index, name=texts.name)


def parse_value(text: str) -> Any:
    """Parse JSON, or the Python literal that some data sets write instead; None for other text."""
    with suppress(*_UNPARSABLE):
        return json.loads(text)
    with suppress(*_UNPARSABLE), warnings.catch_warnings():
        # Product texts may hold invalid escapes; the class of the warning varies by version.
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        return ast.literal_eval(text)
    return None


def _without_html(text: str) -> str:
    if "&" in text:
        text = _unescape(_unescape(text))
    return _TAG.sub(" ", text) if "<" in text else text


def _unescape(text: str) -> str:
    return html.unescape(_NO_CHARACTER.sub("\ufffd", text))


def _keep_marks(dropped: re.Match[str]) -> str:
    """Keep combining marks, since `re` counts vowel signs as punctuation."""
    marks = [c for c in dropped.group() if unicodedata.category(c).startswith("M")]
    return "".join(marks[:_MAX_MARKS])


def _parse_list(text: str) -> list[Any] | None:
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    value = parse_value(text)
    return value if isinstance(value, list) else None


def _flatten(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [entry for part in value for entry in _flatten(part)]
    text = "" if value is None else str(value).strip()
    return [text] if text else []

"""Text as an attacker, a broken feed or an odd keyboard writes it, for property tests and `make fuzz`."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

PIECES: Final = (
    # Entities, also escaped twice, and some that stand for no character.
    *("&amp;", "&amp;#39;", "&#0;", "&#xd800;", "&#x110000;", "&lt;b&gt;", "&#", "&", "&zwj"),
    *("&#" + "9" * 4_301 + ";", "&amp;#" + "1" * 5_000, "&#x" + "f" * 5_000 + ";"),
    # Tags, whole and broken, and markup of the terminal.
    *(
        "<b>",
        "</b>",
        "<script>",
        "<style ",
        "<!--",
        "-->",
        "<a",
        ">",
        "<",
        "[red]",
        "[/]",
        "\x1b[31m",
    ),
    # Marks: composing, excluded from composition, of different classes, and long runs of them.
    *(
        "\u0301",
        "\u0323",
        "\u0344",
        "\u0345",
        "\u09be",
        "ǖ",
        "İ",
        "ς",
        "Å",
        "ﬁ",
        "\u1100",
        "\u1161",
    ),
    *("\u0301\u0323" * 40, "\u0344" * 30, "\u0323" * 31),
    # What shows nothing, turns the writing around, ends lines, or is no character at all.
    *(
        "\0",
        "\x7f",
        "\x85",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u202e",
        "\u2066",
        "\u2028",
        "\r\n",
        "\x1c",
    ),
    *("\ud800", "\udfff", "\udc80", "\uffff", "\U000e0041"),
    # What separates, quotes, nests or counts.
    *(
        ",",
        ", ",
        " ",
        "'",
        '"',
        "\\",
        "%",
        "%00",
        "+",
        "{",
        "}",
        "[",
        "]",
        "[[",
        "['a', \"b\"]",
        "[]",
    ),
    *("9" * 4_301, "0x" + "f" * 5_000, "1e999", "-1", "$1,111", "$", "€", ",111", ".", "-"),
    *("kelly sullivan", "blue kettle", "A"),
)
"""Pieces that have a meaning to somebody who reads the text."""

hostile_texts: Final = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(), max_size=4), max_size=12
).map("".join)
"""Arbitrary text, lone surrogates included, most of it made of `PIECES`."""

"""Items are found by words of their titles, the best matches first."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classes.shelves.title_index import TitleIndex
from recsys.shelves.words import words_of

TITLES = [
    "USB-C Cable, 6 ft",
    "Café Mug",
    "Cable Organizer for Desks",
    "Charging cables (USB-C)",
    "Microcable",
    "",
    "Unusual Cabinet",
]
N_RATINGS = [3, 1, 9, 3, 50, 7, 2]


def index_of(titles: list[str], n_ratings: list[int]) -> TitleIndex:
    return TitleIndex(TitleIndex.arrays(titles), np.array(n_ratings))


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        # Begins with the word; has a word that begins so, more ratings first, lower row first;
        # has it inside a word, however many ratings it has.
        ("cable", [2, 0, 3, 4]),
        ("CABLE usb", [0, 3]),
        ("usb cab", [0, 3]),
        ("cab", [2, 0, 3, 6, 4]),
        ("unusual", [6]),
        ("usu", [6]),  # inside a word
        ("us", [0, 3]),  # two letters only begin words
        ("cafe", [1]),
        ("CAFÉ", [1]),
        (unicodedata.normalize("NFD", "café"), [1]),
        ("usb-c", [0, 3]),
        ("6 ft cable usb c", [0]),
        ("cable cable", [2, 0, 3, 4]),
        ("tea", []),
        ("cable tea", []),
        ("...", []),
        ("\n", []),
    ],
)
def test_titles_with_all_words_are_ranked_by_how_well_they_match(
    query: str, rows: list[int]
) -> None:
    index = index_of(TITLES, N_RATINGS)
    assert index.find(query, 10).tolist() == rows
    assert index.find(query, 2).tolist() == rows[:2]


def test_a_word_that_runs_over_two_words_of_the_vocabulary_is_not_found() -> None:
    assert index_of(["abc def"], [0]).find("bcdef", 5).tolist() == []


words = st.text(st.sampled_from("abé1-"), max_size=4)
titles = st.lists(st.lists(words, max_size=4).map(" ".join), min_size=1, max_size=8)


@given(titles=titles, query=st.lists(words, max_size=3).map(" ".join))
def test_what_is_found_is_what_a_scan_of_all_titles_finds(titles: list[str], query: str) -> None:
    found = index_of(titles, [0] * len(titles)).find(query, len(titles)).tolist()
    wanted = words_of(query)

    def level(title: str) -> int:
        has = words_of(title)
        if wanted and all(any(word.startswith(each) for word in has) for each in wanted):
            return 2 + has[0].startswith(wanted[0])
        inside = all(
            any(each in word if len(each) > 2 else word.startswith(each) for word in has)
            for each in wanted
        )
        return int(bool(wanted) and inside)

    levels = [level(title) for title in titles]
    order = sorted(range(len(titles)), key=lambda row: (-levels[row], row))
    assert found == [row for row in order if levels[row]]

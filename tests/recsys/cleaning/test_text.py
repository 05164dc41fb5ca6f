from __future__ import annotations

import subprocess
import sys
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.cleaning.text import (
    anonymous_mask,
    display_text,
    has_html,
    is_anonymous,
    last_step,
    list_entries,
    normalize_name,
    normalize_text,
)
from tests.support.hostile_text import hostile_texts


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Kelly Sullivan", "kelly sullivan"),
        ("  Kelly \t\n Sullivan ", "kelly sullivan"),
        ("O'Brien-Smith, Jr.", "obriensmith jr"),
        ("snake_case & more", "snakecase more"),
        ("<b>Bold</b><br/>move", "bold move"),
        ("<style>.a{color:red}</style>Lamp<!-- x -->", "lamp"),
        ("R&amp;B", "rb"),
        ("5 &lt; 6", "5 6"),
        ("&lt;p&gt;escaped tag&lt;/p&gt;", "escaped tag"),
        ("twice &amp;quot;escaped&amp;quot;", "twice escaped"),
        ("I <3 this, a < b > c", "i 3 this a b c"),
        ("no-break\u00a0space\u200b", "nobreak space"),
        ("!!! ... ***", ""),
        ("", ""),
        ("José Núñez", "josé núñez"),
        ("Jose\u0301", "josé"),
        ("Łukasz ÅSTRÖM", "łukasz åström"),
        ("हिन्दी!", "हिन्दी"),
        ("北京 2008。", "北京 2008"),
        ("smart “quotes” — and dashes", "smart quotes and dashes"),
        ("great 👍🏽 item™", "great item"),
        ("bell\x07 and half a pair \ud800", "bell and half a pair"),
    ],
)
def test_free_text_is_cleaned_by_one_rule(raw: str, clean: str) -> None:
    assert normalize_name(raw) == clean


@settings(max_examples=500, deadline=None)
@given(hostile_texts)
def test_any_text_is_cleaned_without_growing_much_and_cleaning_twice_changes_nothing_more(
    text: str,
) -> None:
    clean = normalize_name(text)
    assert normalize_name(clean) == clean
    assert len(clean) <= 3 * len(text)
    assert clean.encode().decode() == clean


@settings(max_examples=200, deadline=None)
@given(hostile_texts)
def test_any_text_is_made_fit_for_display(text: str) -> None:
    text = text.encode(errors="replace").decode()  # no file holds lone surrogates
    shown = display_text(pd.Series([text], dtype="str"))
    if shown.notna()[0]:
        assert " ".join(shown[0].split()) == shown[0]
        assert shown[0].isprintable()


@settings(max_examples=200, deadline=None)
@given(st.one_of(hostile_texts, hostile_texts.map("[{}]".format)))
def test_any_text_is_read_as_a_list_or_left_alone(text: str) -> None:
    items = list_entries(text)
    assert items is None or all(item and item == item.strip() for item in items)
    assert last_step(text) in (text, "", *(items or ()))


@pytest.mark.parametrize(
    "text", ["[" * 600 + "'a'" + "]" * 600, "[0x" + "f" * 5_000 + "]", "[" + "{'a':" * 90 + "]"]
)
def test_a_list_too_deep_or_with_a_number_too_long_is_text(text: str) -> None:
    assert list_entries(text) in (None, ["a"])
    assert last_step(text) in (text, "a")


@pytest.mark.parametrize("digits", ["9" * 4_301, "0" * 4_300 + "65", "9" * 20])
def test_a_reference_to_no_character_is_dropped_however_long_its_number(digits: str) -> None:
    assert normalize_name(f"kelly &#{digits}; sullivan &amp;#{digits};") == "kelly sullivan"


def test_a_letter_keeps_30_marks_and_more_cost_no_time() -> None:
    started = time.perf_counter()
    assert normalize_name("a" + "\u0323\u0301" * 100_000) == "ạ" + "\u0323" * 14 + "\u0301" * 15
    assert time.perf_counter() - started < 5


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text().filter(lambda t: list_entries(t) is None))))
def test_a_column_is_cleaned_as_each_of_its_texts_is(texts: list[str | None]) -> None:
    texts = [None if t is None else t.encode("utf-8", "ignore").decode() for t in texts]
    cleaned = normalize_text(pd.Series(texts, dtype="str"))
    expected = [(t is not None and normalize_name(t)) or None for t in texts]
    assert [None if pd.isna(value) else value for value in cleaned] == expected


def test_list_like_texts_are_joined_and_empty_ones_are_missing() -> None:
    raw = pd.Series(['["Soft", "Warm"]', "['it\\'s']", "[]", '[""]', "[not a list]", None])
    cleaned = normalize_text(raw)
    assert cleaned.dropna().tolist() == ["soft warm", "its", "not a list"]
    assert cleaned.isna().tolist() == [False, False, True, True, False, True]


def test_an_invalid_escape_in_a_list_is_no_warning() -> None:
    assert list_entries(r"['C:\dir']") == [r"C:\dir"]


def test_cleaning_keeps_the_index_and_accepts_no_rows() -> None:
    assert normalize_text(pd.Series(["A"], index=[7])).to_dict() == {7: "a"}
    assert normalize_text(pd.Series([], dtype="str")).empty
    assert display_text(pd.Series([None], dtype="str")).isna().all()


def test_titles_for_display_keep_case_and_punctuation() -> None:
    raw = pd.Series(["  Tom &amp; Jerry:\n <b>The Movie</b> ", "[]", "zero\u200bwidth"])
    shown = display_text(raw)
    assert shown[0] == "Tom & Jerry: The Movie"
    assert pd.isna(shown[1])
    assert shown[2] == "zerowidth"


@pytest.mark.parametrize(
    "name", ["Amazon Customer", "amazon customer", "KINDLE CUSTOMER!", "A Customer", "Anonymous"]
)
def test_placeholders_are_nobody(name: str) -> None:
    assert is_anonymous(name)


@pytest.mark.parametrize("name", ["Kelly Sullivan", "A1UEST9HYD2IHS", "Amazon Customer Jane", ""])
def test_people_are_somebody(name: str) -> None:
    assert not is_anonymous(name)


def test_anonymous_rows_are_marked_and_missing_names_are_not() -> None:
    names = pd.Series(["Amazon Customer", "jane", None, "kindle customer"])
    assert anonymous_mask(names).tolist() == [True, False, False, True]


def test_category_is_the_last_step_of_the_first_path() -> None:
    assert last_step("[['CDs & Vinyl', 'Pop'], ['Blues']]") == "Pop"
    assert last_step('["Electronics", "USB Cables"]') == "USB Cables"
    assert last_step("Electronics") == "Electronics"
    assert last_step("[]") == ""


def test_html_is_noticed_in_tags_and_entities_only() -> None:
    texts = pd.Series(["a<br>b", "R&amp;B", "R&B", "1 < 2", None])
    assert has_html(texts).tolist() == [True, True, False, False, False]


def test_hostile_names_cost_little_time() -> None:
    started = time.perf_counter()
    for part in ("<style>", "<a", "<!--", "&", "[", "<script"):
        normalize_name(part * 20_000)
    assert time.perf_counter() - started < 5


def test_the_rule_for_one_name_needs_no_pandas() -> None:
    program = (
        "import sys; from recsys.cleaning.text import normalize_name, is_anonymous; "
        "normalize_name('A'); is_anonymous('B'); assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

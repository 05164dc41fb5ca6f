"""Names by row and rows by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import name_table
from storage.name_table import NameIndex, NameTable

NAMES = ["kelly sullivan", "josé", "", "日本語", "a,b\nc"]


def test_every_name_comes_back_by_its_row() -> None:
    table = NameTable.of(NAMES)
    assert [table[row] for row in range(len(table))] == NAMES


def test_index_finds_each_name_and_nothing_else() -> None:
    index = NameIndex.of(NAMES)
    assert [index.find(name) for name in NAMES] == [0, 1, 2, 3, 4]
    assert index.find("kelly") is None


def test_index_survives_saving_as_plain_arrays() -> None:
    arrays = NameIndex.of(NAMES).arrays("user")
    assert NameIndex.from_arrays(arrays, "user").find("josé") == 1


def test_equal_hashes_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_table, "_hash", lambda name: 7)
    index = NameIndex.of(NAMES)
    assert [index.find(name) for name in NAMES] == [0, 1, 2, 3, 4]
    assert index.find("nobody") is None


def test_empty_index_finds_nothing() -> None:
    assert NameIndex.of([]).find("anyone") is None


def test_lone_surrogate_from_a_url_is_simply_unknown() -> None:
    assert NameIndex.of(NAMES).find("\udcff") is None


@given(st.lists(st.text(), unique=True, max_size=50), st.text())
def test_index_agrees_with_a_dict(names: list[str], other: str) -> None:
    names = [name for name in names if name.isprintable()]
    index = NameIndex.of(names)
    expected = {name: row for row, name in enumerate(names)}
    assert all(index.find(name) == row for name, row in expected.items())
    assert index.find(other) == expected.get(other)
    assert np.asarray(index.arrays("n")["n_hashes"]).dtype == np.uint64

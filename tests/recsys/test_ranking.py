"""The k best rows of a score vector."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.ranking import top_rows

NONE = np.array([], dtype=np.int32)


def test_best_comes_first_and_ties_go_to_the_lower_row() -> None:
    scores = np.array([1.0, 3.0, 2.0, 3.0, 2.0], dtype=np.float32)
    assert top_rows(scores, 4, NONE).tolist() == [1, 3, 2, 4]


def test_tie_at_the_cut_goes_to_the_lower_row() -> None:
    assert top_rows(np.zeros(6, dtype=np.float32), 2, NONE).tolist() == [0, 1]


def test_excluded_rows_never_appear_even_when_too_few_are_left() -> None:
    scores = np.array([5.0, 4.0, 3.0], dtype=np.float32)
    assert top_rows(scores, 5, np.array([0, 2])).tolist() == [1]
    assert top_rows(scores, 5, np.array([0, 1, 2])).tolist() == []


def test_only_candidates_are_returned() -> None:
    scores = np.array([5.0, 4.0, 3.0, 2.0], dtype=np.float32)
    candidates = np.array([False, True, True, True])
    assert top_rows(scores, 2, np.array([2]), candidates).tolist() == [1, 3]
    assert candidates.tolist() == [False, True, True, True]


@given(
    st.lists(st.integers(-3, 3), min_size=1, max_size=40),
    st.integers(1, 45),
    st.sets(st.integers(0, 39)),
)
def test_agrees_with_a_full_sort(values: list[int], k: int, excluded: set[int]) -> None:
    gone = sorted(row for row in excluded if row < len(values))
    rows = [row for row in range(len(values)) if row not in gone]
    expected = sorted(rows, key=lambda row: (-values[row], row))[:k]
    found = top_rows(np.array(values, dtype=np.float32), k, np.array(gone, dtype=np.int32))
    assert found.tolist() == expected

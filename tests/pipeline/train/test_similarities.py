"""The similarities say what was counted by hand, whatever the size of their blocks."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.train.ranker import similarities as item_similarities
from pipeline.train.ranker.similarities import (
    SimilarityBlock,
    nearest,
    recent_similarity,
    sequence_similarity,
    vector_similarity,
    walk_similarity,
    word_similarity,
)
from recsys.history import History, histories

pytestmark = pytest.mark.pipeline

N_ITEMS = 4


@pytest.fixture
def history() -> History:
    """User 0 chose items 0, 1, 2 in this order; user 1 items 1, 0; nobody item 3."""
    users, items, times = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 1, 0]), np.arange(5)
    return histories(users, items, times, n_users=2)


def whole(similarity: SimilarityBlock, n_items: int = N_ITEMS) -> np.ndarray:
    rows = similarity(0, n_items)
    return rows if isinstance(rows, np.ndarray) else rows.toarray()


def test_sequences_count_later_choices_fully_and_earlier_ones_for_a_third(history: History) -> None:
    once, twice = np.sqrt(1 * 2), np.sqrt(2 * 2)  # √(n_i n_j): items 0 and 1 were chosen twice
    expected = np.zeros((N_ITEMS, N_ITEMS))
    expected[0, 1] = (1 + 0.35) / twice  # user 0 chose 1 after 0, user 1 before it
    expected[1, 0] = (0.35 + 1) / twice
    expected[0, 2], expected[2, 0] = 0.8 / once, 0.35 * 0.8 / once  # two steps apart
    expected[1, 2], expected[2, 1] = 1 / once, 0.35 / once
    assert whole(sequence_similarity(history, N_ITEMS)) == pytest.approx(expected)


def test_what_was_chosen_lately_counts_more_and_popularity_counts(history: History) -> None:
    days = np.array([10, 100, 190, 190, 190])[history.interactions]
    today, once, long_ago = 1.0, np.exp(-1), np.exp(-2)  # 0, 90 and 180 days before the newest
    rows = whole(recent_similarity(history, days, N_ITEMS))
    about_0, about_1, about_2 = long_ago + today + 1, once + today + 1, today + 1
    assert rows[0, 1] == pytest.approx((once + 0.35 * today) / about_0)
    assert rows[1, 0] == pytest.approx((0.35 * once + today) / about_1)
    assert rows[1, 2] == pytest.approx(today / about_1)
    assert rows[2, 0] == pytest.approx(0.35 * 0.8 * today / about_2)
    assert not rows[3].any()


def test_without_any_history_nothing_was_chosen_lately() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert not whole(
        recent_similarity(histories(nothing, nothing, nothing, 2), nothing, 3), 3
    ).any()


def test_walks_are_damped_against_popular_items(history: History) -> None:
    rows = whole(walk_similarity(history, N_ITEMS))
    n_users_of_0, items_of_user_0, n_users_of_2 = 2, 3, 1
    assert rows[0, 2] == pytest.approx(
        n_users_of_0**-0.8 * items_of_user_0**-0.8 / n_users_of_2**0.35
    )
    assert rows[0, 1] == pytest.approx(2**-0.8 * (3**-0.8 + 2**-0.8) / 2**0.35)
    assert not rows[3].any()


def test_words_of_one_item_alone_say_nothing() -> None:
    texts = ["red lipstick", "red lipstick", "lipstick red unheard", "blue soap", "green soap"]
    texts += ["oil", *(f"nothing{i}" for i in range(6))]
    rows = whole(word_similarity(texts), len(texts))
    assert rows[0, 1] == pytest.approx(1)
    assert rows[3, 4] == pytest.approx(1)  # soap is the only word that both share with anybody
    assert rows[0, 2] == pytest.approx(np.sqrt(2 / 3), abs=0.2)  # without the pair of words
    assert not rows[5].any()


def test_catalog_without_words_has_no_word_neighbors() -> None:
    assert whole(word_similarity(["", "", ""]), 3).tolist() == np.zeros((3, 3)).tolist()


def test_vectors_are_compared_after_centring_and_zeros_with_nothing() -> None:
    vectors = np.array([[3.0, 1.0], [3.0, -1.0], [1.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    rows = whole(vector_similarity(vectors))  # the mean of those described is (7/3, 0)
    first, third = np.array([2 / 3, 1.0]), np.array([-4 / 3, 0.0])
    cosine = first @ third / np.linalg.norm(first) / np.linalg.norm(third)
    assert rows[0, 2] == pytest.approx(cosine, abs=1e-6)
    assert not rows[3].any()


@pytest.mark.parametrize("n", [1, 2, 100])
def test_blocks_of_any_size_keep_the_same_largest_entries(
    monkeypatch: pytest.MonkeyPatch, n: int
) -> None:
    random = np.random.default_rng(0)
    users, items = random.integers(0, 30, 400), random.integers(0, 25, 400)
    history = histories(users, items, np.arange(400), n_users=30)
    vectors = random.normal(size=(25, 5)).astype(np.float32)
    for similarity in (
        sequence_similarity(history, 25),
        walk_similarity(history, 25),
        vector_similarity(vectors),
    ):
        parts = list(nearest(similarity, 25, n))
        with monkeypatch.context() as patch:
            patch.setattr(item_similarities, "_BLOCK_ENTRIES", 75)  # three rows
            small = list(nearest(similarity, 25, n))
        assert (len(parts), len(small)) == (1, 9)
        for whole_column, columns in zip(parts[0], zip(*small, strict=True), strict=True):
            assert np.concatenate(columns) == pytest.approx(whole_column, rel=1e-6)


@pytest.mark.parametrize("dense", [True, False])
def test_largest_entries_stay_without_the_item_itself_and_ties_go_to_lower_rows(
    dense: bool,
) -> None:
    from scipy.sparse import csr_matrix

    rows = np.array([[9, 2, 5, 5, -1], [1, 9, 0, 0, 0]] + [[0] * 5] * 3, dtype=np.float32)
    similarity = (
        (lambda lo, hi: rows[lo:hi].copy()) if dense else lambda lo, hi: csr_matrix(rows[lo:hi])
    )
    (kept,) = nearest(similarity, 5, n=2)
    assert kept.items.tolist() == [0, 0, 1]
    assert kept.neighbors.tolist() == [2, 3, 0]
    assert kept.weights.tolist() == [5, 5, 1]

"""The similarities say what was counted by hand, whatever the size of their blocks."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.train.ranker import nearest as nearest_items
from pipeline.train.ranker.nearest import Cosines, Product, nearest
from pipeline.train.ranker.similarities import (
    largest_entries,
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


def whole(similarity: Product) -> np.ndarray:
    """All positive entries but the diagonal, (n_items, n_items)."""
    found = nearest(similarity, similarity.n_items)
    rows = np.zeros((similarity.n_items, similarity.n_items), np.float32)
    rows[found.items, found.neighbors] = found.weights
    return rows


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
    history = histories(nothing, nothing, nothing, 2)
    assert not whole(recent_similarity(history, nothing, 3)).any()


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
    rows = whole(word_similarity(texts))
    assert rows[0, 1] == pytest.approx(1)
    assert rows[3, 4] == pytest.approx(1)  # soap is the only word that both share with anybody
    assert rows[0, 2] == pytest.approx(np.sqrt(2 / 3), abs=0.2)  # without the pair of words
    assert not rows[5].any()


def test_catalog_without_words_has_no_word_neighbors() -> None:
    assert not whole(word_similarity(["", "", ""])).any()


def test_vectors_are_compared_after_centring_and_zeros_with_nothing() -> None:
    vectors = np.array([[3.0, 1.0], [3.0, -1.0], [1.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    cosines = vector_similarity(vectors)  # the mean of those described is (7/3, 0)
    rows = cosines.by_dimension.T @ cosines.by_dimension
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
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    for similarity in (
        sequence_similarity(history, 25),
        walk_similarity(history, 25),
        vector_similarity(vectors),
    ):
        found = nearest(similarity, n)
        told.clear()
        with monkeypatch.context() as patch:
            patch.setattr(nearest_items, "_BLOCK_ENTRIES", 225)  # nine rows
            in_blocks = nearest(similarity, n, tell)
        assert told == [(9, 25), (18, 25), (25, 25)]
        for column, expected in zip(in_blocks, found, strict=True):
            assert column == pytest.approx(expected, rel=1e-6)


def few_words(n_items: int, n_words: int, seed: int = 0) -> np.ndarray:
    """Small whole numbers, so that sums are exact and many are equal; half are zero."""
    random = np.random.default_rng(seed)
    counts = random.integers(1, 4, (n_items, n_words)) * (random.random((n_items, n_words)) < 0.5)
    return counts.astype(np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n_words", "n_items"), [(2, 300), (40, 300)])  # few and many a row
def test_products_keep_what_sorting_the_whole_product_keeps(
    n_words: int, n_items: int, dtype: type
) -> None:
    from scipy.sparse import csr_matrix

    words = few_words(n_items, n_words)
    matrix = csr_matrix(words.astype(dtype))
    found = nearest(Product.of(matrix, matrix.T.tocsr()), 20)
    pairs = (words @ words.T).ravel()
    item, neighbor = np.divmod(np.arange(len(pairs), dtype=np.int32), np.int32(n_items))
    columns = (found.items, found.neighbors, found.weights)
    for column, expected in zip(columns, largest_entries(item, neighbor, pairs, 20), strict=True):
        assert column.tolist() == expected.tolist()


def test_cosines_keep_what_sorting_all_of_them_keeps() -> None:
    signs = np.where(few_words(300, 16) > 0, 0.25, -0.25).astype(np.float32)  # of length 1
    found = nearest(Cosines(np.ascontiguousarray(signs.T)), 20)
    pairs = (signs @ signs.T).ravel()
    item, neighbor = np.divmod(np.arange(len(pairs), dtype=np.int32), np.int32(300))
    columns = (found.items, found.neighbors, found.weights)
    for column, expected in zip(columns, largest_entries(item, neighbor, pairs, 20), strict=True):
        assert column.tolist() == expected.tolist()


def test_largest_entries_stay_without_the_item_itself_and_ties_go_to_lower_rows() -> None:
    rows = np.array([[9, 2, 5, 5, -1], [1, 9, 0, 0, 0]] + [[0] * 5] * 3, dtype=np.float32)
    item, neighbor = np.divmod(np.arange(25, dtype=np.int32), np.int32(5))
    items, neighbors, weights = largest_entries(item, neighbor, rows.ravel(), n=2)
    assert items.tolist() == [0, 0, 1]
    assert neighbors.tolist() == [2, 3, 0]
    assert weights.tolist() == [5, 5, 1]


def test_neighbors_of_some_items_are_those_they_have_among_all() -> None:
    random = np.random.default_rng(1)
    users, items = random.integers(0, 30, 400), random.integers(0, 25, 400)
    product = walk_similarity(histories(users, items, np.arange(400), n_users=30), 25)
    wanted, allowed = random.random((2, 25)) < 0.5
    found = nearest(product)
    some = found.of_items(wanted)
    for column, expected in zip(nearest(product.of_items(wanted)), some, strict=True):
        assert column.tolist() == expected.tolist()
    triples = list(zip(found.items, found.neighbors, found.weights, strict=True))
    kept = found.among(allowed)
    assert list(zip(kept.items, kept.neighbors, kept.weights, strict=True)) == [
        (item, neighbor, weight) for item, neighbor, weight in triples if allowed[neighbor]
    ]
    assert list(zip(some.items, some.neighbors, some.weights, strict=True)) == [
        (item, neighbor, weight) for item, neighbor, weight in triples if wanted[item]
    ]

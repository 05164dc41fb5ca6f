"""The baselines, on histories small enough to know the answer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pipeline.evaluate.baselines import USUAL, Baseline, TrainingData, first_of_pair
from pipeline.evaluate.baselines.blends import BLENDS
from pipeline.evaluate.baselines.ease import EASE
from pipeline.evaluate.baselines.factors import BPR, IALS, MINIMAL_ALS
from pipeline.evaluate.baselines.neighbors import ITEM_KNN, RP3BETA
from pipeline.evaluate.baselines.popularity import PLAIN
from pipeline.evaluate.baselines.session_knn import SESSION_KNN
from pipeline.evaluate.baselines.slim import SLIM
from pipeline.evaluate.baselines.text_knn import TEXT_KNN
from pipeline.train.ranker import nearest
from recsys.split import TRAIN
from tests.support.timelines import history, rows

pytestmark = pytest.mark.pipeline

EVERYBODY = np.arange(3)


SMALL = history([(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2)], n_users=3, n_items=4)


def test_popularity_counts_the_reviews_of_each_item_whoever_wrote_them() -> None:
    table = [(0, 2, 5.0, TRAIN), (1, 2, 1.0, TRAIN), (-1, 2, 5.0, TRAIN), (1, 0, 3.0, TRAIN)]
    known = TrainingData(rows([*table, (0, -1, 5.0, TRAIN)]), 2, 3, np.eye(3, dtype=np.float32))
    assert PLAIN.fit(known).catalog_scores(np.array([0, 1])).tolist() == [[1, 0, 3], [1, 0, 3]]


def test_first_review_of_a_pair_counts_and_anonymous_ones_are_never_repeats() -> None:
    table = [(0, 1), (0, 1), (-1, 1), (-1, 1), (1, 1), (0, -1)]
    reviews = rows([(user, item, 5.0, TRAIN) for user, item in table])
    assert first_of_pair(reviews).tolist() == [True, False, True, True, True, True]


def test_item_knn_sums_cosines_to_the_items_of_a_user() -> None:
    # n = 2, 2, 2; items 0 and 1 share two users, 0 and 2 as well as 1 and 2 one
    scores = ITEM_KNN.fit(SMALL, n_neighbors=10, shrinkage=0.0).catalog_scores(EVERYBODY)
    assert scores[0] == pytest.approx([1.0, 1.0, 1.0, 0.0])  # 1·2/2, 1·2/2, 1/2 + 1/2
    assert scores[2] == pytest.approx([0.5, 0.5, 0.0, 0.0])
    shrunk = ITEM_KNN.fit(SMALL, n_neighbors=10, shrinkage=2.0).catalog_scores(EVERYBODY)
    assert shrunk[2] == pytest.approx([0.25, 0.25, 0.0, 0.0])


def test_only_the_nearest_neighbors_of_an_item_speak_for_it() -> None:
    scores = ITEM_KNN.fit(SMALL, n_neighbors=1, shrinkage=0.0).catalog_scores(EVERYBODY)
    # the nearest of item 0 is 1, of 1 is 0, and of 2 is 0 (as near as 1, but the lower row)
    assert scores[0] == pytest.approx([1.0, 1.0, 0.5, 0.0])


def test_rp3beta_walks_by_hand() -> None:
    # from item 2: to user 1 (1/2) and on to 0, 1, 2 (1/3 each); to user 2 and back to 2
    scores = RP3BETA.fit(SMALL, n_neighbors=10, alpha=1.0, beta=0.0).catalog_scores(EVERYBODY)
    assert scores[2] == pytest.approx([1 / 6, 1 / 6, 0.0, 0.0])
    held_back = RP3BETA.fit(SMALL, n_neighbors=10, alpha=1.0, beta=1.0).catalog_scores(EVERYBODY)
    assert held_back[2] == pytest.approx([1 / 12, 1 / 12, 0.0, 0.0])


def test_ease_is_the_ridge_regression_of_each_item_on_all_others() -> None:
    matrix = SMALL.matrix.toarray()[:, :3].astype(np.float64)
    scores = EASE.fit(SMALL, regularization=0.5).catalog_scores(EVERYBODY)
    for item in range(3):
        others = np.delete(np.arange(3), item)
        left = matrix[:, others]
        weights = np.linalg.solve(left.T @ left + 0.5 * np.eye(2), left.T @ matrix[:, item])
        assert scores[:, item] == pytest.approx(left @ weights, abs=1e-5)
    assert scores[:, 3].tolist() == [0.0, 0.0, 0.0]


def test_ease_refuses_a_catalog_that_would_take_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert EASE.refuses(SMALL) == ""
    monkeypatch.setattr("pipeline.evaluate.baselines.ease.MAX_ITEMS", 2)
    assert "3 items with history" in EASE.refuses(SMALL)


def test_text_knn_weighs_newer_items_more() -> None:
    scores = TEXT_KNN.fit(SMALL, recency_decay=1.0, centered=False).catalog_scores(EVERYBODY)
    length = math.hypot(1.0, math.exp(-1))
    assert scores[0] == pytest.approx([math.exp(-1) / length, 1 / length, 0.0, 0.0], abs=1e-6)


AGED = TrainingData(SMALL.rows, 3, 4, SMALL.item_vectors, pair_decay_days=2.0)
"""The six pairs are 5, 4, 3, 2, 1 and 0 days old."""


def test_pairs_that_decay_count_less_the_older_they_are() -> None:
    e = math.exp
    expected = [[e(-2.5), e(-2), 0, 0], [e(-1.5), e(-1), e(-0.5), 0], [0, 0, 1, 0]]
    assert AGED.matrix.toarray() == pytest.approx(np.array(expected))


def test_item_knn_of_decaying_pairs_by_hand() -> None:
    # n_00 = e^-5 + e^-3, n_22 = e^-1 + 1, n_02 = e^-1.5 e^-.5, and user 2 has item 2 alone
    scores = ITEM_KNN.fit(AGED, n_neighbors=10, shrinkage=0.0).catalog_scores(EVERYBODY)
    cosine = math.exp(-2) / math.sqrt((math.exp(-5) + math.exp(-3)) * (math.exp(-1) + 1))
    assert scores[2, 0] == pytest.approx(cosine)


def test_rp3beta_of_decaying_pairs_by_hand() -> None:
    # from item 2 over user 1, half and a third of the way, to item 0: weights e^-.5 and e^-1.5
    scores = RP3BETA.fit(AGED, n_neighbors=10, alpha=1.0, beta=0.0).catalog_scores(EVERYBODY)
    assert scores[2, 0] == pytest.approx(math.exp(-2) / 6)


@pytest.mark.parametrize("baseline", [ITEM_KNN, RP3BETA], ids=lambda baseline: baseline.name)
def test_neighbors_found_block_by_block_are_those_found_at_once(
    baseline: Baseline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = np.unique(np.random.default_rng(5).integers(0, 40, (400, 2)), axis=0)
    data = history([(int(user), int(item)) for user, item in pairs], 40, 40)
    at_once = baseline.fit(data, **baseline.start).catalog_scores(np.arange(40))
    monkeypatch.setattr(nearest, "_BLOCK_ENTRIES", 3 * 40)  # three rows a block
    assert np.array_equal(
        baseline.fit(data, **baseline.start).catalog_scores(np.arange(40)), at_once
    )


def test_blend_adds_neighbors_and_popularity_on_one_scale() -> None:
    # neighbors of user 2: 1/2, 1/2, 0, 0; counts 2, 2, 2, 0
    blend = BLENDS[0].fit(SMALL, 0.5, None, n_neighbors=10, shrinkage=0.0)
    assert blend.catalog_scores(EVERYBODY)[2] == pytest.approx([1.5, 1.5, 0.5, 0.0])
    # counts that decay with a day: e^-5 + e^-3, e^-4 + e^-2, e^-1 + 1, 0
    lately = BLENDS[0].fit(SMALL, 2.0, 1.0, n_neighbors=10, shrinkage=0.0)
    first = math.log1p(math.exp(-5) + math.exp(-3)) / math.log1p(math.exp(-1) + 1)
    assert lately.catalog_scores(EVERYBODY)[2, [0, 2]] == pytest.approx([1 + 2 * first, 2])


def test_a_user_without_neighbors_gets_what_is_popular_from_a_blend() -> None:
    wider = TrainingData(SMALL.rows, 4, 4, SMALL.item_vectors)
    blend = BLENDS[0].fit(wider, 1.0, None, n_neighbors=10, shrinkage=0.0)
    assert blend.catalog_scores(np.array([3]))[0] == pytest.approx([1, 1, 1, 0])


@pytest.mark.parametrize("baseline", [MINIMAL_ALS, IALS, BPR], ids=lambda baseline: baseline.name)
def test_factor_models_begin_with_the_seed_of_the_data(baseline: Baseline) -> None:
    board = checker_board(20, 10)
    other = replace(board, seed=board.seed + 1)
    first, second = (
        baseline.fit(data, **baseline.start).catalog_scores(np.arange(20))
        for data in (board, other)
    )
    assert not np.array_equal(first, second)


def checker_board(n_users: int, n_items: int) -> TrainingData:
    """Even users have all even items and odd users all odd items, but for one each."""
    return history(
        [
            (user, item)
            for user in range(n_users)
            for item in range(user % 2, n_items, 2)
            if item != withheld(user, n_items)
        ],
        n_users,
        n_items,
    )


def withheld(user: int, n_items: int) -> int:
    return (user + 2 * (user // 2)) % n_items


@pytest.mark.parametrize(
    "baseline",
    [MINIMAL_ALS, IALS, BPR, ITEM_KNN, RP3BETA, EASE, SLIM, SESSION_KNN],
    ids=lambda baseline: baseline.name,
)
def test_personal_baselines_rank_the_withheld_item_of_a_checker_board_first(
    baseline: Baseline,
) -> None:
    board = checker_board(40, 10)
    sure = {"learning_rate": 0.1} if baseline is BPR else {}  # the first rate to try is slow
    scores = baseline.fit(board, **baseline.start | sure).catalog_scores(np.arange(40))
    scores[board.pairs.users, board.pairs.items] = -np.inf
    assert scores.argmax(axis=1).tolist() == [withheld(user, 10) for user in range(40)]


@pytest.mark.parametrize("baseline", USUAL, ids=lambda baseline: baseline.name)
def test_fitting_twice_gives_the_same_scores(baseline: Baseline) -> None:
    board = checker_board(20, 10)
    first, again = (
        baseline.fit(board, **baseline.start).catalog_scores(np.arange(20)) for _ in range(2)
    )
    assert first.shape == (20, 10)
    assert np.array_equal(first, again)


@pytest.mark.parametrize("baseline", [MINIMAL_ALS, IALS, BPR], ids=lambda baseline: baseline.name)
def test_factor_models_have_no_opinion_on_items_without_history(baseline: Baseline) -> None:
    board = checker_board(20, 10)
    wider = TrainingData(board.rows, 21, 11, np.eye(11, dtype=np.float32))
    scores = baseline.fit(wider, **baseline.start).catalog_scores(np.array([0, 20]))
    assert scores[:, 10].tolist() == [0.0, 0.0]

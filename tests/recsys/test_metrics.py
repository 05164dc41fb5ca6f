"""Metrics against sums that a reader can redo, and against other libraries on random input."""

from __future__ import annotations

import doctest
import importlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from recsys import metrics

#                  1st  2nd  3rd  4th  5th
SCORES = np.array([0.9, 0.8, 0.7, 0.4, 0.2])


def target_rank(scores: np.ndarray, target: int) -> float:
    """The rank of one item of one catalog."""
    return float(metrics.target_ranks(scores[None], np.array([0]), np.array([target]))[0])


@pytest.mark.parametrize("name", ["ranking", "catalog", "intervals"])
def test_docstring_examples_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"recsys.metrics.{name}")).failed == 0


def test_rank_is_one_for_the_best_and_last_for_the_worst() -> None:
    assert target_rank(SCORES, 0) == 1.0
    assert target_rank(SCORES, 4) == 5.0


def test_tied_items_share_the_middle_rank() -> None:
    assert target_rank(np.zeros(11), 3) == 6.0


def test_items_left_out_do_not_push_the_target_down() -> None:
    assert target_rank(np.array([-np.inf, 0.5, 0.1]), 1) == 1.0


def test_scores_that_are_not_numbers_are_refused_with_the_first_of_them() -> None:
    scores = np.array([[0.5, 0.9, 0.1], [0.3, np.nan, np.nan]])
    for row, target in ((0, 0), (1, 0), (1, 1)):
        with pytest.raises(ValueError, match=r"2 of 6 scores are NaN .* item 1 in row 1"):
            metrics.target_ranks(scores, np.array([row]), np.array([target]))
    with pytest.raises(ValueError, match=r"1 of 2 scores are NaN .* item 0 in row 0"):
        target_rank(np.array([np.nan, 0.5]), 0)


@pytest.mark.parametrize("wrong", [np.nan, 0.5, 0.0, -1.0])
def test_what_is_no_rank_gets_no_metric(wrong: float) -> None:
    ranks, said = np.array([1.0, 2.0, wrong]), r"1 of 3 ranks .* case 2"
    for metric in (metrics.hit_rate, metrics.ndcg):
        with pytest.raises(ValueError, match=said):
            metric(ranks, 5)
    with pytest.raises(ValueError, match=said):
        metrics.reciprocal_rank(ranks)
    with pytest.raises(ValueError, match=said):
        metrics.user_means(ranks, np.array([0, 0, 1]), 5)


def test_an_item_without_a_rank_is_a_miss() -> None:
    means = metrics.user_means(np.array([np.inf, 1.0]), np.array([0, 1]), 5)
    assert (means.ndcg.tolist(), means.reciprocal_rank.tolist()) == ([0.0, 1.0], [0.0, 1.0])


def test_hit_rate_and_ndcg_by_hand() -> None:
    ranks = np.array([1.0, 3.0, 5.0, 5.5, 100.0])
    assert metrics.hit_rate(ranks, 5).tolist() == [1, 1, 1, 0, 0]
    # 1/log2(2), 1/log2(4), 1/log2(6)
    assert metrics.ndcg(ranks, 5) == pytest.approx([1.0, 0.5, 0.38685280723, 0.0, 0.0])


def test_many_ranks_are_those_of_one_after_the_other() -> None:
    random = np.random.default_rng(1)
    scores = random.integers(0, 9, (4, 30)).astype(float)
    scores[:, :5] = -np.inf
    rows, targets = random.integers(0, 4, 12), random.integers(5, 30, 12)
    expected = [target_rank(scores[row], item) for row, item in zip(rows, targets, strict=True)]
    assert metrics.target_ranks(scores, rows, targets).tolist() == expected


def test_reciprocal_rank_by_hand() -> None:
    assert metrics.reciprocal_rank(np.array([1.0, 2.5, 4.0])).tolist() == [1.0, 0.4, 0.25]


def test_users_with_several_chosen_items_by_hand() -> None:
    # user 3 chose items at the ranks 1, 4 and 9; user 8 one at rank 6; k = 5
    means = metrics.user_means(np.array([4.0, 6.0, 1.0, 9.0]), np.array([3, 8, 3, 3]), k=5)
    assert means.users.tolist() == [3, 8]
    assert means.hit_rate.tolist() == [1.0, 0.0]
    assert means.recall == pytest.approx([2 / 3, 0.0])
    # (1 + 1 / log2 5) / (1 + 1 / log2 3 + 1 / 2)
    assert means.ndcg == pytest.approx([1.43067655807 / 2.13092975357, 0.0])
    assert means.reciprocal_rank == pytest.approx([1.0, 1 / 6])


def test_more_chosen_items_than_places_can_still_be_a_perfect_list() -> None:
    means = metrics.user_means(np.arange(1.0, 8.0), np.zeros(7, dtype=int), k=3)
    assert (means.ndcg.tolist(), means.recall.tolist()) == ([1.0], [3 / 7])


LISTS = np.array([[0, 1, 2], [0, 1, -1], [0, 3, -1]])


def test_coverage_counts_each_item_once_and_short_lists_not_at_all() -> None:
    assert metrics.coverage(LISTS, n_items=8) == 0.5


def test_novelty_is_the_mean_surprise_of_all_places() -> None:
    # of 4 users 2, 1, 1 have items 0 to 2, and nobody has item 3: 1, 2, 2 and 3 bits
    shares = metrics.item_shares(np.array([0, 0, 1, 2]), n_users=4, n_items=4)
    assert shares.tolist() == [0.5, 0.25, 0.25, 0.125]
    assert metrics.novelty(LISTS, shares) == pytest.approx((3 * 1 + 2 * 2 + 2 + 3) / 7)


def test_gini_by_hand() -> None:
    # places 0, 1, 1, 2, 3 of five items: (-4 * 0 - 2 * 1 + 0 * 1 + 2 * 2 + 4 * 3) / (5 * 7)
    assert metrics.gini(np.array([[0, 0, 0, 1, 1, 2, 3]]), n_items=5) == pytest.approx(14 / 35)


def test_gini_nears_one_where_one_item_gets_every_place() -> None:
    assert metrics.gini(np.zeros((9, 1), dtype=int), n_items=100) == pytest.approx(0.99)


def test_intra_list_similarity_by_hand() -> None:
    vectors = np.array([[2, 0], [3, 4], [0, 9], [0, 0], [-1, 0]], dtype=np.float32)
    # cosines of the first list: 0.6, 0, 0.8; of the second: 0.6, without the zero vector
    lists = np.array([[0, 1, 2], [0, 1, 3], [2, -1, -1], [3, 2, -1]])
    expected = ((0.6 + 0 + 0.8) / 3 + 0.6) / 2
    assert metrics.intra_list_similarity(lists, vectors) == pytest.approx(expected)
    assert metrics.intra_list_similarity(np.array([[0, 4]]), vectors) == pytest.approx(-1)
    assert np.isnan(metrics.intra_list_similarity(lists[2:], vectors))


def test_intra_list_similarity_of_many_lists_is_the_mean_over_their_pairs() -> None:
    draw = np.random.default_rng(5)
    vectors = draw.normal(size=(50, 4)).astype(np.float32)
    lists = np.array([draw.permutation(50)[:4] for _ in range(2_100)])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    pairs = [cosines[a, b] for row in lists for i, a in enumerate(row) for b in row[:i]]
    assert metrics.intra_list_similarity(lists, vectors) == pytest.approx(np.mean(pairs))


def test_interval_of_equal_values_is_a_point() -> None:
    assert metrics.interval(np.full(20, 0.4), np.arange(20)) == pytest.approx((0.4, 0.4, 0.4))


def test_interval_is_wider_when_cases_belong_to_few_users() -> None:
    values = np.tile([0.0, 1.0], 200)
    apart = metrics.interval(values, np.arange(400))
    together = metrics.interval(values, np.tile([0, 1], 200))
    assert apart.low == pytest.approx(0.45, abs=0.02)  # 0.5 - 1.96 * 0.5 / sqrt(400)
    assert apart.high == pytest.approx(0.55, abs=0.02)
    assert together == (0.5, 0.0, 1.0)


def test_difference_of_two_models_is_surer_than_their_intervals() -> None:
    random = np.random.default_rng(0)
    theirs = random.random(300)
    ours = theirs + 0.02
    users = np.arange(300)
    assert metrics.paired_difference(ours, theirs, users) == pytest.approx((0.02, 0.02, 0.02))
    assert metrics.interval(ours, users).low < metrics.interval(theirs, users).high


def test_resampled_means_weigh_users_by_their_cases() -> None:
    # user 1 has three cases of 1, user 2 one case of 0: drawn (1, 1), (1, 2) or (2, 2)
    values, users = np.array([[1.0], [1.0], [1.0], [0.0]]), np.array([1, 1, 1, 2])
    means = metrics.resampled_means(values, users, n_samples=200)
    assert set(np.unique(means)) == {0.0, 0.75, 1.0}


def test_interval_of_nothing_is_not_a_number() -> None:
    nothing = np.array([]), np.array([], dtype=int)
    assert np.isnan(metrics.interval(*nothing)).all()


def test_intervals_of_several_models_share_their_draws() -> None:
    random = np.random.default_rng(4)
    users, values = np.repeat(np.arange(40), 2), random.random(80)
    found = metrics.intervals({"ours": values, "theirs": values - 0.1}, users)
    assert found["ours"] == pytest.approx(metrics.interval(values, users))
    assert np.subtract(found["ours"], found["theirs"]) == pytest.approx([0.1, 0.1, 0.1])


def test_interval_over_seeds_is_that_of_the_users_where_seeds_agree() -> None:
    random = np.random.default_rng(4)
    users, values = np.arange(200), random.random(200)
    same = metrics.interval_over_seeds(np.stack([values] * 3, axis=1), users)
    assert same == pytest.approx(metrics.interval(values, users))


def test_interval_over_seeds_holds_what_single_seeds_gave() -> None:
    # Users are alike, so that all that varies is the seed: .1, .2 or .3 for everybody.
    values = np.tile([0.1, 0.2, 0.3], (50, 1))
    found = metrics.interval_over_seeds(values, np.arange(50))
    assert found == pytest.approx((0.2, 0.1, 0.3))


@pytest.mark.pipeline
def test_auc_interval_holds_the_auc_and_narrows_with_more_users() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(0)
    labels = random.random(2_000) < 0.5
    scores = labels + random.normal(scale=2.0, size=2_000)
    low, high = metrics.auc_interval(labels, scores, np.arange(2_000))
    assert low < roc_auc_score(labels, scores) < high
    # Hanley and McNeil's standard error at AUC .64 and 1,000 of each class is .0124
    assert high - low == pytest.approx(2 * 1.96 * 0.0124, rel=0.15)


def test_auc_interval_of_a_score_that_is_no_number_is_refused() -> None:
    scores = np.array([0.1, 0.2, np.nan])
    with pytest.raises(ValueError, match=r"1 of 3 scores are NaN; .* pair 2"):
        metrics.auc_interval(np.array([True, False, True]), scores, np.arange(3))


def test_auc_interval_of_one_class_is_not_a_number() -> None:
    interval = metrics.auc_interval(np.array([True, True]), np.zeros(2), np.arange(2))
    assert np.isnan(interval).all()


@pytest.mark.pipeline
def test_user_ndcg_agrees_with_scikit_learn_on_random_rankings() -> None:
    from sklearn.metrics import ndcg_score

    random = np.random.default_rng(7)
    scores = random.random((20, 50))
    chosen = random.random((20, 50)) < 0.08
    chosen[:, 3] = True
    rows, items = np.nonzero(chosen)
    ranks = metrics.target_ranks(scores, rows, items)
    for k in (1, 5, 10):
        expected = ndcg_score(chosen, scores, k=k)
        assert metrics.user_means(ranks, rows, k).ndcg.mean() == pytest.approx(expected)


ASK_RANX = """
import json, sys, ranx
chosen, ranked, names = json.load(sys.stdin)
found = ranx.evaluate(ranx.Qrels(chosen), ranx.Run(ranked), names)
print(json.dumps({name: float(found[name]) for name in names}))
"""


def means_by_ranx(
    chosen: dict[str, dict[str, int]], ranked: dict[str, dict[str, float]], names: list[str]
) -> dict[str, float]:
    """Ask ranx in a process where its metrics run as plain Python: compiling takes half a minute."""
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK_RANX],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        input=json.dumps((chosen, ranked, names)),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout.splitlines()[-1])


def test_user_means_agree_with_ranx_on_random_rankings() -> None:
    random = np.random.default_rng(11)
    scores = random.random((25, 60))
    rows, items = np.nonzero(random.random((25, 60)) < 0.06)
    ranks = metrics.target_ranks(scores, rows, items)
    chosen: dict[str, dict[str, int]] = {}
    for row, item in zip(rows, items, strict=True):
        chosen.setdefault(f"u{row}", {})[f"i{item}"] = 1
    ranked = {
        user: {f"i{item}": float(score) for item, score in enumerate(scores[int(user[1:])])}
        for user in chosen
    }
    names = {
        "hit_rate": "hit_rate@7",
        "recall": "recall@7",
        "ndcg": "ndcg@7",
        "reciprocal_rank": "mrr",
    }
    expected = means_by_ranx(chosen, ranked, list(names.values()))
    means = metrics.user_means(ranks, rows, k=7)
    for ours, theirs in names.items():
        assert getattr(means, ours).mean() == pytest.approx(expected[theirs]), ours

"""Metrics of rankings against sums that a reader can redo, and against other libraries."""

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

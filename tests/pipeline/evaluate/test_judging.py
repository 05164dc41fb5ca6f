"""Ranks and lists by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluate.judging import RankingModel, judge, pair_scores, top_lists
from recsys.ranking import top_rows
from recsys.split import TEST, TRAIN, VALIDATION
from tests.support.timelines import cutoff_of

pytestmark = pytest.mark.pipeline

TABLE = [
    (0, 0, 5.0, TRAIN),
    (0, 1, 5.0, VALIDATION),
    (1, 1, 3.0, TRAIN),
    (1, 2, 3.0, VALIDATION),
    (0, 2, 5.0, TEST),
    (1, 3, 2.0, TEST),
]


def lowest_row_first(scale: float = 1.0) -> RankingModel:
    """Scores items by row, 0 the best of 4, for everybody."""
    scores = -scale * np.arange(4.0)
    return RankingModel("lowest row first", lambda users: np.tile(scores, (len(users), 1)))


def test_ranks_count_only_items_that_the_user_does_not_have() -> None:
    judged = judge(lowest_row_first(), cutoff_of(TABLE, 2, 4), k=2)
    assert judged.ranks.tolist() == [1.0, 2.0]  # user 0: 2 before 3; user 1: 0 before 3
    assert judged.lists.tolist() == [[2, 3], [0, 3]]
    assert judged.scores.tolist() == [-2.0, -3.0]


def test_missing_places_of_a_short_list_are_marked() -> None:
    judged = judge(lowest_row_first(), cutoff_of(TABLE, 2, 4), k=3)
    assert judged.lists.tolist() == [[2, 3, -1], [0, 3, -1]]


def test_scores_all_alike_get_the_middle_rank() -> None:
    assert judge(lowest_row_first(scale=0.0), cutoff_of(TABLE, 2, 4)).ranks.tolist() == [1.5, 1.5]


def test_pair_scores_are_those_of_the_catalog() -> None:
    cutoff = cutoff_of(TABLE, 2, 4)
    ranking_model = lowest_row_first()
    assert (
        pair_scores(ranking_model, cutoff).tolist() == judge(ranking_model, cutoff).scores.tolist()
    )


def test_blocks_of_users_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    table = [
        (user, item, 5.0, part)
        for user in range(9)
        for item, part in zip(
            random.permutation(12)[:4], (TRAIN, VALIDATION, TEST, TEST), strict=True
        )
    ]
    scores = random.normal(size=(9, 12))
    ranking_model = RankingModel("noise", lambda users: scores[users])
    cutoff = cutoff_of(table, 9, 12)
    whole = judge(ranking_model, cutoff, k=5)
    monkeypatch.setattr("pipeline.evaluate.judging.BLOCK_SCORES", 25)  # two users a block
    blocked = judge(ranking_model, cutoff, k=5)
    assert blocked.ranks.tolist() == whole.ranks.tolist()
    assert blocked.lists.tolist() == whole.lists.tolist()


def test_lists_of_many_are_those_of_one_after_the_other_with_ties_by_row() -> None:
    random = np.random.default_rng(5)
    scores = random.integers(0, 4, size=(30, 25)).astype(np.float32)
    excluded = [np.sort(random.permutation(25)[:20]) for _ in range(30)]
    for row, rows in enumerate(excluded):
        scores[row, rows] = -np.inf
    lists = top_lists(scores, 8)
    for row, rows in enumerate(excluded):
        expected = top_rows(np.nan_to_num(scores[row], neginf=0.0), 8, rows)
        assert lists[row][lists[row] >= 0].tolist() == expected.tolist()

"""Ranks and lists of a model at a cutoff, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluate.models import Comparison
from pipeline.evaluate.ranking_model import RankingModel, ask, ranks_at
from pipeline.evaluate.results.ranking import ranking_numbers
from recsys.split import TEST, TRAIN, VALIDATION
from tests.support.timelines import cutoff_of, timeline

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
    answers = ask(lowest_row_first(), cutoff_of(TABLE, 2, 4), k=2)
    assert answers.ranks.tolist() == [1.0, 2.0]  # user 0: 2 before 3; user 1: 0 before 3
    assert answers.lists.tolist() == [[2, 3], [0, 3]]
    assert answers.scores.tolist() == [-2.0, -3.0]


def test_ranks_among_known_items_leave_out_what_nobody_had_reviewed() -> None:
    # Known are the items 0, 1 and 2; user 0 chose 2, the only one left, and user 1 chose 3.
    answers = ask(lowest_row_first(scale=-1.0), cutoff_of(TABLE, 2, 4))
    assert answers.ranks.tolist() == [2.0, 1.0]
    assert answers.known_ranks.tolist() == [1.0, np.inf]


def test_a_catalog_known_at_the_cutoff_has_its_own_cases_and_chances() -> None:
    cutoff = cutoff_of(TABLE, 2, 4)
    models = (ask(lowest_row_first(scale=-1.0), cutoff),)
    found = ranking_numbers(Comparison(cutoff, models, models[0]), timeline(TABLE, 2, 4))
    whole = found["whole_catalog"]
    assert (found["items"], found["users"], found["cases"]) == (3, 1, 1)
    assert (whole["items"], whole["users"], whole["cases"]) == (4, 2, 2)
    assert found["models"]["lowest row first"]["ndcg@10"]["value"] == 1.0
    assert whole["models"]["lowest row first"]["mrr"]["value"] == 0.75
    assert found["base_rate"]["ndcg@10"] == 1.0  # a single item is left to user 0
    assert list(found["slices"]["item"]) == ["with history"]
    assert list(whole["slices"]["item"]) == ["with history", "without history"]


def test_missing_places_of_a_short_list_are_marked() -> None:
    answers = ask(lowest_row_first(), cutoff_of(TABLE, 2, 4), k=3)
    assert answers.lists.tolist() == [[2, 3, -1], [0, 3, -1]]


def test_scores_all_alike_get_the_middle_rank() -> None:
    assert ask(lowest_row_first(scale=0.0), cutoff_of(TABLE, 2, 4)).ranks.tolist() == [1.5, 1.5]


def test_ranks_and_scores_do_not_depend_on_the_lists() -> None:
    cutoff = cutoff_of(TABLE, 2, 4)
    answers, ranked = ask(lowest_row_first(), cutoff), ranks_at(lowest_row_first(), cutoff)
    assert ranked.ranks.tolist() == answers.ranks.tolist()
    assert ranked.scores.tolist() == answers.scores.tolist()
    assert ranked.lists.shape == (2, 0)


def test_scores_of_the_model_are_left_as_they_are() -> None:
    scores = np.arange(8.0).reshape(2, 4)
    ask(RankingModel("its own array", lambda _: scores), cutoff_of(TABLE, 2, 4))
    assert scores.tolist() == np.arange(8.0).reshape(2, 4).tolist()


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
    whole = ask(ranking_model, cutoff, k=5)
    monkeypatch.setattr("pipeline.target_ranks.BLOCK_SCORES", 25)  # two users a block
    blocked = ask(ranking_model, cutoff, k=5)
    assert blocked.ranks.tolist() == whole.ranks.tolist()
    assert blocked.lists.tolist() == whole.lists.tolist()


def test_lists_hold_the_best_items_left_with_ties_by_row() -> None:
    scores = np.array([[9.0, 9.0, 1.0, 1.0], [0.0, 9.0, 9.0, 0.0]])
    model = RankingModel("ties", lambda users: scores[users])
    assert ask(model, cutoff_of(TABLE, 2, 4), k=3).lists.tolist() == [[2, 3, -1], [0, 3, -1]]

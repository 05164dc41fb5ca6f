"""Trees that rank the ranker's first items again, on reviews of which each says the next."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluate.baselines.first_stage import FirstStage, first_stage
from pipeline.evaluate.baselines.lambdarank import LAMBDARANK
from pipeline.evaluate.cutoff import TUNING, Cutoff, cutoff
from pipeline.evaluate.timeline import read_timeline
from tests.support.chain_artifacts import N_ITEMS, write_chain_artifacts
from tests.support.timelines import history

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Cutoff:
    """Everybody went from item to item; asked is for the next ones."""
    return cutoff(read_timeline(write_chain_artifacts(tmp_path_factory.mktemp("chain"))), TUNING)


@pytest.fixture(scope="module")
def ranker(asked: Cutoff) -> FirstStage:
    stage: FirstStage = asked.history.begun.setdefault(first_stage, first_stage(asked.history))
    return stage


def test_what_came_next_is_put_first(asked: Cutoff, ranker: FirstStage) -> None:
    settings = {**LAMBDARANK.start, "ranker_weight": 0.0}
    users = asked.users
    scores = LAMBDARANK.fit(asked.history, **settings).catalog_scores(users)
    for row, user in zip(scores, users, strict=True):
        row[asked.seen_by(int(user))] = -np.inf
    newest = np.array([asked.history.rows.histories().of(int(user))[0] for user in users])
    assert (scores.argmax(axis=1) == (newest + 1) % N_ITEMS).mean() > 0.75


def test_only_the_first_items_are_ranked_again(
    asked: Cutoff, ranker: FirstStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.evaluate.baselines.first_stage.N_FIRST", 5)
    again = LAMBDARANK.fit(asked.history, **LAMBDARANK.start).catalog_scores(asked.users)
    for user, before, after in zip(asked.users, ranker.scores(asked.users), again, strict=True):
        left = np.setdiff1d(np.arange(N_ITEMS), asked.seen_by(int(user)))
        old, new = (left[np.argsort(-scores[left], kind="stable")] for scores in (before, after))
        assert set(old[:5]) == set(new[:5])
        assert old[5:].tolist() == new[5:].tolist()


def test_the_same_trees_come_out_twice(asked: Cutoff, ranker: FirstStage) -> None:
    first, again = (
        LAMBDARANK.fit(asked.history, **LAMBDARANK.start).catalog_scores(asked.users)
        for _ in range(2)
    )
    assert np.array_equal(first, again)


def test_data_without_what_the_ranker_reads_is_refused(asked: Cutoff) -> None:
    assert LAMBDARANK.refuses(asked.history) == ""
    assert "unknown" in LAMBDARANK.refuses(history([(0, 0)], 1, 1))

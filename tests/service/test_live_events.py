"""Events count at once on all workers, whatever is killed, reloaded or rolled back meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.events.case import SAMPLE
from benchmarks.events.drawn import counted
from benchmarks.events.equality import Trial
from benchmarks.events.reload_trial import run_trial
from benchmarks.events.shopper import Done, Findings, Shopper
from recsys.kinds import HIDE, PURCHASE, REMOVE, VIEW
from storage.events.event import Event

N_WORKERS = 3
KETTLE, LAMP = Done("kettle", "purchase", None, 7), Done("lamp", "review", 4.0, 9)


def quiet(_: str) -> None:
    """Say nothing."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_users_with_events_are_answered_as_if_these_stood_in_the_data(tmp_path: Path) -> None:
    outcome = Trial(SAMPLE, tmp_path / "trial", N_WORKERS, 0, quiet).run(24, 8, 4)
    assert len(outcome.stages) == 4
    for stage in outcome.stages:
        assert stage.n_answers > 300
        assert not stage.examples, stage
    assert 0 < outcome.n_folded < outcome.n_events
    assert outcome.is_equal


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_reloads_while_events_come_lose_none_count_none_twice_and_mix_nothing(
    tmp_path: Path,
) -> None:
    outcome = run_trial(SAMPLE, tmp_path / "trial", 3, N_WORKERS, 40, quiet)
    assert outcome.findings.is_clean, outcome.findings
    assert outcome.verdict.is_clean, outcome.verdict
    assert outcome.findings.n_events > 100
    assert outcome.findings.n_lists >= 2 * outcome.findings.n_events
    assert len(outcome.verdict.n_of_each_generation) >= 3


def test_lost_and_doubled_events_are_found() -> None:
    found = Findings()
    found.judge_history([KETTLE, LAMP], [LAMP, KETTLE])
    assert found.is_clean
    found.judge_history([KETTLE, LAMP], [LAMP])
    assert (found.n_lost, found.n_twice) == (1, 0)
    found.judge_history([KETTLE, LAMP], [KETTLE, KETTLE, LAMP])
    assert (found.n_lost, found.n_twice, found.n_histories) == (1, 1, 3)
    assert not found.is_clean


def test_lists_with_an_item_that_is_gone_are_found() -> None:
    found = Findings()
    found.judge_list({"kettle"}, ["lamp"])
    assert found.is_clean
    found.judge_list({"kettle", "lamp"}, ["tent", "lamp"])
    assert (found.n_lists, found.n_wrong_lists) == (2, 1)


def test_what_a_user_did_is_gone_but_for_views_and_what_is_taken_back() -> None:
    zoe = Shopper("zoe")
    for number, (item, kind) in enumerate(
        [("kettle", PURCHASE), ("lamp", HIDE), ("tent", VIEW), ("lamp", REMOVE)]
    ):
        zoe.do(Event("zoe", item, kind, number * 1_000_000))
    assert zoe.gone == {"kettle"}
    assert [(each.item, each.kind, each.time_s) for each in zoe.done] == [
        ("kettle", "purchase", 0),
        ("tent", "view", 2),
    ]


def test_events_with_an_id_that_came_before_do_not_count() -> None:
    events = [
        Event("zoe", item, VIEW, 0, None, name) for item, name in zip("abc", "xxy", strict=True)
    ]
    events.append(Event("zoe", "e", VIEW, 0))
    assert [event.item for event in counted(events)] == ["a", "c", "e"]

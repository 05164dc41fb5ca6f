"""Many reloads while many requests are answered: nobody fails, nobody gets a mixture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest

from benchmarks.http.client import Answer
from benchmarks.http.reload_trial import Change, Verdict, Watched, judge, run_trial
from tests.support.artifacts import tiny_user_names, write_tiny_artifacts
from tests.support.process import free_port, serving
from tests.support.services import config_in

N_WORKERS = 4
N_RELOADS = 10
GROWTH_MB = 8.0
"""Of all workers together. A generation that stays mapped shows in the count of mappings."""

USERS = tiny_user_names(12)
PATHS = (
    "/recommendations?" + urlencode({"users": ",".join(USERS[:5])}),
    "/recommendations?" + urlencode({"users": ",".join([*USERS[5:], "Nobody"])}),
    "/recommendations?" + urlencode({"users": USERS[0], "exclude_seen": "false"}),
    "/recommendations?users=Nobody",
    "/check_users?" + urlencode({"users": ",".join(USERS)}),
)


def two_sets(folder: Path) -> list[Callable[[], None]]:
    """Two sets of files of different widths and lengths, either of which a link leads to."""
    write_tiny_artifacts(folder / "first", seed=0)
    write_tiny_artifacts(folder / "second", seed=3, n_users=11, n_items=16, width=12)
    chosen = folder / "chosen"
    chosen.symlink_to("first")

    def link(name: str) -> None:
        (folder / "next").symlink_to(name)
        (folder / "next").replace(chosen)

    return [lambda: link("second"), lambda: link("first")]


@pytest.mark.slow
def test_reloads_under_load_fail_nobody_mix_nothing_and_keep_no_memory(tmp_path: Path) -> None:
    place = two_sets(tmp_path)
    config = replace(
        config_in(tmp_path, port=free_port(), workers=N_WORKERS),
        data_path=tmp_path / "chosen" / "data",
        embeddings_path=tmp_path / "chosen" / "embeddings",
        model_path=tmp_path / "chosen" / "models",
    )
    with serving(config) as server:
        trial = run_trial(config.port, server.workers, place, PATHS, N_RELOADS)
        assert len(server.workers()) == N_WORKERS
    verdict = trial.verdict
    assert verdict.is_clean, verdict
    assert len(verdict.n_of_each_generation) == 2
    assert min(verdict.n_of_each_generation.values()) > N_RELOADS
    assert max(trial.n_mapped_generations) <= 2  # the one in service and one in flight
    assert trial.own_mb[-1] - trial.own_mb[len(place)] < GROWTH_MB, trial.own_mb


def answer(body: bytes, generation: str = "one", status: int = 200) -> Answer:
    head = f"HTTP/1.1 {status} -\r\nX-Generation: {generation}\r\nContent-Length: 1\r\n\r\n"
    return Answer(0, 0, 0, head.encode() + body)


def verdict_on(seen: Answer, begun: int, ended: int) -> Verdict:
    """Judge one answer where "one" was in service, "two" asked for at 10 and answered at 20."""
    watched = Watched([seen], np.array([0]), np.array([begun]), np.array([ended]))
    changes = [Change(0, 0, "one"), Change(10, 20, "two")]
    return judge(watched, changes, {("one", 0): b"1", ("two", 0): b"2"})


def test_the_judge_accepts_either_generation_during_a_reload_only() -> None:
    assert verdict_on(answer(b"1", "one"), 5, 8).is_clean
    assert verdict_on(answer(b"1", "one"), 19, 30).is_clean
    assert verdict_on(answer(b"2", "two"), 5, 12).is_clean
    assert verdict_on(answer(b"2", "two"), 21, 22).is_clean
    assert verdict_on(answer(b"1", "one"), 21, 30).n_out_of_time == 1
    assert verdict_on(answer(b"2", "two"), 5, 8).n_out_of_time == 1


def test_the_judge_finds_failed_lost_and_mixed_answers() -> None:
    assert verdict_on(answer(b"1", status=500), 5, 8).n_failed == 1
    assert verdict_on(Answer(0, 0, 0, b""), 5, 8).n_failed == 1
    assert verdict_on(answer(b"2", "one"), 5, 8).n_unlike_their_generation == 1

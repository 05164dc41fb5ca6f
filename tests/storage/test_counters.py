from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from classes.rate_limiter import RateLimiter
from classes.service_counters import BUCKETS_S, SECONDS, SUM, ServiceCounters
from storage.counters import CAPACITY, Counters

LIFE = ("life",)


def add_and_be_killed(folder: Path, amount: int) -> None:
    Counters(folder).add(LIFE, amount)
    os.kill(os.getpid(), signal.SIGKILL)


def run_and_kill(folder: Path, amount: int) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=add_and_be_killed, args=(folder, amount)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def test_what_a_killed_process_has_counted_stays_in_the_sum(tmp_path: Path) -> None:
    run_and_kill(tmp_path, 5)
    mine = Counters(tmp_path)
    mine.add(LIFE, 2)
    assert mine.totals() == {LIFE: 7}


def test_a_process_goes_on_with_the_file_of_one_that_ended(tmp_path: Path) -> None:
    run_and_kill(tmp_path, 5)
    run_and_kill(tmp_path, 6)
    assert [path.name for path in tmp_path.glob("*.values")] == ["counters-0.values"]


def test_processes_that_live_at_once_have_a_file_each_and_see_one_sum(tmp_path: Path) -> None:
    first, second = Counters(tmp_path), Counters(tmp_path)
    first.add(LIFE, 1)
    second.add(("only", "second"), 10)
    second.add(LIFE, 100)
    assert first.totals() == second.totals() == {LIFE: 101, ("only", "second"): 10}


def test_threads_lose_no_count() -> None:
    counters = Counters(None)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [counters.add(LIFE) for _ in range(2_000)], range(8)))
    assert counters.totals() == {LIFE: 16_000}


def test_half_a_name_left_by_a_killed_process_is_written_over(tmp_path: Path) -> None:
    run_and_kill(tmp_path, 5)
    with (tmp_path / "counters-0.names").open("a") as names:
        names.write('["half a na')
    mine = Counters(tmp_path)
    mine.add(("whole name",), 3)
    assert mine.totals() == Counters(tmp_path).totals() == {LIFE: 5, ("whole name",): 3}


def test_names_of_any_text_come_back_as_they_were(tmp_path: Path) -> None:
    names = [("a b", '"', "\n", "é"), ("", "\u2028", "[1]")]
    for name in names:
        Counters(tmp_path).add(name, 4)
    assert Counters(tmp_path).totals() == dict.fromkeys(names, 4)


def test_without_the_shared_folder_a_process_counts_for_itself(tmp_path: Path) -> None:
    counters = Counters(tmp_path / "missing")
    counters.add(LIFE)
    assert counters.totals() == {LIFE: 1}
    assert not (tmp_path / "missing").exists()


def test_more_names_than_there_is_room_for_are_refused() -> None:
    counters = Counters(None)
    counters.place(*((str(number),) for number in range(CAPACITY)))
    with pytest.raises(OverflowError, match="16,384"):
        counters.add(("one more",))
    assert len(counters.totals()) == CAPACITY


@pytest.mark.parametrize(
    ("seconds", "end"),
    [(0.0, "0.0001"), (0.0001, "0.0001"), (0.000_100_001, "0.00025"), (60.0, "60.0"), (61, "inf")],
)
def test_a_time_falls_into_the_first_bucket_that_ends_at_or_above_it(
    seconds: float, end: str
) -> None:
    counters = ServiceCounters()
    counters.count_request("GET", "/here", "200", round(seconds * 1e9))
    found = {name[3]: value for name, value in counters.totals().items() if name[0] == SECONDS}
    assert found.pop(SUM) == round(seconds * 1e9)
    assert [bucket for bucket, value in found.items() if value] == [end]
    assert list(found) == [*map(str, BUCKETS_S), "inf"]


def test_a_process_counts_on_where_the_folder_was_removed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    mine = Counters(tmp_path / "run")
    mine.add(LIFE, 2)
    shutil.rmtree(tmp_path / "run")
    mine.add(LIFE, 3)
    mine.add(("new",), 4)
    assert mine.totals() == {LIFE: 5, ("new",): 4}


def test_a_name_that_could_not_be_written_shifts_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Counters(tmp_path)
    mine.add(LIFE, 2)
    with monkeypatch.context() as full:
        full.setattr(Path, "open", _no_space)
        mine.add(("lost",), 3)
    mine.add(("later",), 4)
    assert Counters(tmp_path).totals() == {LIFE: 2}


def _no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_process_counts_for_itself_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", _no_space)
    mine = Counters(tmp_path)
    mine.add(LIFE, 2)
    assert mine.totals() == {LIFE: 2}
    limiter = RateLimiter(1, 3_600, tmp_path)
    assert limiter.seconds_to_wait("192.0.2.1") == 0
    assert limiter.seconds_to_wait("192.0.2.1") > 0

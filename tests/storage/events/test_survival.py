"""What becomes of the store when processes are killed, files are damaged or the disk is full."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import PROJECT_ROOT
from recsys.kinds import VIEW
from storage.events.event import Appended, Event, EventStoreError
from storage.events.store import EventStore
from tests.support.event_writer import batch_of

SIZE = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "events"


def writer(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.event_writer", folder, *arguments]
    return subprocess.Popen(
        [str(each) for each in command], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    with process.stdout as lines:
        found = lines.read().splitlines()
    process.wait()
    return found


def one(user: str) -> list[Event]:
    return [Event(user, "blue kettle", VIEW, 0)]


def assert_whole(store: EventStore, name: str, acknowledged: list[int]) -> int:
    """Check the batches of a writer, and return how many there are."""
    frames = list(store.since(0))
    ids = [each for frame in frames for each in frame["id"] if each.startswith(f"{name}/")]
    assert len(ids) == len(set(ids))
    stored = {int(each.split("/")[1]) for each in ids}
    assert len(ids) == SIZE * len(stored), "a batch was taken in part"
    assert stored >= set(acknowledged)
    assert stored == set(range(len(stored)))
    assert all(store.may_concern(f"{name} {place}") for place in range(SIZE * bool(stored)))
    return len(stored)


def test_a_killed_writer_loses_no_batch_that_it_acknowledged_and_leaves_none_in_part(
    folder: Path,
) -> None:
    wait_s = random.Random(13)
    for turn in range(4):
        process = writer(folder, f"turn {turn}", 100_000, SIZE)
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(wait_s.random() / 4)
        process.kill()
        acknowledged = [int(line) for line in (first, *said(process)) if line.strip().isdigit()]
        assert assert_whole(EventStore(folder), f"turn {turn}", acknowledged) > 0
    store = EventStore(folder)
    assert store.n_events == sum(len(frame) for frame in store.since(0))
    assert store.append(one("zoe")) == Appended(1, 0)


def test_processes_that_write_at_once_lose_nothing_and_keep_one_order(folder: Path) -> None:
    processes = [writer(folder, f"writer {n}", 60, SIZE) for n in range(3)]
    store, seen = EventStore(folder), 0
    while any(process.poll() is None for process in processes):
        numbers = [seq for frame in store.since(seen) for seq in frame["seq"]]
        assert numbers == sorted(set(numbers))
        seen = numbers[-1] if numbers else seen
        time.sleep(0.01)
    for n, process in enumerate(processes):
        assert said(process) == [str(number) for number in range(60)]
        assert assert_whole(store, f"writer {n}", list(range(60))) == 60
    assert store.n_events == 3 * 60 * SIZE


def test_a_process_that_only_reads_sees_what_another_has_just_stored(folder: Path) -> None:
    reader = EventStore(folder)
    assert not reader.may_concern("name 0")
    process = writer(folder, "name", 50, 1)
    assert process.stdout is not None
    for number, _ in enumerate(process.stdout):
        assert reader.may_concern("name 0")
        assert len(reader.of_user("name 0")) > number
    process.wait()
    process.stdout.close()


def test_on_a_full_disk_batches_are_refused_whole_and_later_ones_are_taken(folder: Path) -> None:
    EventStore(folder).append(one("zoe"))
    limit = (folder / "presence").stat().st_size  # by far the largest file
    answers = said(writer(folder, "name", 800, 200, limit))
    taken = [int(line) for line in answers if line.isdigit()]
    refused = [line for line in answers if not line.isdigit()]
    assert len(taken) > 10
    assert refused
    assert all("The events in EVENTS_PATH can't be read or written" in line for line in refused)
    store = EventStore(folder)
    ids = [each for frame in store.since(0) for each in frame["id"].dropna()]
    assert len(ids) == len(set(ids)) == 200 * len(taken)
    assert {int(each.split("/")[1]) for each in ids} == set(taken)
    assert store.append(batch_of("late", 0, SIZE)) == Appended(SIZE, 0)


def test_without_space_for_the_first_file_nothing_is_stored_and_nobody_is_known(
    folder: Path,
) -> None:
    answers = said(writer(folder, "name", 2, SIZE, 20_000))
    assert [line.split()[0] for line in answers] == ["refused", "refused"]
    store = EventStore(folder)
    assert (store.n_events, store.of_user("name 0")) == (0, [])
    assert store.append(one("zoe")) == Appended(1, 0)
    assert store.may_concern("zoe")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try as somebody else")
def test_a_folder_that_cannot_be_written_refuses_events_and_serves_those_it_has(
    tmp_path: Path,
) -> None:
    EventStore(tmp_path).append(one("zoe"))
    held = EventStore(tmp_path)
    assert held.of_user("zoe")  # as a service that is running
    child = os.fork()
    if child == 0:
        os.setuid(65_534)
        try:
            EventStore(tmp_path / "new").append(one("amir"))
        except EventStoreError:
            os._exit(3)
        os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert held.n_events == 1


def test_a_locked_database_is_an_error_in_time_and_reads_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.events.database.BUSY_S", 0.2)
    store = EventStore(folder)
    store.append(one("zoe"))
    with sqlite3.connect(folder / "events.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(EventStoreError, match="database is locked"):
            store.append(one("amir"))
        assert len(store.of_user("zoe")) == 1
        other.execute("ROLLBACK")
    other.close()
    assert store.append(one("amir")) == Appended(1, 0)


@pytest.mark.parametrize("damage", ["removed", "emptied", "cut", "zeroed", "of another boot"])
def test_a_damaged_table_never_hides_an_event_and_is_made_anew(
    folder: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    EventStore(folder).append(one("zoe"))
    path = folder / "presence"
    content = path.read_bytes()
    match damage:
        case "removed":
            path.unlink()
        case "emptied":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "zeroed":
            path.write_bytes(bytes(len(content)))
        case "of another boot":
            path.write_bytes(content.replace(content[8:44], b"x" * 36))
    reader = EventStore(folder)
    assert reader.may_concern("zoe")
    assert len(reader.of_user("zoe")) == 1
    EventStore(folder).begin()
    assert reader.may_concern("zoe")
    assert not reader.may_concern("a stranger")


def test_files_that_are_removed_while_a_process_runs_are_begun_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.events.opening._LOOK_S", 0)
    store = EventStore(folder)
    store.append(one("zoe"))
    before = store.last_seq
    assert store.may_concern("zoe")
    for path in folder.iterdir():
        path.unlink()
    assert not store.may_concern("zoe")
    assert store.of_user("zoe") == []
    assert store.append(one("amir")) == Appended(1, 0)
    assert store.may_concern("amir")
    assert not store.may_concern("zoe")
    assert store.last_seq > before
    assert len(EventStore(folder).of_user("amir")) == 1


def test_a_lost_or_foreign_key_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    EventStore(tmp_path / "one").append(one("zoe"))
    EventStore(tmp_path / "two").append(one("zoe"))
    (tmp_path / "one" / "key").unlink()
    (tmp_path / "two" / "key").write_bytes(b"x" * 32)
    for place in ("one", "two"):
        for ask in (EventStore.append, EventStore.of_user):
            with pytest.raises(EventStoreError, match=r"/key is .* key|/key is missing"):
                ask(EventStore(tmp_path / place), one("zoe") if ask is EventStore.append else "zoe")


def test_a_database_of_another_version_is_refused(folder: Path) -> None:
    EventStore(folder).append(one("zoe"))
    with sqlite3.connect(folder / "events.db") as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(EventStoreError, match="format 99; this version of the service reads 1"):
        EventStore(folder).of_user("zoe")

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from recsys.cleaning.forgotten import NEVER_FORGOTTEN
from recsys.kinds import HIDE, PURCHASE, REVIEW, VIEW
from storage.events.event import Appended, Event, EventStoreError
from storage.events.rows import ItemCount
from storage.events.store import EventStore

NOW_US = time.time_ns() // 1_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "events"


@pytest.fixture
def store(folder: Path) -> EventStore:
    return EventStore(folder)


def view(user: str, item: str = "blue kettle", event_id: str | None = None) -> Event:
    return Event(user, item, VIEW, NOW_US, None, event_id)


def unnumbered(events: list[Event]) -> list[Event]:
    return [event._replace(seq=0) for event in events]


def test_before_the_first_event_nothing_is_known_and_no_file_is_made(
    store: EventStore, folder: Path
) -> None:
    assert not store.may_concern("zoe")
    assert store.of_user("zoe") == []
    assert (store.last_seq, store.n_events, store.forgotten_seq("zoe")) == (0, 0, None)
    assert list(store.since(0)) == []
    assert store.forgotten_users() is None
    assert store.item_counts(0) == []
    assert not folder.exists()


def test_events_of_a_user_come_back_as_they_were_in_the_order_of_arrival(
    store: EventStore, folder: Path
) -> None:
    sent = [
        Event("zoe", "blue kettle", REVIEW, NOW_US, 4.5, "first"),
        Event("zoe", "red lamp", PURCHASE, NOW_US - 5),
        view("李小龙, \U0001f600 'jr'"),
        Event("zoe", "blue kettle", HIDE, NOW_US),
    ]
    assert store.append(sent[:1]) == Appended(1, 0)
    assert store.append(sent[1:]) == Appended(3, 0)
    found = store.of_user("zoe")
    assert unnumbered(found) == [sent[0], sent[1], sent[3]]
    numbers = [event.seq for event in found]
    assert numbers == sorted(set(numbers))
    assert store.last_seq == numbers[-1]
    assert store.of_user("zoe", numbers[0]) == found[1:]
    assert store.of_user("zoe", store.last_seq) == []
    assert unnumbered(EventStore(folder).of_user("李小龙, \U0001f600 'jr'")) == [sent[2]]


def test_events_of_one_id_count_once_whoever_sends_them_again(
    store: EventStore, folder: Path
) -> None:
    assert store.append([view("zoe", event_id="a"), view("zoe", event_id="a")]) == Appended(1, 1)
    assert store.append([view("amir", event_id="a"), view("zoe")]) == Appended(1, 1)
    assert EventStore(folder).append([view("zoe", event_id="a")]) == Appended(0, 1)
    assert (store.n_events, len(store.of_user("zoe")), store.of_user("amir")) == (2, 2, [])


def test_only_those_who_are_in_the_store_may_be_concerned(store: EventStore) -> None:
    store.append([view(f"user {n}") for n in range(1_000)])
    assert all(store.may_concern(f"user {n}") for n in range(1_000))
    in_vain = sum(store.may_concern(f"stranger {n}") for n in range(10_000))
    assert in_vain < 20  # of 67 million bits, 1,000 are set
    assert store.knows("user 1")
    assert not store.knows("stranger 1")


def test_a_forgotten_users_events_are_gone_and_later_ones_are_a_new_users(
    store: EventStore,
) -> None:
    store.append([view("zoe"), view("amir"), view("zoe")])
    tombstone = store.forget("zoe")
    assert tombstone.n_events == 2
    assert (store.of_user("zoe"), store.n_events) == ([], 1)
    assert store.forgotten_seq("zoe") == tombstone.seq == store.last_seq
    assert (store.forgotten_seq("amir"), store.n_forgotten) == (None, 1)
    assert store.may_concern("zoe")
    store.append([view("zoe", "red lamp")])
    [later] = store.of_user("zoe")
    assert (later.item, later.seq > tombstone.seq) == ("red lamp", True)
    forgotten = store.forgotten_users()
    assert forgotten is not None
    until = forgotten.until(np.array(["zoe", "amir", "nobody"], dtype=object))
    assert until.tolist() == [tombstone.time_us, NEVER_FORGOTTEN, NEVER_FORGOTTEN]
    assert store.forget("zoe").seq > later.seq


def test_no_file_holds_the_name_of_a_forgotten_user(store: EventStore, folder: Path) -> None:
    name = "Bartholomew Featherstonehaugh"
    store.append([view(name, event_id=f"{name} {n}") for n in range(500)] + [view("zoe")])
    assert any(name.encode() in path.read_bytes() for path in folder.iterdir())
    store.forget(name)
    assert not any(name.encode() in path.read_bytes() for path in folder.iterdir())
    assert len(store.of_user("zoe")) == 1


def test_whoever_has_the_tombstones_but_not_the_key_cannot_tell_whose_they_are(
    tmp_path: Path,
) -> None:
    hashes = {EventStore(tmp_path / place).forget("zoe").name_hash for place in ("one", "two")}
    assert len(hashes) == 2
    assert (tmp_path / "one" / "key").stat().st_mode & 0o077 == 0


def test_a_store_begins_above_the_numbers_of_one_that_was_removed(tmp_path: Path) -> None:
    numbers = []
    for place in ("one", "two"):
        store = EventStore(tmp_path / place)
        store.append([view("zoe"), view("zoe")])
        numbers += [event.seq for event in store.of_user("zoe")]
    assert numbers == sorted(set(numbers))


def test_a_full_store_takes_all_events_of_a_request_or_none(folder: Path) -> None:
    store = EventStore(folder, most_events=3)
    store.append([view("zoe"), view("zoe")])
    with pytest.raises(EventStoreError, match=r"holds 2 events of at most 3 \(EVENTS_BACKLOG\)"):
        store.append([view("amir"), view("amir")])
    assert (store.n_events, store.of_user("amir")) == (2, [])
    assert store.append([view("amir")]) == Appended(1, 0)
    store.sweep(store.last_seq)
    assert store.append([view("amir"), view("amir"), view("amir")]) == Appended(3, 0)


def test_old_events_are_swept_with_their_place_in_the_table(store: EventStore) -> None:
    store.append([view("zoe", event_id=str(n)) for n in range(5_000)])
    store.forget("ines")
    last = store.last_seq
    store.append([view("amir")])
    assert store.sweep(last) == 5_000
    assert (store.n_events, store.of_user("zoe")) == (1, [])
    assert not store.may_concern("zoe")
    assert store.may_concern("amir")
    assert store.may_concern("ines")
    assert store.sweep(last) == 0
    before = store.last_seq
    store.append([view("zoe")])
    assert store.last_seq > before


def test_all_events_are_read_in_frames_by_their_numbers(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.events.store._AT_ONCE", 4)
    store.append([view(f"user {n}") for n in range(10)])
    middle = store.of_user("user 4")[0].seq
    frames = list(store.since(0))
    assert [len(frame) for frame in frames] == [4, 4, 2]
    assert [name for frame in frames for name in frame["user"]] == [f"user {n}" for n in range(10)]
    assert list(frames[0].columns) == [*Event._fields]
    assert [len(frame) for frame in store.since(middle)] == [4, 1]
    assert [len(frame) for frame in store.since(0, middle)] == [4, 1]


def test_items_are_counted_by_kind_from_a_time_on(store: EventStore) -> None:
    hour = 3_600_000_000
    store.append(
        [
            Event("zoe", "red lamp", REVIEW, NOW_US - hour, 5.0),
            Event("amir", "red lamp", REVIEW, NOW_US, 4.0),
            Event("ines", "red lamp", REVIEW, NOW_US, 5.0),
            Event("ines", "red lamp", VIEW, NOW_US),
            Event("ines", "blue kettle", PURCHASE, NOW_US - 2 * hour),
        ]
    )
    assert sorted(store.item_counts(NOW_US - hour)) == [
        ItemCount("red lamp", REVIEW, 3, 2),
        ItemCount("red lamp", VIEW, 1, 0),
    ]
    assert sum(each.n_events for each in store.item_counts(NOW_US - 2 * hour)) == 5

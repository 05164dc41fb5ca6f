"""Users with events who are kept ready, and are found anew once anything has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from classes.app_data_processing import AppDataProcessor
from classes.live.users import Users
from recsys.kinds import PURCHASE
from storage.artifacts import ArtifactPaths
from storage.events.event import Event
from storage.events.store import EventStore
from tests.support.artifacts import tiny_item_names, write_tiny_data


@pytest.fixture
def data(tmp_path: Path) -> AppDataProcessor:
    paths: ArtifactPaths = write_tiny_data(tmp_path)
    return AppDataProcessor.from_artifacts(paths)


@pytest.fixture
def events(tmp_path: Path) -> EventStore:
    return EventStore(tmp_path / "events")


def bought(events: EventStore, user: str, item: int) -> None:
    events.append([Event(user, tiny_item_names()[item], PURCHASE, 1_700_000_000_000_000 + item)])


def newest(users: Users, name: str) -> list[int]:
    """The items that a user has bought since, in order of arrival."""
    found = users.find(name)
    assert found is not None
    assert found.live is not None
    return [int(item) for item in found.live.newer.items]


def test_a_user_is_the_same_until_another_event_comes(
    data: AppDataProcessor, events: EventStore
) -> None:
    users = Users(data, events)
    bought(events, "zoe", 3)
    found = users.find("zoe")
    assert found is users.find("zoe")
    bought(events, "adam", 4)
    assert found is users.find("zoe")
    bought(events, "zoe", 5)
    assert newest(users, "zoe") == [3, 5]


def test_a_user_who_is_forgotten_and_comes_again_is_found_anew(
    data: AppDataProcessor, events: EventStore
) -> None:
    users, name = Users(data, events), data.user(0)
    bought(events, name, 3)
    assert newest(users, name) == [3]
    events.forget(name)
    assert users.find(name) is None
    bought(events, name, 4)
    assert newest(users, name) == [4]
    found = users.find(name)
    assert found is not None
    assert found.user_row is None


def test_events_that_are_removed_count_no_more(data: AppDataProcessor, events: EventStore) -> None:
    users = Users(data, events)
    bought(events, "zoe", 3)
    first = events.last_seq
    bought(events, "zoe", 4)
    assert newest(users, "zoe") == [3, 4]
    events.sweep(first)
    assert newest(users, "zoe") == [4]


def test_many_users_with_events_take_turns(data: AppDataProcessor, events: EventStore) -> None:
    users = Users(data, events)
    names = [f"user {number}" for number in range(1_005)]
    item = tiny_item_names()[3]
    events.append([Event(name, item, PURCHASE, 1_700_000_000_000_000) for name in names])
    first = users.find(names[0])
    assert all(newest(users, name) == [3] for name in names)
    assert users.find(names[-1]) is users.find(names[-1])
    assert users.find(names[0]) is not first

"""Events of several machines in a real PostgreSQL server, which ends and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from config import Config
from pipeline.cli import main
from processes.event_follower import EventFollower
from recsys.kinds import VIEW
from storage.events.configured import open_events
from storage.events.event import Appended, Event, EventStoreError
from storage.events.postgresql import PostgresqlEvents
from tests.support.postgresql import PASSWORD, PostgresqlServer, postgresql_server, programs
from tests.support.process import Server, serving, until
from tests.support.services import config_in, copy_of

pytestmark = [pytest.mark.scale, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    pytest.importorskip("psycopg")
    if programs() is None:
        pytest.skip("there is no PostgreSQL server; make test-scale installs it")
    with postgresql_server() as running:
        yield running


@pytest.fixture
def url(server: PostgresqlServer) -> str:
    """The URL of the server, whose database is emptied."""
    import psycopg

    with psycopg.connect(server.url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return server.url


def view(user: str, event_id: str | None = None) -> Event:
    return Event(user, "blue kettle", VIEW, 0, None, event_id)


def machine(folder: Path, url: str, **changes: Any) -> Config:
    config = config_in(folder, events_url=url, **changes)
    config.run_path.mkdir(parents=True)
    return config


def test_a_machine_gets_what_others_store_and_forget(url: str, tmp_path: Path) -> None:
    one, two = machine(tmp_path / "one", url), machine(tmp_path / "two", url)
    here, there, follower = open_events(one), open_events(two), EventFollower(two)
    assert here.append([view("zoe", "a"), view("zoe", "a"), view("amir")]) == Appended(2, 1)
    assert len(here.of_user("zoe")) == 1
    assert here.last_seq == 0  # the order of all machines is known to followers only
    follower.follow()
    assert there.of_user("zoe") == here.of_user("zoe")
    assert there.last_seq >= there.of_user("zoe")[0].seq
    assert there.append([view("zoe", "a"), view("zoe", "b")]) == Appended(1, 1)
    tombstone = here.forget("zoe")
    assert tombstone.n_events == 1
    follower.follow()
    assert (there.of_user("zoe"), there.forgotten_seq("zoe")) == ([], tombstone.seq)
    there.append([view("zoe")])
    EventFollower(one).follow()
    follower.follow()
    assert here.of_user("zoe") == there.of_user("zoe") != []
    assert here.last_seq == there.last_seq
    assert here.n_events == there.n_events == 2


def test_export_has_the_events_of_all_machines_where_no_service_follows(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_events(machine(tmp_path / "one", url)).append([view("zoe"), view("amir")])
    open_events(machine(tmp_path / "two", url)).forget("zoe")
    for name, value in machine(tmp_path / "three", url).as_environment().items():
        monkeypatch.setenv(name, value)
    assert main(["events", "--out", str(tmp_path / "events.csv")]) == 0
    [_, row] = (tmp_path / "events.csv").read_text().splitlines()
    assert row.startswith('"amir","blue kettle",,"1970-01-01T00:00:00.000000Z","view",')


def test_machines_that_write_at_once_end_with_the_same_events_in_one_order(
    url: str, tmp_path: Path
) -> None:
    configs = [machine(tmp_path / str(n), url) for n in range(3)]
    seen: list[int] = []

    def write(config: Config) -> None:
        store = open_events(config)
        for turn in range(30):
            batch = [view(f"{config.port} {n}", f"{turn} {n}") for n in range(10)]
            store.append([*batch, view("everybody")])

    watcher = EventFollower(configs[0])
    with ThreadPoolExecutor(3) as threads:
        writing = [threads.submit(write, config) for config in configs]
        while not all(each.done() for each in writing):
            watcher.follow()
            store = open_events(configs[0])
            last = store.last_seq
            numbers = [seq for frame in store.since(0, last) for seq in frame["seq"]]
            assert numbers[: len(seen)] == seen, "an event came below one that was followed"
            seen = numbers
        for each in writing:
            each.result()
    found = []
    for config in configs:
        EventFollower(config).follow()
        found.append([row for frame in open_events(config).since(0) for row in frame.to_numpy()])
    assert len(found[0]) == 30 * 10 + 3 * 30  # the ids are the same for all
    assert [list(map(list, each)) == list(map(list, found[0])) for each in found] == [True] * 3


def test_a_new_machine_copies_everything_in_parts(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processes.event_follower._AT_ONCE", 7)
    one, two = machine(tmp_path / "one", url), machine(tmp_path / "two", url)
    store = open_events(one)
    for n in range(5):
        store.append([view(f"user {n}")] * 5)
    store.forget("user 2")
    EventFollower(two).follow()
    copy = open_events(two)
    assert copy.n_events == 20
    assert [len(copy.of_user(f"user {n}")) for n in range(5)] == [5, 5, 0, 5, 5]
    assert copy.forgotten_seq("user 2") == store.forgotten_seq("user 2")


def test_old_events_and_too_many_are_kept_out_of_the_database(url: str, tmp_path: Path) -> None:
    store = open_events(machine(tmp_path, url, events_backlog=3))
    store.append([view("zoe"), view("amir")])
    with pytest.raises(EventStoreError, match="EVENTS_BACKLOG"):
        store.append([view("zoe"), view("zoe")])
    [first] = store.of_user("zoe")
    assert store.sweep(first.seq) == 1
    assert store.append([view("zoe"), view("zoe")]) == Appended(2, 0)
    assert len(PostgresqlEvents(url).changes(0, 100).events) == 3


def test_a_copy_of_another_database_is_refused(
    url: str, tmp_path: Path, server: PostgresqlServer
) -> None:
    import psycopg

    config = machine(tmp_path, url)
    open_events(config).append([view("zoe")])
    with psycopg.connect(server.url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    with pytest.raises(EventStoreError, match="isn't the one that the copy"):
        open_events(config).append([view("zoe")])


def test_without_its_database_a_machine_serves_its_copy_and_takes_nothing(
    url: str, tmp_path: Path, server: PostgresqlServer
) -> None:
    config = machine(tmp_path, url)
    store = open_events(config)
    store.append([view("zoe")])
    server.stop()
    try:
        with pytest.raises(EventStoreError, match="EVENTS_URL can't be used") as refused:
            store.append([view("zoe")])
        assert PASSWORD not in str(refused.value)
        with pytest.raises(EventStoreError):
            EventFollower(config).follow()
        assert len(store.of_user("zoe")) == 1
        new = open_events(machine(tmp_path / "new", url))
        assert not new.may_concern("zoe")
        with pytest.raises(EventStoreError, match="EVENTS_URL"):
            new.begin()
    finally:
        server.start()
    assert store.append([view("zoe")]) == Appended(1, 0)
    assert len(store.of_user("zoe")) == 2


def send(server: Server, user: str, **more: Any) -> requests.Response:
    event = {"user": user, "item": "blue kettle", "kind": "purchase", "time": 1.7e9, **more}
    return server.post("/events", json={"events": [event]})


def is_known(server: Server, user: str) -> bool:
    return bool(server.get(f"/check_users?users={user}").json()[user])


def test_services_know_what_another_one_was_told(
    url: str, published: Config, tmp_path: Path, server: PostgresqlServer
) -> None:
    with ExitStack() as held:
        services = [
            held.enter_context(
                serving(copy_of(published, tmp_path / name, events_url=url, workers=2))
            )
            for name in ("one", "two")
        ]
        for turn in range(10):
            teller, other = services if turn % 2 else services[::-1]
            assert send(teller, f"user {turn}").status_code == 202
            assert all(is_known(teller, f"user {turn}") for _ in range(10))
            until(lambda: all(is_known(other, f"user {turn}") for _ in range(10)))  # noqa: B023 - called at once
        assert "\nrecommender_events_database_up 1.0\n" in services[0].get("/metrics").text
        server.stop()
        try:
            refused = send(services[0], "late")
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) > 0
            assert PASSWORD not in refused.text
            assert is_known(services[1], "user 9")
            assert services[1].get("/recommendations?users=user 9").status_code == 200
            until(lambda: "events_database_up 0.0" in services[1].get("/metrics").text)
        finally:
            server.start()
        until(lambda: send(services[0], "late", id="late").status_code == 202)
        until(lambda: is_known(services[1], "late"))
        assert services[1].process.poll() is None
        forgotten = requests.delete(f"{services[0].url}/users/user 3", timeout=30)
        assert forgotten.status_code == 200
        until(lambda: not is_known(services[1], "user 3"))
    for name in ("one", "two"):
        for path in (tmp_path / name / "logs").iterdir():
            assert PASSWORD not in path.read_text()


def test_without_psycopg_a_store_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.events.postgresql.find_spec", lambda _: None)
    store = open_events(machine(tmp_path, "postgresql://nowhere/shop"))
    with pytest.raises(EventStoreError, match="make setup-scale"):
        store.append([view("zoe")])

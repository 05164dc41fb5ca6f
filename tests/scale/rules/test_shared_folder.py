"""Rules in a store: every machine takes over what is whole there, and one change at a time wins."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.replicas.object_server import ObjectServer
from classes.errors import ReloadBusyError, ReloadConflictError, ReloadFailedError
from classes.publication.shared_changes import follow
from classes.rules.parsing import parse_rules
from classes.rules.rule import Rule
from classes.rules.shared import SharedRulesFolder
from classes.rules.store import RuleStore
from storage.remote.client import StoreError
from storage.remote.object_store import ObjectStore
from storage.remote.rules import DOCUMENTS, POINTER, name_of
from storage.rules.folder import KEPT_VERSIONS, RulesFolder, RulesPointer
from tests.support.services import config_in

pytestmark = pytest.mark.scale

KEEP_HOURS = 24
AWAY = "s3://shop/x?endpoint=http://127.0.0.1:9&access_key_id=a&secret_access_key=b"

Machine = Callable[[str], SharedRulesFolder]


def hiding(*items: str) -> tuple[Rule, ...]:
    return parse_rules([{"id": item, "action": "hide", "item": item} for item in items])


@pytest.fixture(params=["s3", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place in a store of each kind that can be run here."""
    if request.param == "file":
        pytest.importorskip("obstore")
        return (tmp_path / "store").as_uri()
    server: ObjectServer = request.getfixturevalue("server")
    return server.url(f"{tmp_path.name}/snapshots")


@pytest.fixture
def machine(url: str, tmp_path: Path) -> Machine:
    """Makes machines, each with a folder of its own."""
    return lambda name: SharedRulesFolder(tmp_path / name, url, KEEP_HOURS)


@pytest.fixture
def worker(tmp_path: Path) -> Callable[[str], RuleStore]:
    """Makes what a worker of a machine reads, which never asks the store."""
    return lambda name: RuleStore(RulesFolder(tmp_path / name))


def test_another_machine_follows_to_the_same_document(
    machine: Machine, worker: Callable[[str], RuleStore]
) -> None:
    replica = machine("replica")
    assert replica.follow() == ""
    written = RuleStore(machine("first")).replace(hiding("a"))
    assert replica.follow() == ""
    assert worker("replica").refreshed() == worker("first").refreshed() == written
    RuleStore(machine("replica")).replace(hiding("b"), version=1)
    with pytest.raises(ReloadConflictError, match="Version 2 of the rules is in force, not 1"):
        RuleStore(machine("first")).replace(hiding("c"), version=1)
    assert RuleStore(machine("third")).roll_back() == written
    assert replica.follow() == ""
    assert worker("replica").refreshed() == written


def test_rules_from_before_there_was_a_store_are_published_by_the_next_change(
    machine: Machine, worker: Callable[[str], RuleStore], url: str
) -> None:
    worker("first").replace(hiding("a"))
    worker("first").replace(hiding("b"))
    assert machine("first").follow() == ""
    assert ObjectStore(url).list("rules") == []
    assert worker("first").refreshed().rules == hiding("b")
    RuleStore(machine("first")).replace(hiding("c"))
    second = RuleStore(machine("second"))
    assert second.roll_back().rules == hiding("b")
    assert second.roll_back().rules == hiding("a")
    assert second.roll_back().rules == ()
    assert second.replace(hiding("d")).version == 4


def test_the_stores_rules_replace_those_of_a_machine_even_under_the_same_number(
    machine: Machine, worker: Callable[[str], RuleStore]
) -> None:
    here = worker("late")
    here.replace(hiding("mine"))
    shared = RuleStore(machine("first")).replace(hiding("shared"))
    assert shared.version == here.refreshed().version == 1
    machine("late").follow()
    assert here.refreshed() == shared


def test_a_start_takes_the_stores_rules_and_goes_on_without_those_that_make_no_sense(
    machine: Machine, worker: Callable[[str], RuleStore], url: str, tmp_path: Path
) -> None:
    written = RuleStore(machine("first")).replace(hiding("a"))
    config = config_in(tmp_path, snapshot_url=url)
    assert follow(config) == ""
    assert worker("snapshots/rules").refreshed() == written
    ObjectStore(url).upload(POINTER, b"no json")
    assert follow(config) == ""
    assert worker("snapshots/rules").refreshed() == written


@pytest.mark.parametrize("how", ["removed", "altered", "not a document", "another version"])
def test_a_document_that_is_not_what_the_pointer_says_is_never_in_force(
    machine: Machine, worker: Callable[[str], RuleStore], url: str, how: str
) -> None:
    first, replica = RuleStore(machine("first")), machine("replica")
    before = first.replace(hiding("a"))
    assert replica.follow() == ""
    first.replace(hiding("b"))
    spoil(ObjectStore(url), how)
    fault = replica.follow()
    assert fault
    assert replica.follow() == fault
    assert worker("replica").refreshed() == before
    fresh = machine("fresh")
    assert fresh.follow() == fault
    assert worker("fresh").refreshed() == before
    mended = RuleStore(machine("fresh")).replace(hiding("c"))
    assert mended.version == 3
    assert (replica.follow(), worker("replica").refreshed()) == ("", mended)


def spoil(store: ObjectStore, how: str) -> None:
    """Spoil the document in force, at first so that only its hash tells, then by its content."""
    found = store.read(POINTER)
    assert found is not None
    pointer = json.loads(found.content)
    key = f"{DOCUMENTS}/{pointer['documents']['2']}"
    if how == "removed":
        store.delete([key])
    elif how == "altered":
        store.upload(key, b'{"version": 2, "updated_at": null, "rules": []}')
    else:
        content = b'{"version": 2, "rules": [3]}' if how == "not a document" else b'{"version": 9}'
        pointer["documents"]["2"] = name_of(content)
        store.upload(f"{DOCUMENTS}/{name_of(content)}", content)
        store.replace(POINTER, json.dumps(pointer).encode(), found.version)


@pytest.mark.parametrize(
    "content",
    [
        b"no json",
        b"[]",
        b'{"version": 1, "history": [], "newest": 1, "documents": {}}',
        b'{"version": 1, "history": [], "newest": 1, "documents": {"1": "../../current"}}',
        b'{"version": 1, "history": [], "newest": 1, "documents": {"1": 5}}',
    ],
)
def test_a_pointer_that_makes_no_sense_is_refused(
    machine: Machine, worker: Callable[[str], RuleStore], url: str, content: bytes
) -> None:
    ObjectStore(url).upload(POINTER, content)
    with pytest.raises(StoreError, match="rules/current isn't a pointer"):
        machine("replica").follow()
    with pytest.raises(ReloadFailedError, match="rules/current isn't a pointer"):
        RuleStore(machine("replica")).replace(hiding("a"))
    assert worker("replica").refreshed().rules == ()


def test_of_two_changes_at_once_one_wins_and_the_other_changes_nothing(
    machine: Machine, worker: Callable[[str], RuleStore], tmp_path: Path
) -> None:
    slow, quick = machine("slow"), RuleStore(machine("quick"))

    def overtaken() -> None:
        with slow.locked():
            quick.replace(hiding("won"))
            lost = {"version": 1, "updated_at": None, "rules": []}
            slow.publish(lost, RulesPointer(1, (0,), 1))

    with pytest.raises(ReloadBusyError, match="Another service has changed"):
        overtaken()
    won = worker("quick").refreshed()
    assert won.rules == hiding("won")
    assert not (tmp_path / "slow" / "1.json").exists()
    assert worker("slow").refreshed().version == 0
    assert (slow.follow(), worker("slow").refreshed()) == ("", won)


def test_without_the_store_a_change_is_refused_and_the_rules_stay(
    worker: Callable[[str], RuleStore], tmp_path: Path
) -> None:
    pytest.importorskip("obstore")
    worker("here").replace(hiding("a"))
    worker("here").replace(hiding("b"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    away = RuleStore(SharedRulesFolder(tmp_path / "here", AWAY, KEEP_HOURS))
    with pytest.raises(ReloadFailedError, match=r"s3://shop/x .* Those in force stay so"):
        away.replace(hiding("c"))
    with pytest.raises(ReloadFailedError, match="Those in force stay so"):
        away.roll_back()
    assert {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()} == before


def test_documents_that_the_pointer_no_longer_names_are_deleted_once_they_are_old(
    machine: Machine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = machine("first")
    store = RuleStore(folder)
    for number in range(KEPT_VERSIONS + 2):
        store.replace(hiding(str(number)))
    folder.sweep()
    assert len(ObjectStore(url).list(DOCUMENTS)) == KEPT_VERSIONS + 2
    later = time.time() + (KEEP_HOURS + 1) * 3_600
    monkeypatch.setattr(time, "time", lambda: later)
    folder.sweep()
    assert len(ObjectStore(url).list(DOCUMENTS)) == KEPT_VERSIONS
    fresh = RuleStore(machine("fresh"))
    for _ in range(KEPT_VERSIONS - 1):
        last = fresh.roll_back()
    assert last.rules == hiding("2")

"""Versions of the rules are kept, followed by every process, and outlive damaged files."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from classes.errors import ReloadConflictError, ReloadFailedError
from classes.rules.parsing import parse_rules
from classes.rules.rule import Rule
from classes.rules.store import RuleStore
from storage.rules.folder import KEPT_VERSIONS, RulesFolder


def hiding(*items: str) -> tuple[Rule, ...]:
    return parse_rules([{"id": item, "action": "hide", "item": item} for item in items])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "rules"


@pytest.fixture
def store(folder: Path) -> RuleStore:
    return RuleStore(RulesFolder(folder))


def test_there_are_no_rules_before_the_first(store: RuleStore, folder: Path) -> None:
    assert store.refreshed().to_json() == {"version": 0, "updated_at": None, "rules": []}
    assert store.warning == ""
    assert not folder.exists()


def test_every_process_follows_and_gets_the_same_object_until_there_is_another(
    store: RuleStore, folder: Path
) -> None:
    other = RuleStore(RulesFolder(folder))
    assert other.current().version == 0
    first = store.replace(hiding("a"))
    assert (first.version, first.rules) == (1, hiding("a"))
    followed = other.refreshed()
    assert followed == first
    assert other.refreshed() is followed
    assert store.replace(hiding("a", "b")).version == 2
    assert other.refreshed().rules == hiding("a", "b")


def test_a_rollback_goes_back_version_by_version_and_numbers_are_never_given_twice(
    store: RuleStore,
) -> None:
    for items in (["a"], ["b"], ["c"]):
        store.replace(hiding(*items))
    assert store.roll_back().rules == hiding("b")
    assert store.roll_back().version == 1
    assert store.replace(hiding("d")).version == 4
    assert store.roll_back().rules == hiding("a")
    assert store.roll_back().rules == ()
    with pytest.raises(ReloadConflictError, match="no rules before version 0"):
        store.roll_back()


def test_the_last_twenty_versions_are_kept(store: RuleStore, folder: Path) -> None:
    for number in range(KEPT_VERSIONS + 5):
        store.replace(hiding(str(number)))
    kept = sorted(int(path.stem) for path in folder.glob("*.json"))
    assert kept == list(range(6, KEPT_VERSIONS + 6))
    for _ in range(KEPT_VERSIONS - 1):
        store.roll_back()
    assert store.refreshed().rules == hiding("5")


def test_a_change_to_another_version_than_the_one_in_force_is_refused(store: RuleStore) -> None:
    store.replace(hiding("a"), version=0)
    with pytest.raises(ReloadConflictError, match="Version 1 of the rules is in force, not 0"):
        store.replace(hiding("b"), version=0)
    assert store.refreshed().rules == hiding("a")


def test_changes_at_the_same_time_come_one_after_the_other(folder: Path) -> None:
    stores = [RuleStore(RulesFolder(folder)) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda each: each.replace(hiding("a")).version, stores))
    # A store may already follow another's version when it answers, but none is lost.
    assert max(found) == 8
    assert sorted(int(path.stem) for path in folder.glob("*.json")) == list(range(1, 9))


@pytest.mark.parametrize("damage", ["pointer", "version", "folder", "rules"])
def test_damaged_or_removed_files_leave_the_last_rules_in_force_and_are_reported(
    store: RuleStore, folder: Path, damage: str
) -> None:
    store.replace(hiding("a"))
    if damage == "pointer":
        (folder / "current").write_text('{"vers', encoding="utf-8")
    elif damage == "folder":
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    else:
        content = '{"version": 2, "rules": [3]}' if damage == "rules" else "{"
        (folder / "2.json").write_text(content, encoding="utf-8")
        pointer = json.dumps({"version": 2, "history": [1, 0], "newest": 2})
        (folder / "current").write_text(pointer, encoding="utf-8")
    assert store.refreshed().rules == hiding("a")
    assert "Version 1 of the rules stays in force" in store.warning
    started_later = RuleStore(RulesFolder(folder))
    assert started_later.refreshed().rules == (() if damage == "folder" else hiding("a"))
    assert (started_later.warning == "") == (damage == "folder")
    mended = store.replace(hiding("b"))
    assert (mended.rules, store.warning) == (hiding("b"), "")
    assert mended.version > 1
    assert started_later.refreshed() == mended


def test_where_nothing_can_be_written_the_rules_stay(store: RuleStore, folder: Path) -> None:
    folder.write_text("a file, so that there can be no folder", encoding="utf-8")
    with pytest.raises(ReloadFailedError, match="SNAPSHOT_PATH can't be written"):
        store.replace(hiding("a"))
    assert store.refreshed().rules == ()

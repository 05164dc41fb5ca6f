from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from storage.events.presence import Presence

STORE_ID = b"0123456789abcdef"
PERSONS = np.random.default_rng(1).integers(-(2**63), 2**63, 200_000)


def writable(path: Path, store_id: bytes = STORE_ID) -> Presence:
    return Presence(path, store_id, writable=True)


def test_nobody_who_was_added_is_missing_for_any_reader(tmp_path: Path) -> None:
    path = tmp_path / "presence"
    writer = writable(path)
    writer.rebuild(PERSONS[:0])
    reader = Presence(path, STORE_ID, writable=False)
    assert reader.is_whole
    assert reader.is_empty
    for person in PERSONS[:2_000].tolist():
        writer.add(person)
        assert reader.may_hold(person)
    assert not reader.is_empty


def test_of_200_000_people_a_stranger_is_mistaken_three_times_in_a_thousand(
    tmp_path: Path,
) -> None:
    table = writable(tmp_path / "presence")
    table.rebuild(PERSONS)
    assert all(map(table.may_hold, PERSONS.tolist()))
    strangers = np.random.default_rng(2).integers(-(2**63), 2**63, 100_000).tolist()
    assert 0.002 < sum(map(table.may_hold, strangers)) / 100_000 < 0.004


def test_a_table_of_another_store_or_another_boot_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "presence"
    writable(path).rebuild(PERSONS)
    assert writable(path).is_whole
    assert not writable(path, b"fedcba9876543210").is_whole
    (tmp_path / "boot_id").write_text("another boot\n")
    monkeypatch.setattr("storage.events.presence._BOOT_ID", tmp_path / "boot_id")
    assert not writable(path).is_whole


def test_a_file_that_is_missing_or_cut_off_is_no_table_to_read(tmp_path: Path) -> None:
    path = tmp_path / "presence"
    with pytest.raises(OSError, match="presence"):
        Presence(path, STORE_ID, writable=False)
    writable(path).rebuild(PERSONS)
    with path.open("r+b") as file:
        file.truncate(mmap.PAGESIZE * 3)
    with pytest.raises(OSError, match="unfinished"):
        Presence(path, STORE_ID, writable=False)

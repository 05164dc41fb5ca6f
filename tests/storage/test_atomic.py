from __future__ import annotations

from pathlib import Path

import pytest

from storage.atomic import replace_all_by_copy, replacing, replacing_by_parts


@pytest.fixture
def sources(tmp_path: Path) -> dict[Path, Path]:
    """Two new files, by the paths of the old ones that they replace."""
    found = {}
    for name in ("model", "affinities"):
        path, source = tmp_path / "in_place" / name, tmp_path / "made" / name
        for each, text in ((path, "old"), (source, "new")):
            each.parent.mkdir(exist_ok=True)
            each.write_text(text)
        found[path] = source
    return found


def test_files_are_replaced_together(sources: dict[Path, Path]) -> None:
    replace_all_by_copy(sources)
    assert [path.read_text() for path in sources] == ["new", "new"]


def test_no_file_is_replaced_where_one_cannot_be_copied(sources: dict[Path, Path]) -> None:
    *_, last = sources.values()
    last.unlink()
    with pytest.raises(FileNotFoundError):
        replace_all_by_copy(sources)
    assert [path.read_text() for path in sources] == ["old", "old"]
    assert {each.name for each in next(iter(sources)).parent.iterdir()} == {"model", "affinities"}


def write_parts(path: Path, *texts: str) -> None:
    with replacing_by_parts(path) as folder:
        for number, text in enumerate(texts):
            (folder / f"part-{number}.parquet").write_text(text, encoding="ascii")


def texts_in(path: Path) -> list[str]:
    return [part.read_text() for part in sorted(path.iterdir())]


def test_a_folder_of_parts_replaces_a_file_and_a_file_replaces_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "table.pq"
    path.write_text("a file")
    write_parts(path, "one", "two")
    assert texts_in(path) == ["one", "two"]
    write_parts(path, "three")
    assert texts_in(path) == ["three"]
    with replacing(path) as unfinished:
        unfinished.write_text("a file again")
    assert path.read_text() == "a file again"
    assert [each.name for each in tmp_path.iterdir()] == ["table.pq"]


def test_parts_that_were_not_all_written_leave_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "table.pq"
    write_parts(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_parts(path, "half", "not ASCII: é")
    assert texts_in(path) == ["old"]
    assert [each.name for each in tmp_path.iterdir()] == ["table.pq"]


def test_folders_are_exchanged_where_the_system_cannot_do_it_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.atomic._exchange", lambda *_: False)
    path = tmp_path / "table.pq"
    write_parts(path, "old")
    write_parts(path, "new")
    assert texts_in(path) == ["new"]
    assert [each.name for each in tmp_path.iterdir()] == ["table.pq"]


def test_folders_of_parts_are_copied_over_each_other(tmp_path: Path) -> None:
    path, source = tmp_path / "table.pq", tmp_path / "made.pq"
    write_parts(path, "old")
    write_parts(source, "new", "newer")
    replace_all_by_copy({path: source})
    assert texts_in(path) == ["new", "newer"]
    assert texts_in(source) == ["new", "newer"]

from __future__ import annotations

from pathlib import Path

import pytest

from storage.atomic import replace_all_by_copy


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

"""An index survives its files, says how it is searched, and refuses what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scoring import search as compiled
from scoring.search.item_index import ItemIndex
from scoring.search.tables import NO_ROWS
from tests.support.search_cases import indexes, random_case


def test_codes_survive_saving_and_mapping(tmp_path: Path) -> None:
    weights, items, users = random_case(17, 300, 12)
    codes = compiled.quantize_items(items, weights)
    assert codes is not None
    for name, part in {**codes._asdict(), "items": items}.items():
        np.save(tmp_path / f"{name}.npy", part)
    mapped = {path.stem: np.load(path, mmap_mode="r") for path in tmp_path.glob("*.npy")}
    found = ItemIndex.build(weights, 0.0, mapped.pop("items"), compiled.Codes(**mapped))
    fresh = ItemIndex.build(weights, 0.0, items, codes)
    for user in users:
        ours, theirs = compiled.top_k(found, user, 5), compiled.top_k(fresh, user, 5)
        assert ours.rows.tolist() == theirs.rows.tolist()
        assert ours.scores.tolist() == theirs.scores.tolist()


def test_shapes_that_do_not_fit_are_refused_by_their_numbers() -> None:
    weights, items, users = random_case(20, 100, 12)
    index = ItemIndex.build(weights, 0.0, items, None)
    with pytest.raises(ValueError, match=r"\(100, 12\); expected \(n_items, 13"):
        ItemIndex.build(weights, 0.0, items[:, :12], None)
    with pytest.raises(ValueError, match="12 columns, 4 blocks; expected 12 columns, 2 blocks"):
        ItemIndex.build(weights, 0.0, items[:64], compiled.quantize_items(items, weights))
    with pytest.raises(ValueError, match="k is 0; expected 1 or more"):
        compiled.top_k(index, users[0], 0)
    with pytest.raises(ValueError, match=r"\(1, 12\); the items need \(m, 13\)"):
        compiled.top_k(index, users[0, :12], 5)
    with pytest.raises(ValueError, match=r"candidates: shape \(99,\); expected \(100,\)"):
        compiled.top_k(index, users[0], 5, candidates=np.ones(99, dtype=bool))
    with pytest.raises(ValueError, match="excluded starts: 2 for 7 users"):
        compiled.top_k_batch(index, users, 5, np.zeros(2, np.int64), NO_ROWS)


def test_peaks_of_other_items_are_refused() -> None:
    weights, items, _ = random_case(22, 50, 12)
    with pytest.raises(ValueError, match=r"peaks: shape \(12,\); expected \(13,\)"):
        ItemIndex.build(weights, 0.0, items, None, np.ones(12, np.float32))


def test_an_index_says_how_it_is_searched() -> None:
    weights, items, _ = random_case(21, 1_234, 8)
    plain, coded = indexes(weights, 0.0, items)
    assert repr(plain) == "<ItemIndex 1,234 items x 9, searched in float32>"
    assert repr(coded).endswith(" bytes an item>")

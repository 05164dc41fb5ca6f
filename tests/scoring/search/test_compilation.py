"""The search is compiled once, on any processor and on any file system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

from scoring import search as compiled
from scoring.search import byte_sums, jit
from scoring.search.block_search import search
from scoring.search.exact import column_peaks, exact_scores
from scoring.search.item_index import ItemIndex
from scoring.search.tables import BLOCK, GROUP
from tests.support.search_cases import Array, assert_all_ways_agree, random_case


def test_nothing_is_compiled_after_warm_up(tmp_path: Path) -> None:
    compiled.warm_up(tmp_path)
    weights, items, users = random_case(18, 100, 12)
    np.save(tmp_path / "items.npy", items)
    assert_all_ways_agree(weights, np.load(tmp_path / "items.npy", mmap_mode="r"), users, 5)
    assert_all_ways_agree(weights, np.asfortranarray(items), users[:, :], 5)
    index = ItemIndex.build(weights.astype(np.float64), 1, items, None)
    compiled.top_k(index, users[0], 5, np.array([1, 2]), np.ones(100, dtype=bool))
    assert [len(f.signatures) for f in (search, exact_scores, column_peaks)] == [1, 1, 1]


@pytest.mark.parametrize("instruction", [True, False])
def test_byte_differences_are_the_same_without_the_instruction(
    instruction: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    usable = instruction and byte_sums.has_instruction()
    monkeypatch.setattr(byte_sums, "has_instruction", lambda: usable)

    @njit
    def differences(block: Array, user: Array, n_positive: int, out: Array) -> None:
        byte_sums.block_differences(
            block.ctypes.data, user.ctypes.data, n_positive, len(user), out.ctypes.data
        )

    rng = np.random.default_rng(19)
    block = rng.integers(0, 256, (5, BLOCK, GROUP), dtype=np.uint8)
    user = rng.integers(0, 256, (5, GROUP), dtype=np.uint8)
    block[0], user[0] = 255, 0
    found = np.empty(BLOCK, np.int32)
    differences(block, user, 3, found)
    apart = np.abs(block.astype(int) - user[:, np.newaxis]).sum(axis=2)
    assert found.tolist() == (apart[:3].sum(axis=0) - apart[3:].sum(axis=0)).tolist()


def test_code_is_compiled_even_where_no_cache_can_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without_folder(**options: bool) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(jit, "njit", without_folder)

    def doubled(number: int) -> int:
        return 2 * number

    assert jit.entry(doubled)(21) == 42

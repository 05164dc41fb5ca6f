from __future__ import annotations

import numpy as np
import pytest

from pipeline.embed.cache import text_keys
from pipeline.embed.encoder import grouped_batches
from pipeline.embed.text_groups import TEXTS_A_GROUP, group_count, text_groups

pytestmark = pytest.mark.pipeline

KEYS = text_keys([f"text {number}" for number in range(1_000)])


@pytest.mark.parametrize(
    ("n_texts", "expected"),
    [(0, 1), (2 * TEXTS_A_GROUP - 1, 1), (2 * TEXTS_A_GROUP, 2), (17 * TEXTS_A_GROUP, 16)],
)
def test_groups_are_as_many_as_keep_their_size(n_texts: int, expected: int) -> None:
    assert group_count(n_texts) == expected


def test_the_group_of_a_text_depends_on_the_text_alone() -> None:
    together = text_groups(KEYS, 8)
    alone = [int(text_groups(KEYS[row : row + 1], 8)[0]) for row in range(50)]
    assert together[:50].tolist() == alone
    assert set(together.tolist()) == set(range(8))


def test_a_group_forms_the_same_batches_alone_and_among_others() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, len(KEYS))
    groups = text_groups(KEYS, 4)
    among_others = {tuple(batch) for batch in grouped_batches(lengths, groups, 256)}
    for group in range(4):
        rows = np.flatnonzero(groups == group)
        alone = grouped_batches(lengths[rows], np.zeros(len(rows), np.int64), 256)
        assert {tuple(rows[batch]) for batch in alone} <= among_others
    assert sorted(row for batch in among_others for row in batch) == list(range(len(KEYS)))

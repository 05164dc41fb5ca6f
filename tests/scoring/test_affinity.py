"""Histories, affinities and the file of kernels, against hand-computed answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.affinity import (
    AffinityKernels,
    History,
    affinities,
    dense_affinities,
    histories,
    new_room,
    pair_affinities,
    stack_kernels,
    top_affinities,
)
from storage.affinity_file import COLUMNS, read_affinity_kernels, write_affinity_kernels
from storage.artifacts import ArtifactError

ITEMS = pd.Index(["kettle", "lamp", "guitar", "blanket"])
DECAY = np.log(2)
"""Each position back halves the weight, so two items count 2/3 and 1/3."""


def two_kernels() -> AffinityKernels:
    """ "near" says 0 → 1 (weight 3) and 2 → 1 (6), 2 → 3 (1.5); "far" says 0 → 3 (-9)."""
    entries = (
        np.array([0, 0, 0, 1]),
        np.array([0, 2, 2, 0]),
        np.array([1, 1, 3, 3]),
        np.array([3.0, 6.0, 1.5, -9.0]),
    )
    return stack_kernels(["near", "far"], np.array([DECAY, 0.0]), entries, len(ITEMS))


def random_kernels(n_items: int = 70, n_neighbours: int = 9, seed: int = 0) -> AffinityKernels:
    random = np.random.default_rng(seed)
    n_rows = 3 * n_items
    neighbours = np.concatenate(
        [random.choice(n_items, n_neighbours, replace=False) for _ in range(n_rows)]
    )
    kernel, item = np.divmod(np.repeat(np.arange(n_rows), n_neighbours), n_items)
    weights = random.normal(1.0, 1.0, len(kernel)).astype(np.float32)
    return stack_kernels(
        ["a", "b", "c"], np.array([0.7, 0.2, 0.0]), (kernel, item, neighbours, weights), n_items
    )


def random_histories(n_users: int = 40, n_items: int = 70, seed: int = 1) -> History:
    random = np.random.default_rng(seed)
    n = 6 * n_users
    users, items = random.integers(n_users, size=n), random.integers(n_items, size=n)
    return histories(users, items, random.integers(30, size=n), n_users)


def test_a_history_is_newest_first_and_has_an_item_once_at_its_newest_time() -> None:
    users = np.array([0, 0, 0, 1, 0])
    items = np.array([5, 6, 5, 7, 8])
    history = histories(users, items, np.array([1, 2, 3, 1, 0]), n_users=3)
    assert [history.of(user).tolist() for user in range(3)] == [[5, 6, 8], [7], []]
    assert history.interactions.tolist() == [2, 1, 4, 3]


def test_of_equal_times_the_later_row_is_newer() -> None:
    times = np.array(["2020-01-02", "2020-01-02", "2020-01-03"], dtype="datetime64[us]")
    assert histories(np.zeros(3, int), np.array([4, 5, 6]), times, 1).items.tolist() == [6, 5, 4]


def test_a_history_ends_after_the_limit_and_leaves_unknown_rows_out() -> None:
    users, items = np.array([0, 0, 0, -1, 0]), np.array([1, 2, 3, 4, -1])
    history = histories(users, items, np.arange(5), 1, limit=2)
    assert history.items.tolist() == [3, 2]


def test_no_interactions_give_empty_histories() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert histories(nothing, nothing, nothing, 2).starts.tolist() == [0, 0, 0]


def test_affinities_of_two_items_follow_the_formula() -> None:
    rows, phi = affinities(two_kernels(), np.array([0, 2], dtype=np.int32))
    # near: item 1 gets 2/3 * 3 + 1/3 * 6 = 4, item 3 gets 1/3 * 1.5; far is negative.
    assert rows.tolist() == [1, 3]
    np.testing.assert_allclose(phi, np.log1p([[4.0, 0.0], [0.5, 0.0]]), rtol=1e-6)


def test_an_item_that_is_only_spoken_against_is_not_touched() -> None:
    rows, phi = affinities(two_kernels(), np.array([0], dtype=np.int32))
    assert rows.tolist() == [1]
    np.testing.assert_allclose(phi, np.log1p([[3.0, 0.0]]), rtol=1e-6)


def test_an_empty_history_touches_nothing() -> None:
    rows, phi = affinities(two_kernels(), np.empty(0, dtype=np.int32))
    assert rows.shape == (0,)
    assert phi.shape == (0, 2)


def test_affinities_equal_a_dense_matrix_product() -> None:
    kernels, history = random_kernels(), random_histories()
    dense = np.zeros((3, 70, 70))
    for row in range(3 * 70):
        span = slice(kernels.starts[row], kernels.starts[row + 1])
        dense[row % 3, row // 3, kernels.neighbours[span]] = kernels.weights[span]
    found = dense_affinities(kernels, history, np.arange(40))
    for user in range(40):
        items = history.of(user)
        shares = np.exp(-kernels.recency_decay[:, None] * np.arange(len(items)))
        shares /= shares.sum(axis=1, keepdims=True)
        expected = np.log1p(np.maximum(np.einsum("ch,chj->jc", shares, dense[:, items]), 0))
        np.testing.assert_allclose(found[user], expected, atol=1e-6)


def test_one_user_pairs_and_batches_give_the_same_bits() -> None:
    kernels, history, room = random_kernels(), random_histories(), new_room(random_kernels())
    dense = dense_affinities(kernels, history, np.arange(40))
    for user in range(40):
        rows, phi = affinities(kernels, history.of(user), room)
        alone = np.zeros_like(dense[user])
        alone[rows] = phi
        np.testing.assert_array_equal(alone, dense[user])
    users, items = (np.random.default_rng(2).integers(n, size=500) for n in (40, 70))
    np.testing.assert_array_equal(
        pair_affinities(kernels, history, users, items), dense[users, items]
    )


def test_top_affinities_are_the_largest_with_ties_by_lower_row() -> None:
    kernels, history = random_kernels(), random_histories()
    dense = dense_affinities(kernels, history, np.arange(40))
    top = top_affinities(kernels, history, np.arange(40), 7)
    for user in range(40):
        for kernel in range(3):
            values = dense[user, :, kernel]
            best = np.lexsort((np.arange(70), -values))[:7]
            expected = [row if values[row] > 0 else -1 for row in best]
            assert top[user, kernel].tolist() == expected


def test_equal_affinities_are_listed_by_lower_row() -> None:
    entries = (np.zeros(3, int), np.zeros(3, int), np.array([3, 1, 2]), np.ones(3))
    kernels = stack_kernels(["same"], np.zeros(1), entries, 4)
    history = histories(np.zeros(1, int), np.zeros(1, int), np.zeros(1, int), 1)
    assert top_affinities(kernels, history, np.arange(1), 2).tolist() == [[[1, 2]]]


def test_kernels_survive_the_file(tmp_path: Path) -> None:
    path, kernels = tmp_path / "item_affinity_df.pq", two_kernels()
    write_affinity_kernels(kernels, ITEMS, path)
    read = read_affinity_kernels(path, ITEMS)
    for before, after in zip(kernels, read, strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_file_of_plain_strings_and_a_shuffled_catalogue_is_read(tmp_path: Path) -> None:
    path = tmp_path / "item_affinity_df.pq"
    frame().to_parquet(path)
    kernels = read_affinity_kernels(path, ITEMS[::-1])
    assert kernels.names.tolist() == ["z", "a"]
    rows, _ = affinities(kernels, np.array([3], dtype=np.int32))  # kettle
    assert rows.tolist() == [1, 2]  # guitar, lamp


def frame() -> pd.DataFrame:
    """Kettle speaks for lamp in z and for guitar in a."""
    values = ["z", "a"], ["kettle", "kettle"], ["lamp", "guitar"], [1.0, 2.0], [0.5, 0.25]
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"neighbour": ["lamp", "sofa"]}, "'sofa' among them"),
        ({"weight": [1.0, np.nan]}, "1 of 2 values of 'weight' are NaN or infinite"),
        ({"weight": ["heavy", "light"]}, "'weight' is no number"),
        ({"kernel": ["z", None]}, "1 rows have no kernel"),
        ({"kernel": ["z", "z"]}, "runs from 0.25 to 0.5"),
        ({"recency_decay": [-1.0, 0.0]}, "at least 0"),
    ],
)
def test_a_bad_value_is_refused_with_its_place(
    tmp_path: Path, changed: dict[str, list[object]], reason: str
) -> None:
    path = tmp_path / "item_affinity_df.pq"
    frame().assign(**changed).to_parquet(path)
    with pytest.raises(ArtifactError, match=reason):
        read_affinity_kernels(path, ITEMS)


def test_a_missing_column_an_empty_file_and_no_file_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "item_affinity_df.pq"
    with pytest.raises(ArtifactError, match="is missing"):
        read_affinity_kernels(path, ITEMS)
    frame().drop(columns="neighbour").to_parquet(path)
    with pytest.raises(ArtifactError, match=r"lacks the columns \['neighbour'\]"):
        read_affinity_kernels(path, ITEMS)
    frame().iloc[:0].to_parquet(path)
    with pytest.raises(ArtifactError, match="has no rows"):
        read_affinity_kernels(path, ITEMS)
    path.write_text("nonsense")
    with pytest.raises(ArtifactError, match="no readable parquet"):
        read_affinity_kernels(path, ITEMS)


def test_a_file_in_several_row_groups_is_one_set_of_kernels(tmp_path: Path) -> None:
    path, kernels = tmp_path / "item_affinity_df.pq", random_kernels()
    names = pd.Index([f"item {i}" for i in range(70)])
    write_affinity_kernels(kernels, names, path)
    table = pq.read_table(path)
    plain = pa.table({name: table[name].cast(pa.string()) if name in COLUMNS[:3] else table[name]
                      for name in COLUMNS})  # fmt: skip
    pq.write_table(plain, path, row_group_size=100)
    for before, after in zip(kernels, read_affinity_kernels(path, names), strict=True):
        np.testing.assert_array_equal(before, after)

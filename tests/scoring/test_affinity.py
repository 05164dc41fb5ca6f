"""Histories, affinities and the file of similarities, against hand-computed answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.affinity import (
    ItemSimilarities,
    affinities,
    dense_affinities,
    histories,
    new_workspace,
    pair_affinities,
    stack_similarities,
    top_affinities,
)
from storage.affinity_file import COLUMNS, read_similarities, write_similarities
from storage.artifacts import ArtifactError
from tests.support.random_similarities import random_histories, random_similarities

ITEMS = pd.Index(["kettle", "lamp", "guitar", "blanket"])
DECAY = np.log(2)
"""Each position back halves the weight, so two items count 2/3 and 1/3."""


def two_similarities() -> ItemSimilarities:
    """ "near" says 0 → 1 (weight 3) and 2 → 1 (6), 2 → 3 (1.5); "far" says 0 → 3 (-9)."""
    entries = (
        np.array([0, 0, 0, 1]),
        np.array([0, 2, 2, 0]),
        np.array([1, 1, 3, 3]),
        np.array([3.0, 6.0, 1.5, -9.0]),
    )
    return stack_similarities(["near", "far"], np.array([DECAY, 0.0]), entries, len(ITEMS))


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
    rows, phi = affinities(two_similarities(), np.array([0, 2], dtype=np.int32))
    # near: item 1 gets 2/3 * 3 + 1/3 * 6 = 4, item 3 gets 1/3 * 1.5; far is negative.
    assert rows.tolist() == [1, 3]
    np.testing.assert_allclose(phi, np.log1p([[4.0, 0.0], [0.5, 0.0]]), rtol=1e-6)


def test_an_item_that_is_only_spoken_against_is_not_touched() -> None:
    rows, phi = affinities(two_similarities(), np.array([0], dtype=np.int32))
    assert rows.tolist() == [1]
    np.testing.assert_allclose(phi, np.log1p([[3.0, 0.0]]), rtol=1e-6)


def test_an_empty_history_touches_nothing() -> None:
    rows, phi = affinities(two_similarities(), np.empty(0, dtype=np.int32))
    assert rows.shape == (0,)
    assert phi.shape == (0, 2)


def test_affinities_equal_a_dense_matrix_product() -> None:
    similarities, history = random_similarities(), random_histories()
    dense = np.zeros((3, 70, 70))
    for row in range(3 * 70):
        span = slice(similarities.starts[row], similarities.starts[row + 1])
        dense[row % 3, row // 3, similarities.neighbors[span]] = similarities.weights[span]
    found = dense_affinities(similarities, history, np.arange(40))
    for user in range(40):
        items = history.of(user)
        shares = np.exp(-similarities.recency_decay[:, None] * np.arange(len(items)))
        shares /= shares.sum(axis=1, keepdims=True)
        expected = np.log1p(np.maximum(np.einsum("ch,chj->jc", shares, dense[:, items]), 0))
        np.testing.assert_allclose(found[user], expected, atol=1e-6)


def test_one_user_pairs_and_batches_give_the_same_bits() -> None:
    similarities, history, workspace = (
        random_similarities(),
        random_histories(),
        new_workspace(random_similarities()),
    )
    dense = dense_affinities(similarities, history, np.arange(40))
    for user in range(40):
        rows, phi = affinities(similarities, history.of(user), workspace)
        alone = np.zeros_like(dense[user])
        alone[rows] = phi
        np.testing.assert_array_equal(alone, dense[user])
    users, items = (np.random.default_rng(2).integers(n, size=500) for n in (40, 70))
    np.testing.assert_array_equal(
        pair_affinities(similarities, history, users, items), dense[users, items]
    )


def test_top_affinities_are_the_largest_with_ties_by_lower_row() -> None:
    similarities, history = random_similarities(), random_histories()
    dense = dense_affinities(similarities, history, np.arange(40))
    top = top_affinities(similarities, history, np.arange(40), 7)
    for user in range(40):
        for similarity in range(3):
            values = dense[user, :, similarity]
            best = np.lexsort((np.arange(70), -values))[:7]
            expected = [row if values[row] > 0 else -1 for row in best]
            assert top[user, similarity].tolist() == expected


def test_equal_affinities_are_listed_by_lower_row() -> None:
    entries = (np.zeros(3, int), np.zeros(3, int), np.array([3, 1, 2]), np.ones(3))
    similarities = stack_similarities(["same"], np.zeros(1), entries, 4)
    history = histories(np.zeros(1, int), np.zeros(1, int), np.zeros(1, int), 1)
    assert top_affinities(similarities, history, np.arange(1), 2).tolist() == [[[1, 2]]]


def test_similarities_survive_the_file(tmp_path: Path) -> None:
    path, similarities = tmp_path / "item_affinity_df.pq", two_similarities()
    write_similarities(similarities, ITEMS, path)
    read = read_similarities(path, ITEMS)
    for before, after in zip(similarities, read, strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_file_of_plain_strings_and_a_shuffled_catalog_is_read(tmp_path: Path) -> None:
    path = tmp_path / "item_affinity_df.pq"
    frame().to_parquet(path)
    similarities = read_similarities(path, ITEMS[::-1])
    assert similarities.names.tolist() == ["z", "a"]
    rows, _ = affinities(similarities, np.array([3], dtype=np.int32))  # kettle
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
        read_similarities(path, ITEMS)


def test_a_missing_column_an_empty_file_and_no_file_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "item_affinity_df.pq"
    with pytest.raises(ArtifactError, match="is missing"):
        read_similarities(path, ITEMS)
    frame().drop(columns="neighbour").to_parquet(path)
    with pytest.raises(ArtifactError, match=r"lacks the columns \['neighbour'\]"):
        read_similarities(path, ITEMS)
    frame().iloc[:0].to_parquet(path)
    with pytest.raises(ArtifactError, match="has no rows"):
        read_similarities(path, ITEMS)
    path.write_text("nonsense")
    with pytest.raises(ArtifactError, match="no readable parquet"):
        read_similarities(path, ITEMS)


def test_a_file_in_several_row_groups_is_one_set_of_similarities(tmp_path: Path) -> None:
    path, similarities = tmp_path / "item_affinity_df.pq", random_similarities()
    names = pd.Index([f"item {i}" for i in range(70)])
    write_similarities(similarities, names, path)
    table = pq.read_table(path)
    plain = pa.table({name: table[name].cast(pa.string()) if name in COLUMNS[:3] else table[name]
                      for name in COLUMNS})  # fmt: skip
    pq.write_table(plain, path, row_group_size=100)
    for before, after in zip(similarities, read_similarities(path, names), strict=True):
        np.testing.assert_array_equal(before, after)

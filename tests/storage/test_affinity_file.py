"""The file of item similarities gives back what was written, and refuses what doesn't fit."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage import affinity_file
from storage.affinity_file import COLUMNS, read_similarities, write_similarities
from storage.artifacts import ArtifactError
from tests.support.similarities import random_similarities, two_similarities

ITEMS = pd.Index(["kettle", "lamp", "guitar", "blanket"])


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
    starts = similarities.starts[2 * 3 :]  # kettle, the last item
    assert [similarities.neighbors[slice(*span)].tolist() for span in pairwise(starts)] == [
        [2],
        [1],
    ]


def frame() -> pd.DataFrame:
    """Kettle speaks for lamp in z and for guitar in a."""
    values = ["z", "a"], ["kettle", "kettle"], ["lamp", "guitar"], [1.0, 2.0], [0.5, 0.25]
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"neighbour": ["lamp", "sofa"]}, "'sofa' for one"),
        ({"weight": [1.0, np.nan]}, "1 of 2 values of 'weight' are NaN or infinite"),
        ({"weight": [1.0, 1e300]}, "1 of 2 values of 'weight' are NaN or infinite, or above 1e"),
        ({"kernel": ["z", "k" * 513]}, "longest kernel has 513 characters; at most 512"),
        ({"weight": ["heavy", "light"]}, "'weight' is not numeric"),
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
    with pytest.raises(ArtifactError, match="is not a readable parquet"):
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


def test_similarities_written_by_ranges_of_items_are_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, similarities = tmp_path / "item_affinity_df.pq", random_similarities()
    names = pd.Index([f"item {i}" for i in range(70)])
    monkeypatch.setattr(affinity_file, "_ITEMS_A_GROUP", 9)
    write_similarities(similarities, names, path)
    assert pq.read_metadata(path).num_row_groups == 8 * similarities.n_similarities
    for before, after in zip(similarities, read_similarities(path, names), strict=True):
        np.testing.assert_array_equal(before, after)


def test_rows_in_any_order_keep_that_order_within_an_item(tmp_path: Path) -> None:
    path, random = tmp_path / "item_affinity_df.pq", np.random.default_rng(3)
    names = pd.Index([f"item {i}" for i in range(9)])
    rows = pd.DataFrame({"kernel": random.permutation(list("abc") * 40)})
    rows["itemName"], rows["neighbour"] = (names[random.integers(0, 9, 120)] for _ in range(2))
    rows["weight"], rows["recency_decay"] = np.arange(120.0), 0.5
    rows.to_parquet(path, row_group_size=17)
    found = read_similarities(path, names)
    assert found.names.tolist() == rows["kernel"].drop_duplicates().tolist()
    for number, (first, end) in enumerate(pairwise(found.starts)):
        item, similarity = divmod(number, 3)
        own = rows[(rows["itemName"] == names[item]) & (rows["kernel"] == found.names[similarity])]
        assert found.weights[first:end].tolist() == own["weight"].tolist()
        assert names[found.neighbors[first:end]].tolist() == own["neighbour"].tolist()


def test_a_bad_value_of_a_later_row_group_is_refused_with_the_group(tmp_path: Path) -> None:
    path = tmp_path / "item_affinity_df.pq"
    frame().assign(neighbour=["lamp", "sofa"]).to_parquet(path, row_group_size=1)
    with pytest.raises(ArtifactError, match=r"row group 2 of 2: 1 of 1 names .* 'sofa' for one"):
        read_similarities(path, ITEMS)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config import Config
from recsys import columns
from storage.array_folder import checksum
from storage.artifacts import (
    ArtifactError,
    ArtifactPaths,
    embeddings_frame,
    read_clean,
    read_embeddings,
    write_frame,
)
from storage.parquet.bounds import refuse_oversized
from storage.parquet.parts import size_of
from storage.sources import source_fingerprint
from tests.support.tiny_reviews import even_reviews, write_even_artifacts


def in_parts(frame: pd.DataFrame, folder: Path, n_parts: int = 3) -> Path:
    """Write a frame as parts, with what other programs leave beside them."""
    for number, rows in enumerate(np.array_split(np.arange(len(frame)), n_parts)):
        write_frame(frame.iloc[rows], folder / f"part-{number:05d}.parquet")
    (folder / "_SUCCESS").touch()
    (folder / ".part-00000.parquet.crc").write_bytes(b"not parquet")
    return folder


def test_cleaned_reviews_in_parts_read_as_in_one_file(tmp_path: Path) -> None:
    frame = even_reviews()
    write_frame(frame, tmp_path / "one.pq")
    in_parts(frame, tmp_path / "many.pq")
    pd.testing.assert_frame_equal(read_clean(tmp_path / "many.pq"), read_clean(tmp_path / "one.pq"))


def test_embeddings_in_parts_read_as_in_one_file(tmp_path: Path) -> None:
    vectors = np.arange(12, dtype=np.float32).reshape(6, 2)
    frame = embeddings_frame([f"item {n}" for n in range(6)], vectors, columns.ITEM)
    found = read_embeddings(in_parts(frame, tmp_path / "many.pq"), columns.ITEM)
    assert found.names.tolist() == [f"item {n}" for n in range(6)]
    assert np.array_equal(found.vectors, vectors)


def test_a_folder_without_parts_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "empty.pq").mkdir()
    with pytest.raises(ArtifactError, match=r"empty\.pq is not a readable folder"):
        read_clean(tmp_path / "empty.pq")


def test_a_damaged_part_is_refused(tmp_path: Path) -> None:
    folder = in_parts(even_reviews(), tmp_path / "many.pq")
    (folder / "part-00002.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ArtifactError, match="not a readable folder of parquet files"):
        read_clean(folder)


def test_the_size_of_a_table_is_that_of_all_parts(tmp_path: Path) -> None:
    folder = in_parts(even_reviews(), tmp_path / "many.pq")
    with pytest.raises(ArtifactError, match="650 rows"):
        refuse_oversized(folder, memory_mb=0)
    assert size_of(folder) == sum(part.stat().st_size for part in folder.glob("part-*"))


def test_a_changed_part_changes_the_hash_and_the_fingerprint(tmp_path: Path) -> None:
    paths = write_even_artifacts(tmp_path)
    config = Config(
        data_path=tmp_path / "data",
        embeddings_path=tmp_path / "embeddings",
        model_path=tmp_path / "models",
    )
    paths.clean.unlink()
    in_parts(even_reviews(), paths.clean)
    before = checksum(paths.clean), source_fingerprint(config)
    write_frame(even_reviews().iloc[:5], paths.clean / "part-00001.parquet")
    after = checksum(paths.clean), source_fingerprint(config)
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert ArtifactPaths.in_folders(*(tmp_path / n for n in ("data", "embeddings", "models")))

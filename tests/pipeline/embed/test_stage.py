"""The stage `embed` as its reader sees it: from `clean_df.pq` to the four files."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config import PROJECT_ROOT
from pipeline.embed import stage
from pipeline.embed.stage import embed
from pipeline.errors import PipelineError
from recsys import columns
from storage.artifacts import ArtifactError
from tests.support.counting_encoder import LETTERS, CountingEncoder
from tests.support.embedding import Dataset

rich_console = pytest.importorskip("rich.console", reason="rich is in the pipeline group")
pytestmark = pytest.mark.pipeline


def test_files_have_the_form_that_the_service_loads(dataset: Dataset) -> None:
    dataset.embed()
    folder = dataset.config.embeddings_path
    widths = [str(number) for number in range(len(LETTERS))]
    for name, key, expected in [
        ("item_desc_emb_df.pq", "itemName", widths),
        ("item_price_df.pq", "itemName", ["price"]),
        ("user_review_emb_df.pq", "userName", widths),
        ("user_item_emb_df.pq", "userName", widths),
    ]:
        frame = pd.read_parquet(folder / name)
        assert frame.index.name == key
        assert list(frame.columns) == expected
        assert set(frame.dtypes) == {np.dtype(np.float32)}


def test_second_run_encodes_nothing_and_writes_the_same_bytes(dataset: Dataset) -> None:
    first, second = CountingEncoder(), CountingEncoder()
    dataset.embed(first)
    files = dataset.file_bytes()
    told = dataset.embed(second)
    assert sorted(first.encoded) == sorted(set(first.encoded))
    assert second.encoded == []
    assert "0 were encoded" in told
    assert dataset.file_bytes() == files


def test_vectors_are_the_same_without_the_cache(
    make_dataset: Callable[..., Dataset], reviews: pd.DataFrame
) -> None:
    cached, uncached = make_dataset(reviews, "cached"), make_dataset(reviews, "uncached")
    cached.embed()
    cached.embed()
    uncached.embed(use_cache=False)
    assert cached.file_bytes() == uncached.file_bytes()
    assert not (uncached.config.embeddings_path / ".cache").exists()


def test_stored_values_fit_half_precision(dataset: Dataset) -> None:
    dataset.embed()
    for vector in dataset.vectors("user_item_emb_df.pq").values():
        np.testing.assert_array_equal(vector, vector.astype(np.float16))


def test_interrupted_run_leaves_the_old_files(dataset: Dataset) -> None:
    class InterruptedEncoder(CountingEncoder):
        def encode_many(self, texts):
            yield from super().encode_many(texts[:2])
            raise KeyboardInterrupt

    dataset.embed()
    files = dataset.file_bytes()
    dataset.reviews[columns.DESCRIPTION] += "p"
    with pytest.raises(KeyboardInterrupt):
        dataset.embed(InterruptedEncoder())
    assert dataset.file_bytes() == files


def test_manifest_says_what_the_files_are(dataset: Dataset) -> None:
    dataset.embed()
    folder = dataset.config.embeddings_path
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["reviews_per_user"] == 2
    described = manifest["files"]["user_item_emb_df.pq"]
    assert (described["rows"], described["width"]) == (3, len(LETTERS))
    content = (folder / "user_item_emb_df.pq").read_bytes()
    assert described["sha256"] == hashlib.sha256(content).hexdigest()


def test_empty_reviews_are_refused(dataset: Dataset) -> None:
    dataset.reviews = dataset.reviews.iloc[:0]
    with pytest.raises(PipelineError, match="has no reviews"):
        dataset.embed()


def test_reviews_by_nobody_are_refused(dataset: Dataset) -> None:
    dataset.reviews[columns.USER] = "amazon customer"
    with pytest.raises(PipelineError, match="reviews, none of them by a named user"):
        dataset.embed()


def test_missing_column_is_named(dataset: Dataset) -> None:
    dataset.reviews = dataset.reviews.drop(columns=columns.REVIEW_TEXT)
    with pytest.raises(ArtifactError, match="reviewText"):
        dataset.embed()


def test_truncated_reviews_leave_no_file(dataset: Dataset) -> None:
    dataset.embed()
    clean = dataset.config.data_path / "clean_df.pq"
    clean.write_bytes(clean.read_bytes()[:100])
    files = dataset.file_bytes()
    with pytest.raises(ArtifactError, match="not a readable parquet"):
        embed(CountingEncoder(), dataset.config, rich_console.Console(file=io.StringIO()))
    assert dataset.file_bytes() == files


def test_negative_bound_is_refused(dataset: Dataset) -> None:
    parser = argparse.ArgumentParser()
    stage.add_arguments(parser)
    with pytest.raises(PipelineError, match="--reviews-per-user is -1"):
        stage.run(
            parser.parse_args(["--reviews-per-user", "-1"]), dataset.config, rich_console.Console()
        )


def test_missing_reviews_are_one_sentence_on_the_command_line(tmp_path: Path) -> None:
    folders = {"DATA_PATH": str(tmp_path), "EMBEDDINGS_PATH": str(tmp_path / "embeddings")}
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "embed"],
        cwd=PROJECT_ROOT,
        env=os.environ | folders,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "clean_df.pq is missing" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "embeddings").exists()

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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config import PROJECT_ROOT, Config
from pipeline.embed import stage
from pipeline.embed.stage import embed
from pipeline.errors import PipelineError
from recsys import columns
from storage.artifacts import ArtifactError, read_embeddings, write_frame
from tests.support.counting_encoder import LETTERS, CountingEncoder, letter_vectors

rich_console = pytest.importorskip("rich.console", reason="rich is in the pipeline group")
pytestmark = pytest.mark.pipeline

A, B, C = letter_vectors(["a", "b", "c"]).astype(np.float64)

# Ten rows on ten days: the first eight days are training, then one validation and one test.
REVIEWS = [
    # user, item, description, price, day, text
    ("ann", "apple", "a", 1.0, 1, "ddd"),
    ("ann", "bread", "b", 3.0, 2, "eee"),
    ("bob", "bread", "b", 3.0, 3, "fff"),
    ("amazon customer", "cake", "c", np.nan, 4, "ggg"),
    ("ann", "cake", "c", np.nan, 5, "hhh"),
    ("cid", "apple", "a", 1.0, 6, None),
    ("bob", "apple", "a", 1.0, 7, "eee"),
    ("bob", "cake", "c", np.nan, 8, None),
    ("ann", "apple", "a", 1.0, 9, "iii"),
    ("dee", "dates", "aab", 5.0, 10, "jjj"),
]


@dataclass
class Dataset:
    """A folder with the cleaned reviews, and what embedding it tells."""

    config: Config
    reviews: pd.DataFrame

    def embed(self, encoder: CountingEncoder | None = None, n_reviews: int = 2, **options) -> str:
        write_frame(self.reviews, self.config.data_path / "clean_df.pq")
        told = io.StringIO()
        console = rich_console.Console(file=told, width=200)
        embed(encoder or CountingEncoder(), self.config, console, n_reviews, **options)
        return told.getvalue()

    def vectors(self, name: str, key: str = columns.USER) -> dict[str, np.ndarray]:
        found = read_embeddings(self.config.embeddings_path / name, key)
        return dict(zip(found.names, found.vectors, strict=True))

    def file_bytes(self) -> dict[str, bytes]:
        paths = (path for path in self.config.embeddings_path.iterdir() if path.is_file())
        return {path.name: path.read_bytes() for path in paths}


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[[pd.DataFrame, str], Dataset]:
    def make(reviews: pd.DataFrame, name: str = "dataset") -> Dataset:
        folder = tmp_path / name
        config = Config(
            data_path=folder / "data",
            embeddings_path=folder / "embeddings",
            model_path=folder / "models",
        )
        return Dataset(config, reviews)

    return make


@pytest.fixture
def reviews() -> pd.DataFrame:
    names = [columns.USER, columns.ITEM, columns.DESCRIPTION, columns.PRICE, "day", "text"]
    frame = pd.DataFrame(REVIEWS, columns=names)
    times = pd.Timestamp("2020-01-01") + pd.to_timedelta(frame.pop("day"), unit="D")
    frame[columns.REVIEW_TIME] = times.astype("datetime64[us]")
    frame[columns.RATING] = 5.0
    frame[columns.REVIEW_TEXT] = frame.pop("text")
    return frame[list(columns.CLEAN_COLUMNS)]


@pytest.fixture
def dataset(make_dataset: Callable[..., Dataset], reviews: pd.DataFrame) -> Dataset:
    return make_dataset(reviews)


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


def test_every_item_is_a_candidate_and_they_stand_in_order_of_their_names(dataset: Dataset) -> None:
    dataset.embed()
    items = dataset.vectors("item_desc_emb_df.pq", columns.ITEM)
    assert list(items) == ["apple", "bread", "cake", "dates"]
    np.testing.assert_array_equal(items["bread"], B)


def test_known_users_are_the_named_ones_with_a_training_review(dataset: Dataset) -> None:
    dataset.embed()
    assert list(dataset.vectors("user_item_emb_df.pq")) == ["ann", "bob", "cid"]
    assert list(dataset.vectors("user_review_emb_df.pq")) == ["ann", "bob", "cid"]


def test_user_item_vector_is_the_recency_weighted_mean_of_the_training_history(
    dataset: Dataset,
) -> None:
    dataset.embed()
    vectors = dataset.vectors("user_item_emb_df.pq")
    # ann, newest first: cake, bread, apple, weighing 1, 0.860708, 0.740818: length 1.513148.
    ann = (1.0 * C + 0.860708 * B + 0.740818 * A) / 1.513148
    np.testing.assert_allclose(vectors["ann"], ann, atol=5e-4)
    np.testing.assert_array_equal(vectors["cid"], A)


def test_review_vector_is_the_mean_of_the_newest_reviews_with_text(dataset: Dataset) -> None:
    dataset.embed(n_reviews=2)
    vectors = dataset.vectors("user_review_emb_df.pq")
    d, e, f, h = letter_vectors(["d", "e", "f", "h"]).astype(np.float64)
    np.testing.assert_allclose(vectors["ann"], (h + e) / 2**0.5, atol=5e-4)
    np.testing.assert_allclose(vectors["bob"], (e + f) / 2**0.5, atol=5e-4)
    assert not vectors["cid"].any()
    dataset.embed(n_reviews=3)
    ann = dataset.vectors("user_review_emb_df.pq")["ann"]
    np.testing.assert_allclose(ann, (h + e + d) / 3**0.5, atol=5e-4)


def test_users_are_embedded_from_train_rows_only(
    make_dataset: Callable[..., Dataset], reviews: pd.DataFrame
) -> None:
    later = reviews.copy()
    later.loc[8] = later.loc[7]  # bob's cake once more, in place of ann's apple
    later.loc[8, [columns.REVIEW_TIME, columns.REVIEW_TEXT]] = [reviews.reviewTime[8], "ppp"]
    later.loc[9, [columns.USER, columns.REVIEW_TEXT, columns.RATING]] = ["ann", "ooo", 1.0]
    before, after = make_dataset(reviews, "before"), make_dataset(later, "after")
    before.embed()
    encoder = CountingEncoder()
    after.embed(encoder)
    for name in ("user_item_emb_df.pq", "user_review_emb_df.pq"):
        assert before.file_bytes()[name] == after.file_bytes()[name]
    assert not {"ppp", "ooo"} & set(encoder.encoded)


def test_order_of_rows_does_not_matter(
    make_dataset: Callable[..., Dataset], reviews: pd.DataFrame
) -> None:
    straight, shuffled = make_dataset(reviews, "straight"), make_dataset(reviews[::-1], "shuffled")
    straight.embed()
    shuffled.embed()
    assert straight.file_bytes() == shuffled.file_bytes()


def test_of_reviews_of_one_time_the_later_row_is_the_newer_one(dataset: Dataset) -> None:
    dataset.reviews.loc[[0, 1], columns.REVIEW_TIME] = dataset.reviews.loc[4, columns.REVIEW_TIME]
    dataset.embed(n_reviews=1)
    # ann wrote ddd about apple, eee about bread and hhh about cake, in this order.
    ann = (1.0 * C + 0.860708 * B + 0.740818 * A) / 1.513148
    np.testing.assert_allclose(dataset.vectors("user_item_emb_df.pq")["ann"], ann, atol=5e-4)
    np.testing.assert_array_equal(
        dataset.vectors("user_review_emb_df.pq")["ann"], letter_vectors(["hhh"])[0]
    )


def test_missing_price_is_imputed_from_similar_items_and_scaled(dataset: Dataset) -> None:
    told = dataset.embed()
    # apple 1, bread 3, dates 5, and cake their mean 3: median 3, quartiles 2.5 and 3.5.
    prices = dataset.vectors("item_price_df.pq", columns.ITEM)
    found = [price.item() for price in prices.values()]
    assert found == pytest.approx([-2.0, 0.0, 0.0, 2.0])
    assert "1 of 4 items have no price" in told


def test_data_without_prices_is_told_and_gets_zeros(dataset: Dataset) -> None:
    dataset.reviews[columns.PRICE] = np.nan
    told = dataset.embed()
    assert "No item has a price" in told
    assert not np.any(list(dataset.vectors("item_price_df.pq", columns.ITEM).values()))


def test_data_without_review_text_is_told_and_gets_zeros(dataset: Dataset) -> None:
    dataset.reviews[columns.REVIEW_TEXT] = None
    told = dataset.embed()
    assert "No user wrote review text" in told
    assert not np.any(list(dataset.vectors("user_review_emb_df.pq").values()))
    assert dataset.vectors("user_item_emb_df.pq")["cid"].any()


def test_reviews_can_be_switched_off(dataset: Dataset) -> None:
    encoder = CountingEncoder()
    told = dataset.embed(encoder, n_reviews=0)
    assert "No review is encoded" in told
    assert sorted(encoder.encoded) == ["a", "aab", "b", "c"]
    assert not np.any(list(dataset.vectors("user_review_emb_df.pq").values()))


def test_item_without_description_is_described_by_its_title(dataset: Dataset) -> None:
    dataset.reviews.loc[dataset.reviews[columns.ITEM] == "cake", columns.DESCRIPTION] = None
    dataset.reviews[columns.TITLE] = "gem"
    dataset.embed()
    cake = dataset.vectors("item_desc_emb_df.pq", columns.ITEM)["cake"]
    np.testing.assert_array_equal(cake, letter_vectors(["gem"])[0])


def test_readable_names_stand_in_where_there_are_no_titles(dataset: Dataset) -> None:
    dataset.reviews[columns.DESCRIPTION] = ""
    dataset.embed()
    bread = dataset.vectors("item_desc_emb_df.pq", columns.ITEM)["bread"]
    np.testing.assert_array_equal(bread, letter_vectors(["bread"])[0])


def test_items_without_any_text_are_told_and_get_zeros(dataset: Dataset) -> None:
    dataset.reviews[columns.DESCRIPTION] = ""
    dataset.reviews[columns.TITLE] = None
    told = dataset.embed()
    assert "4 of 4 items have no text at all" in told
    assert not np.any(list(dataset.vectors("item_desc_emb_df.pq", columns.ITEM).values()))


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

"""Users, items and cold start of one artifact set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from recsys import columns
from storage.artifacts import ArtifactError, ArtifactPaths, write_frame
from tests.support.artifacts import (
    ANONYMOUS_USER,
    USER_WITHOUT_EMBEDDING,
    tiny_item_names,
    tiny_user_names,
    write_tiny_data,
)


@pytest.fixture
def paths(tmp_path: Path) -> ArtifactPaths:
    return write_tiny_data(tmp_path, titles=True)


@pytest.fixture
def data(paths: ArtifactPaths) -> AppDataProcessor:
    return AppDataProcessor.from_artifacts(paths)


def test_rows_follow_the_order_of_the_files(data: AppDataProcessor) -> None:
    assert [data.item(row) for row in range(data.n_items)] == tiny_item_names()
    assert [data.user(row) for row in range(data.n_users)] == tiny_user_names()


def test_user_is_found_as_written_or_by_the_cleaning_rule(data: AppDataProcessor) -> None:
    assert data.user_row("kelly sullivan") == 0
    assert data.user_row(" Kelly  SULLIVAN!") == 0
    assert data.user_row("kelly") is None
    assert data.user_row(USER_WITHOUT_EMBEDDING) is None


def test_anonymous_customer_is_unknown_even_with_embeddings(paths: ArtifactPaths) -> None:
    for path in (paths.user_review, paths.user_item):
        frame = pd.read_parquet(path).rename(index={"kelly sullivan": ANONYMOUS_USER})
        write_frame(frame, path)
    data = AppDataProcessor.from_artifacts(paths)
    assert data.user_row("Amazon Customer") is None
    assert data.n_users == 11
    assert data.inputs.user_review.shape == (11, 8)
    assert data.user(0) == tiny_user_names()[1]


def test_seen_items_are_the_users_own_and_ascending(data: AppDataProcessor) -> None:
    assert data.reviews.seen_items(0).tolist() == [0, 1, 2]
    assert data.reviews.seen_items(11).tolist() == [11, 12, 13]


def test_cold_start_begins_with_the_item_of_most_five_star_ratings(data: AppDataProcessor) -> None:
    # Item 0 has four five-star ratings, the items 1 to 11 one each.
    assert data.cold_start.order[:1].tolist() == [0]
    assert sorted(data.cold_start.order[:99]) == list(range(20))


def test_title_falls_back_to_the_item_name(data: AppDataProcessor) -> None:
    assert data.title("blue kettle") == "Title of blue kettle"
    assert data.title("black blanket") == "black blanket"
    assert data.title("no such item") == "no such item"


def test_random_users_are_distinct_and_never_more_than_there_are(data: AppDataProcessor) -> None:
    assert len(set(data.random_users(5))) == 5
    assert sorted(data.random_users(99)) == sorted(tiny_user_names())


def test_user_files_in_different_orders_are_brought_into_one(
    paths: ArtifactPaths, data: AppDataProcessor
) -> None:
    write_frame(pd.read_parquet(paths.user_item).iloc[::-1], paths.user_item)
    again = AppDataProcessor.from_artifacts(paths)
    np.testing.assert_array_equal(again.inputs.user_item, data.inputs.user_item)


def test_user_files_with_other_users_are_refused_with_both_counts(paths: ArtifactPaths) -> None:
    write_frame(pd.read_parquet(paths.user_item).iloc[:-1], paths.user_item)
    with pytest.raises(ArtifactError, match=r"has 11 users but its partner file has 12"):
        AppDataProcessor.from_artifacts(paths)


def test_item_without_a_price_row_is_refused(paths: ArtifactPaths) -> None:
    frame = pd.read_parquet(paths.item_price).rename(index={"blue kettle": "some kettle"})
    write_frame(frame, paths.item_price)
    with pytest.raises(ArtifactError, match=r"1 of which it lacks"):
        AppDataProcessor.from_artifacts(paths)


def test_vectors_that_are_not_finite_are_refused_by_name(paths: ArtifactPaths) -> None:
    frame = pd.read_parquet(paths.item_desc)
    frame.iloc[3, 2] = np.nan
    write_frame(frame, paths.item_desc)
    with pytest.raises(ArtifactError, match=r"1 of 20 rows hold NaN .* 'blue blanket'"):
        AppDataProcessor.from_artifacts(paths)


def test_name_that_stands_twice_is_refused(paths: ArtifactPaths) -> None:
    frame = pd.read_parquet(paths.item_desc)
    write_frame(pd.concat([frame, frame.iloc[:1]]), paths.item_desc)
    with pytest.raises(ArtifactError, match=r"1 rows repeat a itemName, 'blue kettle'"):
        AppDataProcessor.from_artifacts(paths)


def test_truncated_parquet_is_refused_by_name_and_size(paths: ArtifactPaths) -> None:
    paths.user_review.write_bytes(paths.user_review.read_bytes()[:100])
    with pytest.raises(
        ArtifactError, match=r"user_review_emb_df.pq \(100 bytes\) is not a readable"
    ):
        AppDataProcessor.from_artifacts(paths)


def test_clean_frame_without_a_column_is_refused(paths: ArtifactPaths) -> None:
    write_frame(pd.read_parquet(paths.clean).drop(columns=columns.RATING), paths.clean)
    with pytest.raises(ArtifactError, match=r"lacks the columns \['rating'\]"):
        AppDataProcessor.from_artifacts(paths)


def test_names_kept_as_a_column_are_accepted(paths: ArtifactPaths, data: AppDataProcessor) -> None:
    write_frame(pd.read_parquet(paths.item_desc).reset_index(), paths.item_desc)
    again = AppDataProcessor.from_artifacts(paths)
    np.testing.assert_array_equal(again.inputs.item_desc, data.inputs.item_desc)

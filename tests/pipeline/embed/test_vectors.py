"""What the stage `embed` says of items and users, computed a second time by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from recsys import columns
from tests.support.counting_encoder import CountingEncoder, letter_vectors
from tests.support.embedding import Dataset

pytest.importorskip("rich.console", reason="rich is in the pipeline group")
pytestmark = pytest.mark.pipeline

A, B, C = letter_vectors(["a", "b", "c"]).astype(np.float64)


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

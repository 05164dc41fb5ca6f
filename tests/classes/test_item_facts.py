"""Prices, categories and ratings of items, and what each user has reviewed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from recsys import columns
from recsys.interactions import Interactions
from recsys.reviews import reviews_by_user
from storage.artifacts import write_frame
from tests.support.artifacts import FIRST_DAY, write_tiny_data


@pytest.fixture
def data(tmp_path: Path) -> AppDataProcessor:
    return AppDataProcessor.from_artifacts(write_tiny_data(tmp_path, categories=True))


def test_prices_are_raw_dollars_and_missing_where_no_row_has_one(data: AppDataProcessor) -> None:
    prices = [data.facts.price(row) for row in range(data.n_items)]
    # Of the 14 reviewed items, each fifth has no price; the other six have no rows at all.
    assert prices[:6] == [10.0, 11.0, 12.0, 13.0, None, 15.0]
    assert prices[14:] == [None] * 6


def test_ratings_are_counted_and_averaged_over_everybody(data: AppDataProcessor) -> None:
    # Item 0: user 0 with 5, two anonymous customers and one without embeddings with 5.
    assert data.facts.n_ratings[:3].tolist() == [4, 2, 3]
    # Item 1: 4 by user 0 and 5 by user 1; item 2: 3, 4 and 5.
    assert [data.facts.mean_rating(row) for row in (0, 1, 2, 19)] == [5.0, 4.5, 4.0, None]


def test_categories_are_named_in_alphabetical_order(data: AppDataProcessor) -> None:
    assert data.facts.category_names == ["blankets", "guitars", "kettles", "lamps"]
    assert [data.facts.category(row) for row in (0, 1, 2, 3, 4)] == [
        "kettles",
        "lamps",
        "guitars",
        "blankets",
        "kettles",
    ]
    assert data.facts.category(12) is None  # white, so its rows name none
    assert data.facts.category(19) is None  # has no rows
    assert data.facts.category_row("lamps") == 3
    assert data.facts.category_row("Lamps") is None


@pytest.mark.parametrize("known", [0.0, 1.0])
def test_categories_may_be_known_for_all_items_or_none(tmp_path: Path, known: float) -> None:
    paths = write_tiny_data(tmp_path, n_items=4)
    clean = pd.read_parquet(paths.clean)
    clean[columns.CATEGORY] = "things" if known else pd.NA
    write_frame(clean, paths.clean)
    facts = AppDataProcessor.from_artifacts(paths).facts
    assert facts.category_names == ["things"] * int(known)
    assert {facts.category(row) for row in range(4)} == {"things" if known else None}


def test_data_without_categories_has_none(tmp_path: Path) -> None:
    facts = AppDataProcessor.from_artifacts(write_tiny_data(tmp_path)).facts
    assert facts.category_names == []
    assert facts.category_row("kettles") is None
    assert facts.category(0) is None


def test_reviews_of_a_user_come_newest_first_with_rating_and_time(data: AppDataProcessor) -> None:
    found = data.reviews.of(3)
    assert found.items.tolist() == [5, 4, 3]
    assert found.ratings.tolist() == [3.0, 4.0, 5.0]
    days = [FIRST_DAY + pd.Timedelta(days=day) for day in (5, 4, 3)]
    assert pd.to_datetime(found.times, unit="us").tolist() == days


def test_reviews_keep_repeats_and_leave_out_strangers() -> None:
    found = reviews_by_user(
        Interactions(
            users=np.array([1, 1, 1, 1, -1, 0]),
            items=np.array([7, 3, 5, 7, 7, -1]),
            times=np.array([10, 20, 30, 30, 99, 99]),
            ratings=np.float32([5, 4, 2, 3, 1, 1]),
            file_rows=np.arange(6),
            user_names=np.array(["ann", "bob", "zoe"], dtype=object),
        )
    )
    assert found.starts.tolist() == [0, 0, 4, 4]
    assert found.items.tolist() == [7, 5, 3, 7]  # equal times: the later row first
    assert found.ratings.tolist() == [3.0, 2.0, 4.0, 5.0]
    assert found.times.tolist() == [30, 30, 20, 10]


def test_brands_are_named_in_alphabetical_order(data: AppDataProcessor) -> None:
    assert data.facts.brand_names == ["Blue & Co", "Green & Co", "White & Co"]
    assert [data.facts.brand(row) for row in (0, 4, 8, 12, 19)] == [
        "Blue & Co",
        "Green & Co",
        None,
        "White & Co",
        None,
    ]
    assert data.facts.brand_row("Green & Co") == 1
    assert data.facts.brand_row("green & co") is None


def test_an_item_has_a_picture_only_where_the_data_has_an_address(data: AppDataProcessor) -> None:
    assert data.facts.image(0) == "https://pictures.example/blue-kettle.jpg"
    assert data.facts.image(1) is None  # a lamp
    assert data.facts.image(19) is None  # has no rows


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["https://a.example/1.jpg", "b"], "https://a.example/1.jpg"),  # as another program may
        ("javascript:alert(1)", None),
        ("https://a.example/" + "x" * 1_000, None),
        (7, None),
    ],
)
def test_what_another_program_wrote_as_an_image_is_an_address_or_nothing(
    tmp_path: Path, given: object, shown: str | None
) -> None:
    paths = write_tiny_data(tmp_path)
    clean = pd.read_parquet(paths.clean)
    write_frame(clean.assign(image=[given] * len(clean)), paths.clean)
    assert AppDataProcessor.from_artifacts(paths).facts.image(0) == shown

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from config import PROJECT_ROOT
from pipeline.clean import readers
from pipeline.clean import stage as clean_stage
from pipeline.clean.stage import clean_reviews
from pipeline.errors import PipelineError
from recsys import columns
from recsys.cleaning.rows import Keys
from storage.artifacts import read_clean
from tests.support.raw_files import whole_review, write_csv, write_lines

IDS = Keys("reviewerID", "asin")
REAL_DATA = PROJECT_ROOT.parent / "shared" / "data"


def test_the_file_has_the_columns_and_types_of_the_contract(tmp_path: Path) -> None:
    reviews = write_csv(tmp_path / "r.csv", [whole_review(number) for number in range(9)])
    report = clean_reviews(reviews, tmp_path / "clean_df.pq", Keys())
    clean = read_clean(tmp_path / "clean_df.pq")
    assert tuple(clean.columns) == (*columns.CLEAN_COLUMNS, *columns.OPTIONAL_CLEAN_COLUMNS)
    assert clean["price"].dtype == clean["rating"].dtype == "float64"
    assert clean["reviewTime"].dtype == "datetime64[us]"
    assert all(isinstance(clean[name].dtype, pd.StringDtype) for name in ("userName", "title"))
    assert (report.n_rows_read, report.n_rows_kept, report.n_users, report.n_items) == (9, 9, 9, 3)
    assert clean["reviewText"][0] == "line one line two of 0"


def test_rows_are_sorted_by_time_and_keep_their_order_within_a_time(tmp_path: Path) -> None:
    days = ["2018-01-02", "2018-01-01", "2018-01-02", "2018-01-01"]
    rows = [whole_review(number) | {"reviewTime": day} for number, day in enumerate(days)]
    clean_reviews(write_csv(tmp_path / "r.csv", rows), tmp_path / "c.pq", Keys())
    users = pd.read_parquet(tmp_path / "c.pq")["userName"]
    assert users.tolist() == ["user 1", "user 3", "user 0", "user 2"]


def test_chunks_of_any_size_give_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [whole_review(number) for number in range(60)]
    rows += [row | {"description": f"other {n % 2}"} for n, row in enumerate(rows[:20])]
    reviews = write_csv(tmp_path / "r.csv", rows)
    whole = clean_reviews(reviews, tmp_path / "whole.pq", Keys())
    monkeypatch.setattr(readers, "_BLOCK_BYTES", 400)
    monkeypatch.setattr(clean_stage, "_ROWS_WRITTEN_AT_ONCE", 7)
    parts = clean_reviews(reviews, tmp_path / "parts.pq", Keys())
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "whole.pq"), pd.read_parquet(tmp_path / "parts.pq")
    )
    assert whole == parts
    assert whole.counts["duplicate"] == 20


def test_what_came_is_what_was_dropped_and_what_was_kept(tmp_path: Path) -> None:
    good = whole_review(1)
    dirt: list[dict[str, Any]] = [{"userName": ""}, {"itemName": "[]"}, {"rating": "7"}]
    dirt += [{"reviewTime": "soon"}, {}, {}]
    reviews = write_csv(tmp_path / "r.csv", [good | fault for fault in dirt])
    report = clean_reviews(reviews, tmp_path / "c.pq", Keys())
    assert report.n_rows_read == 6
    assert report.n_rows_kept == 1
    dropped = ("no_user", "no_item", "bad_rating", "bad_time", "duplicate")
    assert [report.counts[name] for name in dropped] == [1] * 5


def test_rows_that_differ_only_in_their_description_are_one_row_in_the_end(tmp_path: Path) -> None:
    rows = [whole_review(1) | {"description": text} for text in ("b", "a")]
    report = clean_reviews(write_csv(tmp_path / "r.csv", rows), tmp_path / "c.pq", Keys())
    assert report.n_rows_kept == 1
    assert pd.read_parquet(tmp_path / "c.pq")["description"].tolist() == ["a"]


def test_amazon_2014_files_are_joined_with_their_metadata(tmp_path: Path) -> None:
    review = {
        "reviewerID": "A1",
        "asin": "B1",
        "reviewerName": "Ann",
        "helpful": [0, 1],
        "reviewText": "Fine &amp; bright",
        "overall": 4.0,
        "summary": "Fine",
        "unixReviewTime": 1393977600,
        "reviewTime": "03 5, 2014",
    }
    product = {"asin": "B1", "title": "Bob's Lamp", "price": 9.5, "categories": [["Home", "Lamps"]]}
    product["imUrl"] = "http://images.example/bob.jpg"
    reviews = write_lines(tmp_path / "r.json", [review])
    metadata = write_lines(tmp_path / "m.json", [product], literal=True)
    clean_reviews(reviews, tmp_path / "c.pq", IDS, metadata)
    row = pd.read_parquet(tmp_path / "c.pq").iloc[0].drop("brand")
    assert row.tolist() == [
        *("A1", "B1", "bobs lamp lamps", 9.5, pd.Timestamp("2014-03-05"), 4.0, "fine bright"),
        *("Bob's Lamp", "Lamps", "http://images.example/bob.jpg"),
    ]


def test_amazon_2023_files_are_joined_with_their_metadata(tmp_path: Path) -> None:
    review = {
        "rating": 5.0,
        "title": "Love it",
        "text": "",
        "asin": "V1",
        "parent_asin": "P1",
        "user_id": "AE1",
        "timestamp": 1546297654677,
        "verified_purchase": True,
    }
    product = {
        "parent_asin": "P1",
        "title": "Desk <b>XL</b>",
        "description": ["Solid", "oak"],
        "price": "from 14.99",
        "store": "Oakly",
        "main_category": "Home",
        "categories": [],
        "images": [{"thumb": "https://images.example/desk.jpg", "variant": "MAIN", "hi_res": None}],
    }
    reviews = write_lines(tmp_path / "r.jsonl", [review])
    metadata = write_lines(tmp_path / "m.jsonl", [product])
    report = clean_reviews(reviews, tmp_path / "c.pq", IDS, metadata)
    row = pd.read_parquet(tmp_path / "c.pq").iloc[0]
    assert row.tolist() == [
        *("AE1", "P1", "solid oak", 14.99, pd.Timestamp("2018-12-31 23:07:34"), 5.0, "love it"),
        *("Desk XL", "Oakly", "Home", "https://images.example/desk.jpg"),
    ]
    assert report.counts["time_from_unix"] == 1


def test_pictures_of_the_shop_come_before_those_of_customers(tmp_path: Path) -> None:
    rows = [
        {"reviewerID": "A1", "asin": asin, "overall": 5.0, "unixReviewTime": 1393977600}
        | {"image": [f"https://customers.example/{asin}.jpg"]}
        for asin in ("B1", "B2")
    ]
    reviews = write_lines(tmp_path / "r.json", rows)
    product = {"asin": "B1", "imageURLHighRes": ["https://shop.example/B1.jpg"]}
    metadata = write_lines(tmp_path / "m.json", [product, {"asin": "B2"}])
    clean_reviews(reviews, tmp_path / "c.pq", IDS, metadata)
    assert pd.read_parquet(tmp_path / "c.pq")["image"].tolist() == [
        "https://shop.example/B1.jpg",
        "https://customers.example/B2.jpg",
    ]


def test_an_option_may_name_a_column_by_amazons_own_name(tmp_path: Path) -> None:
    review = {"user_id": "AE1", "parent_asin": "P1", "rating": 5, "timestamp": 1546297654677}
    reviews = write_lines(tmp_path / "r.jsonl", [review])
    clean_reviews(reviews, tmp_path / "c.pq", Keys("user_id", "parent_asin"))
    assert pd.read_parquet(tmp_path / "c.pq")["userName"].tolist() == ["AE1"]


def test_parquet_with_typed_columns_is_cleaned_like_text(tmp_path: Path) -> None:
    frame = pd.DataFrame([whole_review(1)]).assign(
        price=4.5, rating=5, reviewTime=pd.Timestamp("2018-01-02"), description=[["one", "two"]]
    )
    frame.to_parquet(tmp_path / "r.parquet")
    clean_reviews(tmp_path / "r.parquet", tmp_path / "c.pq", Keys())
    row = pd.read_parquet(tmp_path / "c.pq").iloc[0]
    assert row["description"] == "one two"
    assert (row["price"], row["rating"]) == (4.5, 5.0)
    assert row["reviewTime"] == pd.Timestamp("2018-01-02")


def test_a_failure_while_writing_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews = write_csv(tmp_path / "r.csv", [whole_review(1)])
    target = tmp_path / "out" / "c.pq"
    clean_reviews(reviews, target, Keys())
    before = target.read_bytes()

    def fail(*args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(clean_stage, "with_item_facts", fail)
    with pytest.raises(OSError, match="disk full"):
        clean_reviews(reviews, target, Keys())
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["c.pq"]


def test_only_rows_without_users_are_refused_with_the_option_that_helps(tmp_path: Path) -> None:
    rows = [whole_review(n) | {"userName": "", "reviewerID": f"A{n}"} for n in range(3)]
    reviews = write_csv(tmp_path / "r.csv", rows)
    with pytest.raises(PipelineError, match=r"none of 3 rows .* --user-column reviewerID"):
        clean_reviews(reviews, tmp_path / "c.pq", Keys())


@pytest.mark.parametrize("name", ["digital_music2014", "electronics2023"])
def test_real_reviews_are_cleaned_with_little_loss(tmp_path: Path, name: str) -> None:
    reviews = REAL_DATA / f"{name}.csv.gz"
    if not reviews.exists():
        pytest.skip(f"{reviews} is not there: real reviews are not part of the project")
    report = clean_reviews(reviews, tmp_path / "c.pq", IDS)
    assert report.n_rows_kept / report.n_rows_read > 0.99
    clean = pd.read_parquet(tmp_path / "c.pq")
    assert clean["reviewTime"].is_monotonic_increasing
    assert clean["description"].str.len().gt(0).all()
    assert not clean["reviewText"].str.contains("[<>&;]", regex=True).any()
    assert clean.groupby("itemName")["description"].nunique().max() == 1

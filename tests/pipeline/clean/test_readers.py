from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from pipeline.clean import json_lines, readers
from pipeline.clean.amazon import in_reference_schema, join_metadata, read_metadata
from pipeline.clean.readers import read_chunks, read_column_names
from pipeline.errors import PipelineError
from tests.support.raw_files import HEADER, whole_review, write_csv, write_lines

ROWS = [whole_review(number) for number in range(50)]


def read_all(path: Path, wanted: tuple[str, ...] = HEADER) -> pd.DataFrame:
    parts = [chunk.frame for chunk in read_chunks(path, wanted)]
    return pd.concat(parts, ignore_index=True)


def as_gzip(path: Path) -> Path:
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def test_every_form_of_a_file_gives_the_same_rows(tmp_path: Path) -> None:
    expected = pd.DataFrame(ROWS, dtype="str")
    plain = write_csv(tmp_path / "r.csv", ROWS)
    lines = write_lines(tmp_path / "r.jsonl", ROWS)
    literal = write_lines(tmp_path / "literal.json", ROWS, literal=True)
    parquet = tmp_path / "r.parquet"
    expected.to_parquet(parquet)
    for path in (plain, as_gzip(plain), lines, as_gzip(lines), literal, parquet):
        pd.testing.assert_frame_equal(read_all(path), expected, obj=path.name)
        assert read_column_names(path) == list(HEADER)


def test_the_form_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    misnamed = as_gzip(write_csv(tmp_path / "r", ROWS)).rename(tmp_path / "reviews.csv")
    assert len(read_all(misnamed)) == 50


def test_rows_with_quoted_newlines_survive_block_borders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "r.csv", ROWS)
    monkeypatch.setattr(readers, "_BLOCK_BYTES", 300)
    chunks = list(read_chunks(path, HEADER))
    assert len(chunks) > 10
    joined = pd.concat([chunk.frame for chunk in chunks], ignore_index=True)
    pd.testing.assert_frame_equal(joined, pd.DataFrame(ROWS, dtype="str"))


def test_bytes_read_grow_to_the_size_of_the_file(tmp_path: Path) -> None:
    path = as_gzip(write_csv(tmp_path / "r.csv", ROWS))
    progress = [chunk.n_bytes_read for chunk in read_chunks(path, HEADER)]
    assert progress == sorted(progress)
    assert progress[-1] == path.stat().st_size


def test_only_wanted_columns_are_read_and_lists_become_json(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    pd.DataFrame({"a": [["x", "y"], None], "b": [1.5, None], "c": ["", "z"]}).to_parquet(path)
    frame = read_all(path, ("a", "b"))
    assert list(frame) == ["a", "b"]
    assert frame["a"][0] == '["x", "y"]'
    assert frame["b"][0] == "1.5"
    assert frame.loc[1].isna().all()


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"\xef\xbb\xbfuserName,rating\r\nann,5\r\n")
    assert read_all(path)["userName"].tolist() == ["ann"]


def test_json_objects_with_different_keys_share_a_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "_CHUNK_ROWS", 1)
    path = write_lines(tmp_path / "r.jsonl", [{"a": 1}, {"b": ["x"], "a": None}])
    frame = read_all(path, ("a", "b"))
    assert frame["b"].tolist()[1] == '["x"]'
    assert frame["a"].tolist()[0] == "1"


CSV_FAULTS = {
    "fields": (
        'a,b\n1,2\n3,"x\ny"\n4\n5,6\n',
        r"line 5: 1 values where the header names 2 columns",
    ),
    "too many": ("a,b\n1,2\n3,4,5\n", r"line 3: 3 values"),
    "open quote": ('a,b\n1,2\n3,"4\n5,6\n', r"line 3 begins a row .* quote is opened"),
    "twice": ("a,a\n1,2\n", r"several columns named 'a'"),
}


@pytest.mark.parametrize(("text", "message"), CSV_FAULTS.values(), ids=CSV_FAULTS)
def test_an_ill_formed_csv_is_named_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(text)
    with pytest.raises(PipelineError, match=message):
        read_all(path, ("a", "b"))


BYTE_FAULTS = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "binary": (b"\x7fELF\0\0\0", "is a binary file"),
    "zip": (b"PK\x03\x04abc", "is a zip archive; unpack it first"),
    "html": (b"<!DOCTYPE html><p>Sign in</p>", "is a web page"),
    "json array": (b'[{"a": 1}]', "is one JSON array; expected JSON lines"),
    "latin-1": (b"a,b\nx,1\ncaf\xe9,2\n", r"line 3 is not UTF-8 text \(byte 4 .* 0xe9\)"),
    "json latin-1": (b'{"a": "x"}\n{"a": "caf\xe9"}\n', "line 2 is not UTF-8"),
    "json cut": (b'{"a": 1}\n{"a": \n', r"line 2 is not a JSON object: '\{\"a\":'"),
    "json scalar": (b'{"a": 1}\n17\n', "line 2 is not a JSON object: '17'"),
    "tabs": (b"a\tb\n1\t2\n", "separates its columns by tabs; expected commas"),
    "empty gzip": (gzip.compress(b""), "is empty"),
    "cut gzip": (gzip.compress(b"a,b\n1,2\n" * 99)[:-9], "is cut off: its gzip data end too early"),
    "bad gzip": (gzip.compress(b"a,b\n1,2\n")[:-8] + b"12345678", "is damaged gzip data"),
    "cut parquet": (b"PAR1" + b"x" * 200, "begins like parquet, but can't be read"),
}


@pytest.mark.parametrize(("data", "message"), BYTE_FAULTS.values(), ids=BYTE_FAULTS)
def test_a_file_that_is_something_else_is_refused_by_what_it_is(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    with pytest.raises(PipelineError, match=message):
        read_all(path, ("a", "b"))


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="is a folder"):
        read_all(tmp_path)
    with pytest.raises(PipelineError, match="No such file"):
        read_all(tmp_path / "absent.csv")


def test_a_large_gzip_cut_in_the_middle_is_refused_while_it_is_read(tmp_path: Path) -> None:
    path = as_gzip(write_csv(tmp_path / "r.csv", [whole_review(n) for n in range(20_000)]))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PipelineError, match="is cut off"):
        read_all(path)


def test_amazon_2014_reviews_take_the_names_of_the_reference_schema() -> None:
    raw = pd.DataFrame(
        {"reviewerID": ["A1"], "asin": ["B1"], "reviewerName": ["Ann"], "overall": ["5.0"]}
    )
    assert in_reference_schema(raw)[["userName", "rating"]].to_numpy().tolist() == [["Ann", "5.0"]]


def test_amazon_2023_reviews_are_keyed_by_the_product_not_by_its_variant() -> None:
    raw = pd.DataFrame(
        {
            "user_id": ["AE1"],
            "asin": ["VARIANT"],
            "parent_asin": ["PRODUCT"],
            "rating": ["4.0"],
            "timestamp": ["1546297654677"],
            "title": ["Nice"],
            "text": ["It works"],
        }
    )
    row = in_reference_schema(raw).iloc[0]
    assert (row["reviewerID"], row["asin"]) == ("AE1", "PRODUCT")
    assert (row["summary"], row["reviewText"]) == ("Nice", "It works")
    assert row["unixReviewTime"] == "1546297654677"


def test_metadata_fill_what_the_reviews_do_not_say(tmp_path: Path) -> None:
    entries = [
        {"asin": "B1", "title": "Lamp", "price": 9.5, "categories": [["Home", "Lamps"]]},
        {"asin": "B1", "title": "Second entry"},
        {"asin": "B2", "title": "Desk", "description": "It's a desk"},
    ]
    metadata = read_metadata(write_lines(tmp_path / "meta.json", entries, literal=True))
    raw = pd.DataFrame({"asin": ["B2", "B1", "B9"], "price": ["$1", None, None]}, dtype="str")
    joined = join_metadata(raw, metadata)
    assert joined["itemName"].fillna("-").tolist() == ["Desk", "Lamp", "-"]
    assert joined["price"].fillna("-").tolist() == ["$1", "9.5", "-"]
    assert joined["categories"][1] == '[["Home", "Lamps"]]'


def test_metadata_of_2023_are_keyed_by_parent_asin(tmp_path: Path) -> None:
    entry = {"parent_asin": "P1", "title": "Lamp", "store": "Lux", "main_category": "Home"}
    metadata = read_metadata(write_lines(tmp_path / "meta.jsonl", [entry]))
    assert metadata.loc["P1", ["itemName", "brand", "category"]].tolist() == ["Lamp", "Lux", "Home"]


def test_metadata_without_item_ids_are_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "meta.jsonl", [{"title": "Lamp"}])
    with pytest.raises(PipelineError, match=r"expected the column asin or parent_asin.*'title'"):
        read_metadata(path)

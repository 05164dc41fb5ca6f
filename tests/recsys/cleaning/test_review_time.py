from __future__ import annotations

import pandas as pd
import pytest

from recsys.cleaning.review_time import parse_times


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2018-12-31", "2018-12-31"),
        ("03 5, 2014", "2014-03-05"),
        ("12 31, 2014", "2014-12-31"),
        ("March 5, 2014", "2014-03-05"),
        ("Mar 5, 2014", "2014-03-05"),
        ("2014-03-05 10:20:30", "2014-03-05 10:20:30"),
        ("2014-03-05T01:00:00+02:00", "2014-03-04 23:00:00"),
        ("1394000000", "2014-03-05 06:13:20"),
        ("1394000000.0", "2014-03-05 06:13:20"),
        ("1546297654677", "2018-12-31 23:07:34"),
        (" 2018-12-31 ", "2018-12-31"),
        ("20140305", "2014-03-05"),
    ],
)
def test_times_of_every_known_form_are_read_as_utc(text: str, time: str) -> None:
    assert parse_times(pd.Series([text], dtype="str"))[0] == pd.Timestamp(time)


@pytest.mark.parametrize(
    "text", ["soon", "", "nan", "inf", "-5", "13/45/2014", "0001-01-01", "9999-12-31"]
)
def test_impossible_times_are_missing(text: str) -> None:
    assert parse_times(pd.Series([text], dtype="str")).isna().all()


def test_mixed_forms_in_one_column_keep_their_rows() -> None:
    texts = pd.Series(["1394000000", None, "03 5, 2014"], index=[9, 8, 7], dtype="str")
    times = parse_times(texts)
    assert times.index.tolist() == [9, 8, 7]
    assert times.isna().tolist() == [False, True, False]
    assert times.dtype == "datetime64[s]"
    assert parse_times(texts.iloc[:0]).dtype == "datetime64[s]"

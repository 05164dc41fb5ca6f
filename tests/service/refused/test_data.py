"""Data that must not be served: each damage is refused with its reason, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config import Config
from recsys import columns
from storage.artifacts import ArtifactPaths, write_frame
from tests.support.artifacts import tiny_user_names, write_tiny_data
from tests.support.building import build
from tests.support.damages import Damage, cut, state, swap


def change(name: str, how: Callable[[pd.DataFrame], pd.DataFrame]) -> Damage:
    """Rewrite a parquet file."""

    def damage(paths: ArtifactPaths) -> None:
        path = getattr(paths, name)
        write_frame(how(pd.read_parquet(path)), path)

    return damage


def with_value(value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def how(frame: pd.DataFrame) -> pd.DataFrame:
        frame.iloc[3, 0] = value
        return frame

    return how


def first_row_twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.head(1)])


def last_row_renamed_to(name: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.rename(index={frame.index[-1]: name})


def with_clean_value(column: str, value: float) -> Damage:
    """Change one rating or price."""

    def how(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[3, column] = value
        return frame

    return change("clean", how)


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.map(lambda value: f"about {value}")


def first_name_of_megabytes(paths: ArtifactPaths) -> None:
    """Make one name 50 MB long, which compression makes kilobytes."""
    table = pa.Table.from_pandas(pd.read_parquet(paths.item_price).reset_index())
    names = ["x" * 50_000_000, *table.column(columns.ITEM).to_pylist()[1:]]
    table = table.set_column(table.schema.names.index(columns.ITEM), columns.ITEM, [names])
    pq.write_table(table, paths.item_price, compression="zstd", write_statistics=False)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "item_price with a bomb of a name": (first_name_of_megabytes, "holds 50 MB in 20 rows"),
    **{
        f"{name} cut": (cut(name), "is not a readable parquet file")
        for name in ("clean", "item_desc", "item_price", "user_review", "user_item")
    },
    **{
        f"{name} empty": (cut(name, 0.0), "0 bytes")
        for name in ("clean", "item_desc", "item_price", "user_review", "user_item")
    },
    **{
        f"{name} gone": (lambda paths, name=name: getattr(paths, name).unlink(), "is missing")
        for name in ("clean", "item_desc", "item_price", "user_review", "user_item")
    },
    **{
        f"{name} with NaN": (change(name, with_value(np.nan)), "1 of")
        for name in ("item_desc", "item_price", "user_review", "user_item")
    },
    **{
        f"{name} with infinity": (change(name, with_value(np.inf)), "NaN or infinite")
        for name in ("item_desc", "item_price", "user_review", "user_item")
    },
    **{
        f"{name} with one name twice": (change(name, first_row_twice), "repeat")
        for name in ("item_desc", "item_price", "user_review", "user_item")
    },
    **{
        f"{name} one row short": (
            change(name, lambda frame: frame.iloc[:-1]),
            "its partner file has",
        )
        for name in ("item_price", "user_item", "user_review", "item_desc")
    },
    **{
        f"{name} with another name": (
            change(name, last_row_renamed_to("somebody else")),
            "1 of which it lacks",
        )
        for name in ("item_price", "user_item", "user_review", "item_desc")
    },
    **{
        f"{name} without rows": (change(name, lambda frame: frame.iloc[:0]), "no rows")
        for name in ("item_desc", "item_price", "user_review", "user_item")
    },
    **{
        f"{name} as text": (change(name, as_text), "is not numeric")
        for name in ("item_desc", "item_price", "user_review", "user_item")
    },
    "items in the place of users": (swap("item_desc", "user_review"), columns.USER),
    "prices in the place of users": (swap("item_price", "user_item"), columns.USER),
    "reviews in the place of items": (swap("clean", "item_desc"), "item_desc"),
    "clean without ratings": (
        change("clean", lambda frame: frame.drop(columns=columns.RATING)),
        columns.RATING,
    ),
    "clean with ratings in words": (
        change("clean", lambda frame: frame.assign(**{columns.RATING: "five"})),
        columns.RATING,
    ),
    "clean with times in words": (
        change("clean", lambda frame: frame.assign(**{columns.REVIEW_TIME: "yesterday"})),
        columns.REVIEW_TIME,
    ),
    "clean with times as numbers": (
        change("clean", lambda frame: frame.assign(**{columns.REVIEW_TIME: 1_514_764_800})),
        columns.REVIEW_TIME,
    ),
    **{
        f"{name} with a value of 1e30": (change(name, with_value(1e30)), "1 of")
        for name in ("item_desc", "item_price", "user_review", "user_item")
    },
    **{
        f"{name} with a name of 1 MB": (
            change(name, last_row_renamed_to("x" * 1_000_000)),
            "1,000,000",
        )
        for name in ("item_desc", "item_price", "user_review", "user_item")
    },
    **{
        f"clean with a {column} of 513 characters": (
            change("clean", lambda frame, column=column: frame.assign(**{column: "x" * 513})),
            f"the longest {column} has 513 characters; at most 512",
        )
        for column in (columns.USER, columns.ITEM, columns.TITLE, columns.CATEGORY)
    },
    **{
        f"clean with a {column} of {value}": (
            with_clean_value(column, value),
            f"have a {column} that",
        )
        for column, value in (
            *((columns.RATING, value) for value in (np.nan, np.inf, -1.0, 0.0, 5.5, 1e308)),
            *((columns.PRICE, value) for value in (np.inf, -np.inf, -1.0, 1e10, 1e308)),
        )
    },
    "clean with no rating at all": (
        change("clean", lambda frame: frame.assign(**{columns.RATING: None})),
        f"have a {columns.RATING} that",
    ),
    "clean of another shop": (
        change("clean", lambda frame: frame.assign(**{columns.ITEM: "unheard of"})),
        "none of its",
    ),
    "clean without rows": (change("clean", lambda frame: frame.iloc[:0]), "none of its 0"),
    "clean with prices in words": (
        change("clean", lambda frame: frame.assign(**{columns.PRICE: "cheap"})),
        columns.PRICE,
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_data_that_cannot_be_served_is_refused_with_the_reason_and_nothing_changes(
    damage: str, config: Config, paths: ArtifactPaths
) -> None:
    before = state(config)
    act, words = DAMAGES[damage]
    act(paths)
    ending, said = build(config, "data")
    assert (ending, words in said) == ("refused", True), said
    assert ".pq" in said
    assert not any(name in said for name in tiny_user_names())  # it is logged
    assert state(config) == before


def test_data_that_does_not_fit_the_model_in_service_is_a_conflict_and_nothing_changes(
    config: Config,
) -> None:
    before = state(config)
    write_tiny_data(config.data_path.parent, seed=5, width=9)
    ending, said = build(config, "data")
    assert ending == "conflict"
    assert "widths (8, 8, 8, 1); the data has (9, 9, 9, 1)" in said
    assert "POST /reload" in said
    assert state(config) == before

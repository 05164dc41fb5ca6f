"""Files that must not be served: each is refused with its reason, and nothing changes."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config import Config
from processes.start_build import open_store
from recsys import columns
from storage.artifacts import ArtifactPaths, write_frame
from tests.support.artifacts import tiny_user_names, write_tiny_data, write_tiny_model
from tests.support.building import build
from tests.support.services import config_in

USERS = ["kelly sullivan", "kelly haddad", "amir oconnor", "nobody"]
Damage = Callable[[ArtifactPaths], None]


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    """A service of its own on a copy of the published snapshot and its files."""
    shutil.copytree(published.snapshot_path.parent, tmp_path, dirs_exist_ok=True)
    return config_in(tmp_path)


@pytest.fixture
def paths(config: Config) -> ArtifactPaths:
    return ArtifactPaths.in_folders(config.data_path, config.embeddings_path, config.model_path)


def state(config: Config) -> tuple[object, ...]:
    """All that a failure must leave alone: answers, generation, and what lies in the folder."""
    snapshot = open_store(config).current()
    names = sorted(str(path) for path in config.snapshot_path.rglob("*"))
    return snapshot.generation, snapshot.recommender.recommend(USERS), names


def cut(name: str, share: float = 0.5) -> Damage:
    """Keep the first part of a file only."""

    def damage(paths: ArtifactPaths) -> None:
        path = getattr(paths, name)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    return damage


def swap(one: str, other: str) -> Damage:
    """Put two files in each other's place."""

    def damage(paths: ArtifactPaths) -> None:
        first, second = getattr(paths, one), getattr(paths, other)
        content = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)

    return damage


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


def model_of(*widths: int) -> Damage:
    return lambda paths: write_tiny_model(paths.model, widths)


def change_model(how: Callable[[Any], Any]) -> Damage:
    """Rewrite the Keras file."""

    def damage(paths: ArtifactPaths) -> None:
        import keras

        how(keras.saving.load_model(paths.model, compile=False)).save(paths.model)

    return damage


def with_nan_weights(network: Any) -> Any:
    network.set_weights([np.full_like(each, np.nan) for each in network.get_weights()])
    return network


def with_one_nan_weight(network: Any) -> Any:
    first, *rest = network.get_weights()
    first[0, 0] = np.nan
    network.set_weights([first, *rest])
    return network


def with_two_outputs(network: Any) -> Any:
    import keras

    hidden = network.layers[-2].output
    return keras.Model(network.inputs, keras.layers.Dense(2)(hidden))


def with_three_inputs(network: Any) -> Any:
    import keras

    inputs = [keras.Input(shape=(8,)) for _ in range(3)]
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(inputs)))


def with_code(network: Any) -> Any:
    import keras

    changed = keras.layers.Lambda(lambda scores: scores + 1)(network.outputs[0])
    return keras.Model(network.inputs, changed)


def archive_without_weights(paths: ArtifactPaths) -> None:
    with zipfile.ZipFile(paths.model) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(paths.model, "w") as archive:
        archive.writestr("config.json", config)


def archive_with_padding(paths: ArtifactPaths) -> None:
    """Append 20 MB of spaces to the description, which the archive compresses to 20 kB."""
    with zipfile.ZipFile(paths.model) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] += b" " * 20_000_000
    with zipfile.ZipFile(paths.model, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def other_bytes(paths: ArtifactPaths) -> None:
    """Flip bits in the middle of the weights."""
    content = bytearray(paths.model.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(255 - byte for byte in content[middle : middle + 64])
    paths.model.write_bytes(content)


MODEL_DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "cut": (cut("model"), "refused", "not a Keras model"),
    "empty": (cut("model", 0.0), "refused", "not a Keras model"),
    "gone": (lambda paths: paths.model.unlink(), "refused", "is missing"),
    "parquet": (swap("model", "clean"), "refused", "not a Keras model"),
    "without weights": (archive_without_weights, "refused", "not a Keras model"),
    "with a bomb of a description": (archive_with_padding, "refused", "20 MB of config.json"),
    "with flipped bits": (other_bytes, "refused", "not a Keras model"),
    "with NaN weights": (change_model(with_nan_weights), "refused", "NaN"),
    "with one NaN weight": (change_model(with_one_nan_weight), "refused", "NaN"),
    "of other widths": (
        model_of(9, 8, 8, 1),
        "conflict",
        "(9, 8, 8, 1); the data has (8, 8, 8, 1)",
    ),
    "of three inputs": (change_model(with_three_inputs), "conflict", "(8, 8, 8)"),
    "with code": (change_model(with_code), "refused", "not a Keras model that can be loaded"),
    "with two outputs": (change_model(with_two_outputs), "refused", "output"),
}


@pytest.mark.parametrize("damage", MODEL_DAMAGES)
def test_a_model_that_cannot_rank_is_refused_with_the_reason_and_nothing_changes(
    damage: str, config: Config, paths: ArtifactPaths
) -> None:
    before = state(config)
    act, expected, words = MODEL_DAMAGES[damage]
    act(paths)
    ending, said = build(config, "model")
    assert (ending, words in said) == (expected, True), said
    assert "best_model.keras" in said
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

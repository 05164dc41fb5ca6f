"""What training, the service and the evaluation know of users and items is one and the same."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from config import Config
from pipeline.embed.stage import embed
from pipeline.evaluate.cutoff import STALE, cutoff
from pipeline.evaluate.point_in_time import write_artifacts_at
from pipeline.evaluate.timeline import read_timeline
from pipeline.train.ranker.data import read_ranker_data
from pipeline.train.ranker.feature_state import features_at
from pipeline.train.ranker.files import chosen_by_training, write_features
from recsys import columns
from recsys.split import TRAIN
from storage.artifacts import ArtifactPaths, read_embeddings, write_frame
from storage.sources import artifact_paths
from tests.support.counting_encoder import CountingEncoder

rich_console = pytest.importorskip("rich.console", reason="rich is in the pipeline group")
pytestmark = pytest.mark.pipeline

N_ITEMS = 70
COLLECTOR = "collector"
N_REPEATS = 5


def reviews() -> pd.DataFrame:
    """One user takes 60 items, and the first five once more; then others, who end the training.

    Two reviews are of each day. Ten users take four items each over all days, so that the last
    fifth of the rows is validation and test.
    """
    taken = [*range(60), *range(N_REPEATS)]
    rows = [(COLLECTOR, item, place // 2) for place, item in enumerate(taken)]
    rows += [
        (f"user {u}", (7 * u + 3 * step) % N_ITEMS, 10 * step + u)
        for u in range(10)
        for step in range(4)
    ]
    rows += [(f"user {u}", 60 + u, 40 + u) for u in range(10)] * 4
    frame = pd.DataFrame(rows, columns=[columns.USER, "number", "day"])
    number = frame.pop("number").to_numpy()
    frame[columns.ITEM] = [f"item {n:02}" for n in number]
    frame[columns.DESCRIPTION] = ["abcdefgh"[n % 8] * (1 + n // 8) + "ab" for n in number]
    frame[columns.PRICE] = np.where(number % 5 == 4, np.nan, 1.25 + number / 3)
    days = pd.to_timedelta(frame.pop("day"), unit="D")
    frame[columns.REVIEW_TIME] = (pd.Timestamp("2020-01-01") + days).astype("datetime64[us]")
    frame[columns.RATING] = np.where(number % 3 == 0, 5.0, 4.0)
    frame[columns.REVIEW_TEXT] = "abc"
    return frame.sort_values(columns.REVIEW_TIME, kind="stable", ignore_index=True)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    """The files of all stages but the model, which no test here asks for."""
    folder = tmp_path_factory.mktemp("one")
    config = Config(
        data_path=folder / "data", embeddings_path=folder / "embeddings", model_path=folder / "m"
    )
    paths = artifact_paths(config)
    write_frame(reviews(), paths.clean)
    embed(CountingEncoder(), config, rich_console.Console(file=io.StringIO()))
    data = read_ranker_data(paths)
    state = features_at(data.interactions, data.catalog)
    write_features(data, state, chosen_by_training({}), paths)
    paths.model.parent.mkdir()
    paths.model.write_bytes(b"a model")
    return paths


def vectors(path: Path) -> dict[str, np.ndarray]:
    found = read_embeddings(path, columns.USER)
    return dict(zip(found.names, found.vectors, strict=True))


def without_embeddings(paths: ArtifactPaths, folder: Path, *users: str) -> ArtifactPaths:
    """The same artifacts where some users have no embeddings and only training reviews count."""
    changed = replace(
        paths,
        clean=folder / "clean.pq",
        user_item=folder / "item.pq",
        user_review=folder / "review.pq",
    )
    timeline = read_timeline(paths)
    known = np.sort(timeline.rows.file_rows[timeline.parts == TRAIN])
    write_frame(pd.read_parquet(paths.clean).iloc[known], changed.clean)
    for source, target in (
        (paths.user_item, changed.user_item),
        (paths.user_review, changed.user_review),
    ):
        write_frame(pd.read_parquet(source).drop(index=list(users)), target)
    return changed


def test_training_service_and_evaluation_describe_a_user_by_one_vector(
    paths: ArtifactPaths, tmp_path: Path
) -> None:
    embedded = vectors(paths.user_item)
    timeline = read_timeline(paths)
    own = timeline.rows.where(timeline.parts == TRAIN)
    items = own.items[own.users == timeline.user_names.tolist().index(COLLECTOR)]
    assert len(items) > len(set(items)) > 50

    stale = write_artifacts_at(paths, timeline, cutoff(timeline, STALE), tmp_path / "stale")
    evaluated = vectors(stale.user_item)
    assert list(evaluated) == list(embedded)

    data = AppDataProcessor.from_artifacts(without_embeddings(paths, tmp_path, COLLECTOR, "user 3"))
    for user in (COLLECTOR, "user 3"):
        row = data.user_row(user)
        assert row is not None
        np.testing.assert_array_equal(data.inputs.user_item[row], embedded[user])
    visitor = data.visitor(items[::-1])
    np.testing.assert_array_equal(visitor.user_item[0], embedded[COLLECTOR])
    for user, vector in embedded.items():
        np.testing.assert_array_equal(evaluated[user], vector)


def test_trained_ranker_and_service_know_the_same_of_users_and_items(paths: ArtifactPaths) -> None:
    data = read_ranker_data(paths)
    state = features_at(data.interactions, data.catalog)
    served = AppDataProcessor.from_artifacts(paths)
    assert served.affinities is not None
    for row, name in enumerate(data.interactions.user_names):
        user = served.user_row(str(name))
        assert user is not None
        np.testing.assert_array_equal(served.affinities.history(user), state.history.of(row))
        np.testing.assert_array_equal(served.inputs.user_profile[user], state.profiles[row])
    np.testing.assert_array_equal(served.arrays["item_log_price"], data.catalog.log_prices)
    np.testing.assert_array_equal(served.inputs.item_price[:, 0], data.catalog.prices)
    np.testing.assert_array_equal(served.inputs.item_price[:, 1:], state.columns)
    timeline = read_timeline(paths)
    np.testing.assert_array_equal(served.facts.prices, timeline.prices)
    assert [served.title_of(row) for row in range(N_ITEMS)] == timeline.titles

"""Artifacts as of a cutoff hold nothing later, and the model on them is the one in service."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluate.cutoff import FRESH, STALE, cutoff
from pipeline.evaluate.point_in_time import write_artifacts_at
from pipeline.evaluate.service_model import ranking_model_from_artifacts
from pipeline.evaluate.timeline import read_timeline
from pipeline.train.rating.data import read_features
from recsys import columns
from storage.artifacts import ArtifactPaths, read_clean, write_frame
from tests.support.tiny_reviews import FIRST_DAY, N_ITEMS, N_USERS, write_even_artifacts

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def test_served_model_scores_as_the_network_itself(paths: ArtifactPaths, tmp_path: Path) -> None:
    import keras

    timeline = read_timeline(paths)
    stale = cutoff(timeline, STALE)
    as_of = write_artifacts_at(paths, timeline, stale, tmp_path)
    served = ranking_model_from_artifacts(as_of, timeline.user_names)
    users = stale.users[:3]
    features = read_features(as_of)
    rows = [features.user_names.tolist().index(timeline.user_names[user]) for user in users]
    model = keras.saving.load_model(as_of.model)
    for scores, row in zip(served.catalog_scores(users), rows, strict=True):
        items = np.arange(N_ITEMS)
        by_model = np.asarray(model(features.inputs(np.full_like(items, row), items)))[:, 0]
        assert np.allclose(1 / (1 + np.exp(-scores)), by_model, atol=1e-5)


def test_artifacts_as_of_a_cutoff_hold_nothing_later(paths: ArtifactPaths, tmp_path: Path) -> None:
    timeline = read_timeline(paths)
    for name, last_day in ((STALE, 79), (FRESH, 89)):
        as_of = write_artifacts_at(paths, timeline, cutoff(timeline, name), tmp_path / name)
        days = (read_clean(as_of.clean)[columns.REVIEW_TIME] - FIRST_DAY).dt.days
        assert days.max() == last_day
        assert len(read_features(as_of).user_names) == N_USERS


def test_shuffling_the_future_changes_no_artifact_as_of_now(
    paths: ArtifactPaths, tmp_path: Path
) -> None:
    frame = read_clean(paths.clean)
    later = frame[columns.REVIEW_TIME] >= FIRST_DAY + pd.Timedelta(days=80)
    mixed = frame.copy()
    future = frame.loc[later, [columns.USER, columns.ITEM, columns.RATING]]
    mixed.loc[later, future.columns] = future.sample(frac=1, random_state=1).to_numpy()
    other = write_even_artifacts(tmp_path / "other")
    write_frame(mixed, other.clean)
    other.model.parent.mkdir()
    shutil.copyfile(paths.model, other.model)
    written = []
    for source in (paths, other):
        timeline = read_timeline(source)
        folder = tmp_path / f"as of {len(written)}"
        as_of = write_artifacts_at(source, timeline, cutoff(timeline, STALE), folder)
        written.append([path.read_bytes() for path in (as_of.clean, as_of.user_item)])
    assert written[0] == written[1]

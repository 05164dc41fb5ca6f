"""The bundled sample is what the pipeline makes, stage by stage, from nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from config import PROJECT_ROOT
from pipeline.train.ranker.item_columns import ITEM_COLUMNS
from storage.artifacts import ArtifactPaths

pytestmark = [pytest.mark.pipeline, pytest.mark.slow]

BUNDLED = PROJECT_ROOT / "data" / "sample"
SMALLEST_COSINE = 0.995
"""Between processors that encode in float32 and in bfloat16, with room for rounding."""


def _paths(folder: Path) -> ArtifactPaths:
    return ArtifactPaths.in_folders(folder / "data", folder / "embeddings", folder / "models")


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    folder = tmp_path_factory.mktemp("rebuilt")
    environment = os.environ | {
        "DATA_PATH": str(folder / "data"),
        "EMBEDDINGS_PATH": str(folder / "embeddings"),
        "MODEL_PATH": str(folder / "models"),
    }
    for stage in ("sample", "clean", "embed", "train"):
        given = ["--reviews", str(folder / "data" / "amazon_reviews.csv")]
        subprocess.run(
            [sys.executable, "-m", "pipeline", stage, *(given if stage == "clean" else [])],
            cwd=PROJECT_ROOT,
            env=environment,
            check=True,
            timeout=500,
        )
    return _paths(folder)


@pytest.mark.timeout(900)
def test_rebuilt_interactions_are_the_bundled_ones(rebuilt: ArtifactPaths) -> None:
    pd.testing.assert_frame_equal(
        pd.read_parquet(rebuilt.clean), pd.read_parquet(_paths(BUNDLED).clean)
    )


@pytest.mark.timeout(900)
def test_rebuilt_vectors_point_where_the_bundled_ones_do(rebuilt: ArtifactPaths) -> None:
    new = AppDataProcessor.from_artifacts(rebuilt).inputs
    old = AppDataProcessor.from_artifacts(_paths(BUNDLED)).inputs
    for name in ("user_review", "user_item", "item_desc"):
        ours, theirs = getattr(new, name), getattr(old, name)
        assert ours.shape == theirs.shape
        filled = np.linalg.norm(theirs, axis=1) > 0
        cosines = (ours[filled] * theirs[filled]).sum(axis=1)
        assert cosines.min() > SMALLEST_COSINE
    np.testing.assert_allclose(new.item_price[:, 1:], old.item_price[:, 1:], atol=1e-5)
    # Of an item without a price: where two neighbors are about as near, rounding decides
    # which one lends its own. All prices together set the scale.
    difference = np.abs(new.item_price[:, 0] - old.item_price[:, 0])
    has_price = old.item_price[:, 1 + ITEM_COLUMNS.index("log_price")] != 0
    assert difference[has_price].max() < 0.01
    assert np.mean(difference > 0.2) < 0.005


@pytest.mark.timeout(900)
def test_rebuilt_model_ranks_much_like_the_bundled_one(rebuilt: ArtifactPaths) -> None:
    inputs = AppDataProcessor.from_artifacts(_paths(BUNDLED)).inputs
    new = Model.from_keras(rebuilt.model, inputs)
    old = Model.from_keras(_paths(BUNDLED).model, inputs)
    correlations = [
        np.corrcoef(new.score(user), old.score(user))[0, 1] for user in range(0, 2_000, 100)
    ]
    assert np.median(correlations) > 0.9

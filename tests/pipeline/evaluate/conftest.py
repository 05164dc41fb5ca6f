"""A shop of even tastes with its trained rating network, which an evaluation asks."""

from __future__ import annotations

import pytest

from pipeline.train.model_card import save_model
from pipeline.train.rating.data import read_features, read_interactions
from pipeline.train.rating.plan import RatingPlan
from pipeline.train.rating.stage import train
from storage.artifacts import ArtifactPaths
from tests.support.tiny_reviews import write_even_artifacts


@pytest.fixture(scope="package")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    from rich.console import Console

    paths = write_even_artifacts(tmp_path_factory.mktemp("even"))
    features = read_features(paths)
    plan = RatingPlan(epochs=12, batch_size=16, patience=12)
    trained = train(features, read_interactions(paths.clean, features), plan, Console(quiet=True))
    save_model(trained.model, trained.facts, paths.model)
    return paths

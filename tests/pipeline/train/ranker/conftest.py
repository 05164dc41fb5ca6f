"""A shop in which every user buys along a chain of items, and what training makes of it."""

from __future__ import annotations

import pytest

from pipeline.train.progress import silently
from pipeline.train.ranker.data import RankerData, read_ranker_data
from pipeline.train.ranker.training import Fold, make_folds
from storage.artifacts import ArtifactPaths
from tests.support.chain_artifacts import write_chain_artifacts


@pytest.fixture(scope="package")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    return write_chain_artifacts(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="package")
def data(paths: ArtifactPaths) -> RankerData:
    return read_ranker_data(paths)


@pytest.fixture(scope="package")
def folds(data: RankerData) -> list[Fold]:
    return make_folds(data, 10.0, silently)

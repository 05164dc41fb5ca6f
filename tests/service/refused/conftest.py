from __future__ import annotations

from pathlib import Path

import pytest

from config import Config
from storage.artifacts import ArtifactPaths
from storage.sources import artifact_paths
from tests.support.services import copy_of


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    """A service of its own on a copy of the published snapshot and its files."""
    return copy_of(published, tmp_path)


@pytest.fixture
def paths(config: Config) -> ArtifactPaths:
    return artifact_paths(config)

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from classes.snapshot_store import SnapshotStore
from config import Config
from tests.artifacts import write_tiny_artifacts


def config_in(folder: Path, **changes: object) -> Config:
    """Settings whose every folder lies below `folder`."""
    return Config(
        data_path=folder / "data",
        embeddings_path=folder / "embeddings",
        model_path=folder / "models",
        snapshot_path=folder / "snapshots",
        log_path=folder / "logs",
        **changes,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings of a service with a published snapshot of the tiny artifacts; don't reload it."""
    config = config_in(tmp_path_factory.mktemp("published"), max_users_per_request=50)
    write_tiny_artifacts(config.data_path.parent, titles=True, categories=True)
    SnapshotStore(config).ensure(lambda _: None)
    return config


@pytest.fixture(scope="session")
def store(published: Config) -> SnapshotStore:
    return SnapshotStore(published)


@pytest.fixture(scope="session")
def app(published: Config, store: SnapshotStore) -> Flask:
    return create_app(published, store)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()

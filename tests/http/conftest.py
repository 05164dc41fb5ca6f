from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from classes.snapshot_store import SnapshotStore
from config import Config
from tests.artifacts import write_tiny_artifacts
from tests.http.process import Server, free_port, serving

N_WORKERS = 3


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


def copy_of(published: Config, folder: Path, **changes: object) -> Config:
    """A service of its own on a copy of the published snapshot, which starts in no time."""
    shutil.copytree(published.snapshot_path.parent, folder, dirs_exist_ok=True, symlinks=True)
    return config_in(folder, **{"port": free_port(), "workers": N_WORKERS, **changes})


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


@pytest.fixture(scope="session")
def running(published: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server with several workers; its token is "secret"; don't reload or stop it."""
    config = copy_of(published, tmp_path_factory.mktemp("running"), admin_token="secret")
    with serving(config) as server:
        yield server

"""Fixtures that tests of the service share: an app in this process, and a real server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from classes.snapshot_store import SnapshotStore
from config import Config
from processes.start_build import open_store
from tests.support.artifacts import write_tiny_artifacts
from tests.support.building import open_store_here
from tests.support.process import Server, serving
from tests.support.services import config_in, copy_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Among several processes, start the longest files first, lest one runs on alone at the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow and "service" not in item.path.parts)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings of a service with a published snapshot of the tiny artifacts; don't reload it."""
    config = config_in(tmp_path_factory.mktemp("published"), max_users_per_request=50)
    write_tiny_artifacts(config.data_path.parent, titles=True, categories=True)
    open_store_here(config).ensure(lambda _: None)
    return config


@pytest.fixture(scope="session")
def store(published: Config) -> SnapshotStore:
    return open_store(published)


@pytest.fixture(scope="session")
def app(published: Config, store: SnapshotStore) -> Flask:
    return create_app(published, store)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def running(published: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server with several workers; its tokens are "secret"; don't reload or stop it."""
    config = copy_of(
        published, tmp_path_factory.mktemp("running"), admin_token="secret", events_token="secret"
    )
    with serving(config) as server:
        yield server

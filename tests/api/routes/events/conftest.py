"""A service of its own for each test that sends events."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from classes.snapshot_store import SnapshotStore
from config import Config
from tests.support.building import open_store_here
from tests.support.services import copy_of


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    return copy_of(published, tmp_path)


@pytest.fixture
def store(config: Config) -> SnapshotStore:
    return open_store_here(config)


@pytest.fixture
def client(config: Config, store: SnapshotStore) -> FlaskClient:
    return create_app(config, store).test_client()

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.replicas.object_server import ObjectServer, object_server, program


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """An object store that speaks S3; a test that ends it takes `store`."""
    yield from running_server(tmp_path_factory)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """A store of one module's own, which its tests may end."""
    yield from running_server(tmp_path_factory)


def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    pytest.importorskip("obstore")
    if program() is None:
        pytest.skip("there is no `weed`; make test-scale installs it")
    with object_server(tmp_path_factory.mktemp("store")) as running:
        yield running

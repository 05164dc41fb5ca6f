from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.downloads import FRAMES, MODEL, parquet, put, sums, zipped
from tests.support.file_server import FileSite, serving


@pytest.fixture
def published() -> dict[str, bytes]:
    files = {name: parquet(seed) for seed, name in enumerate(FRAMES)}
    return {**files, MODEL: zipped(config__json=b"{}", weights__h5=bytes(5_000))}


@pytest.fixture
def site(published: dict[str, bytes]) -> FileSite:
    return FileSite({**published, "SHA256SUMS": sums(published)})


@pytest.fixture
def address(site: FileSite) -> Iterator[str]:
    with serving(site) as url:
        yield url


@pytest.fixture
def old(tmp_path: Path) -> dict[str, bytes]:
    """Older files that are already in place."""
    files = {name: parquet(100 + seed) for seed, name in enumerate(FRAMES)}
    files[MODEL] = zipped(config__json=b'{"old": true}')
    put(tmp_path, files)
    return files

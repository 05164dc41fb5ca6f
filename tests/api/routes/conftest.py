from __future__ import annotations

import numpy as np
import pytest

from classes.snapshot_store import SnapshotStore
from tests.support.tiny_lists import ITEMS


@pytest.fixture
def ranked(store: SnapshotStore) -> list[str]:
    """All items for the first user, best first, by scores alone."""
    scores = store.current().model.score(0)
    return [ITEMS[row] for row in np.argsort(-scores, kind="stable")]


@pytest.fixture
def popular(store: SnapshotStore) -> list[str]:
    """All items of the cold-start list."""
    data = store.current().data
    return [data.item(row) for row in data.cold_start.order]

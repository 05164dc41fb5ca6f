from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from config import Config
from recsys import columns
from tests.support.embedding import REVIEWS, Dataset


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[[pd.DataFrame, str], Dataset]:
    def make(reviews: pd.DataFrame, name: str = "dataset") -> Dataset:
        folder = tmp_path / name
        config = Config(
            data_path=folder / "data",
            embeddings_path=folder / "embeddings",
            model_path=folder / "models",
        )
        return Dataset(config, reviews)

    return make


@pytest.fixture
def reviews() -> pd.DataFrame:
    names = [columns.USER, columns.ITEM, columns.DESCRIPTION, columns.PRICE, "day", "text"]
    frame = pd.DataFrame(REVIEWS, columns=names)
    times = pd.Timestamp("2020-01-01") + pd.to_timedelta(frame.pop("day"), unit="D")
    frame[columns.REVIEW_TIME] = times.astype("datetime64[us]")
    frame[columns.RATING] = 5.0
    frame[columns.REVIEW_TEXT] = frame.pop("text")
    return frame[list(columns.CLEAN_COLUMNS)]


@pytest.fixture
def dataset(make_dataset: Callable[..., Dataset], reviews: pd.DataFrame) -> Dataset:
    return make_dataset(reviews)

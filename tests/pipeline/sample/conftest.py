from __future__ import annotations

import csv
import io

import pytest

from pipeline.sample.table import SampleSize, as_csv, sample_rows


@pytest.fixture(scope="package")
def content() -> bytes:
    return as_csv(sample_rows(7, SampleSize()))


@pytest.fixture(scope="package")
def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))

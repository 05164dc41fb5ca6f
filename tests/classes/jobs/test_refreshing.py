"""Refreshes as real processes, with small programs in place of the refresh."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from processes.start_build import open_store
from recsys import columns
from tests.support.jobs import KILLED, NOTHING, artifact_bytes, refreshes, run_to_end
from tests.support.rankers import write_tiny_ranker
from tests.support.services import config_in

BROKEN_SIMILARITIES = """
import os
similarities = os.path.join(os.environ["EMBEDDINGS_PATH"], "item_affinity_df.pq")
os.remove(similarities)
open(similarities, "w").write("no parquet file")
"""
OTHER_RATES = """
import os, shutil
import pandas as pd
similarities, prices = (
    os.path.join(os.environ["EMBEDDINGS_PATH"], name)
    for name in ("item_affinity_df.pq", "item_price_df.pq")
)
shutil.copyfile(similarities, similarities + ".new")
os.replace(similarities + ".new", similarities)
frame = pd.read_parquet(prices)
frame["five_star_rate"] = frame["five_star_rate"] * 0 + 0.5
frame.to_parquet(prices + ".new")
os.replace(prices + ".new", prices)
"""


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; sys.exit('pipeline: it reads no similarities.')", "reads no similarities"),
        (KILLED, "The refresh was stopped by signal 9"),
        (NOTHING, "ended without new similarities"),
        (BROKEN_SIMILARITIES, "item_affinity_df.pq"),
    ],
    ids=["refused", "killed", "none", "broken"],
)
def test_a_failed_refresh_leaves_everything_as_it_was(
    tmp_path: Path, program: str, words: str
) -> None:
    write_tiny_ranker(tmp_path)
    config = config_in(tmp_path)
    open_store(config).ensure(lambda _: None)
    before, files = open_store(config).current().generation, artifact_bytes(config)
    job = run_to_end(refreshes(config, program), "refresh")
    assert job.state == "failed"
    assert words in job.message
    assert open_store(config).current().generation == before
    assert artifact_bytes(config) == files


def test_a_good_refresh_is_put_in_place_and_served(tmp_path: Path) -> None:
    write_tiny_ranker(tmp_path)
    config = config_in(tmp_path)
    open_store(config).ensure(lambda _: None)
    before, model = open_store(config).current().generation, config.model_path / "best_model.keras"
    weights = model.read_bytes()
    job = run_to_end(refreshes(config, OTHER_RATES), "refresh")
    assert job.state == "done", job.message
    assert "similarities and columns of all reviews" in job.message
    assert before != job.generation == open_store(config).current().generation
    rates = pd.read_parquet(config.embeddings_path / "item_price_df.pq")[columns.FIVE_STAR_RATE]
    assert (rates == 0.5).all()
    assert model.read_bytes() == weights

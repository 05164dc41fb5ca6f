"""One file holds the lists that the service would give to each known user."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from classes.options import RecommendationOptions
from config import Config
from processes.start_build import open_store
from recsys import columns
from tests.support.artifacts import (
    tiny_item_names,
    tiny_user_names,
    write_tiny_artifacts,
    write_tiny_model,
)
from tests.support.building import open_store_here
from tests.support.stages import run_stage

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings of the tiny artifacts and their published snapshot; don't change them."""
    folder = tmp_path_factory.mktemp("published")
    config = Config(
        data_path=folder / "data",
        embeddings_path=folder / "embeddings",
        model_path=folder / "models",
        snapshot_path=folder / "snapshots",
        log_path=folder / "logs",
    )
    write_tiny_artifacts(folder, titles=True)
    open_store_here(config).ensure(lambda _: None)
    return config


def recommend(config: Config, *words: str | Path) -> int:
    return run_stage(config, "recommend", *words)


def service_lists(config: Config, n: int) -> dict[str, list[str]]:
    return (
        open_store(config)
        .current()
        .recommender.recommend(tiny_user_names(), RecommendationOptions(n=n))
    )


def lists_of(frame: pd.DataFrame) -> dict[str, list[str]]:
    return {str(user): list(part[columns.ITEM]) for user, part in frame.groupby(columns.USER)}


def test_lists_are_those_of_the_published_snapshot_with_ranks_scores_and_titles(
    published: Config, tmp_path: Path
) -> None:
    out = tmp_path / "lists.parquet"
    assert recommend(published, "--out", out, "--n", "3") == 0
    frame = pd.read_parquet(out)
    assert list(frame) == [columns.USER, "rank", columns.ITEM, "score", columns.TITLE]
    assert lists_of(frame) == service_lists(published, 3)
    assert frame["rank"].tolist() == [1, 2, 3] * 12
    assert frame["score"].between(0, 1).all()
    assert all(scores.is_monotonic_decreasing for _, scores in frame.groupby(columns.USER)["score"])
    titled = frame[columns.ITEM].isin(tiny_item_names()[:14])  # the reviewed ones, item 0 to 13
    expected = frame[columns.ITEM].where(~titled, "Title of " + frame[columns.ITEM])
    assert frame[columns.TITLE].tolist() == expected.tolist()


def test_a_user_with_few_items_left_gets_a_shorter_list(published: Config, tmp_path: Path) -> None:
    out = tmp_path / "lists.parquet"
    assert recommend(published, "--out", out, "--n", "1000") == 0
    frame = pd.read_parquet(out)
    assert frame.groupby(columns.USER).size().tolist() == [17] * 12  # 20 items, 3 of them reviewed


def test_newer_files_are_ranked_by_and_what_is_in_service_stays(
    published: Config, tmp_path: Path
) -> None:
    model, out = tmp_path / "models" / "best_model.keras", tmp_path / "lists.parquet"
    write_tiny_model(model, (8, 8, 8, 1), seed=5)
    newer = replace(published, model_path=model.parent)
    before = open_store(published).current().generation
    assert recommend(newer, "--out", out) == 0
    assert open_store(published).current().generation == before
    assert [path.name for path in published.snapshot_path.glob("recommending-*")] == []
    found = lists_of(pd.read_parquet(out))
    assert found != service_lists(published, 5)
    other = replace(newer, snapshot_path=tmp_path / "snapshots")
    open_store_here(other).ensure(lambda _: None)
    assert found == service_lists(other, 5)


def test_files_that_cannot_be_loaded_leave_the_old_lists(
    published: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "lists.parquet"
    out.write_bytes(b"the old lists")
    assert recommend(replace(published, model_path=tmp_path), "--out", out) == 2
    assert "best_model.keras is missing" in capsys.readouterr().err
    assert recommend(published, "--out", out, "--n", "0") == 2
    assert "--n is 0; allowed is 1 to 1,000" in capsys.readouterr().err
    assert out.read_bytes() == b"the old lists"

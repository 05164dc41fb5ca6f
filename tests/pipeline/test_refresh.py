"""A refresh makes what a ranker reads of all reviews, with the settings of its training."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from config import Config
from pipeline.train.ranker.data import read_ranker_data
from pipeline.train.ranker.feature_state import features_at
from pipeline.train.ranker.files import chosen_by_training, write_features
from recsys import columns
from storage.artifacts import ArtifactPaths, read_clean, write_frame
from tests.support.artifacts import write_tiny_artifacts
from tests.support.chain_artifacts import FIRST_DAY, write_chain_artifacts
from tests.support.services import config_in
from tests.support.stages import run_stage

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def contents(config: Config) -> dict[str, bytes]:
    folders = (config.data_path, config.embeddings_path, config.model_path)
    return {path.name: path.read_bytes() for each in folders for path in each.iterdir()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    write_chain_artifacts(folder)
    assert run_stage(config_in(folder), "train", "--objective", "ranker") == 0
    return folder


@pytest.fixture(scope="module")
def paths(folder: Path) -> ArtifactPaths:
    return ArtifactPaths.in_folders(folder / "data", folder / "embeddings", folder / "models")


def test_refresh_right_after_a_training_changes_nothing_but_a_note_in_the_card(
    folder: Path, paths: ArtifactPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(config_in(folder))
    assert run_stage(config_in(folder), "refresh") == 0
    after = contents(config_in(folder))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"best_model.json"}
    card, earlier = json.loads(after["best_model.json"]), json.loads(before["best_model.json"])
    refreshed = card.pop("refreshed")
    assert card == earlier
    assert refreshed["data_fingerprint"] == earlier["data_fingerprint"]
    steps = re.findall(r"^([0-9])/8 ", capsys.readouterr().out, re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, 9))


def test_newer_reviews_count_after_a_refresh_as_if_the_model_had_been_published_today(
    folder: Path, paths: ArtifactPaths, tmp_path: Path
) -> None:
    clean = read_clean(paths.clean)
    newer = clean[clean[columns.ITEM] == "item 05"].assign(
        **{columns.ITEM: "item 33", columns.REVIEW_TIME: FIRST_DAY + pd.Timedelta(days=90)}
    )
    write_frame(pd.concat([clean, newer], ignore_index=True), paths.clean)
    popularity, model = pd.read_parquet(paths.item_price), paths.model.read_bytes()
    assert run_stage(config_in(folder), "refresh") == 0
    counts = pd.read_parquet(paths.item_price)["log_count_10d"]
    assert counts["item 33"] > popularity["log_count_10d"]["item 33"]
    assert counts.idxmax() == "item 33"
    assert paths.model.read_bytes() == model
    data = read_ranker_data(paths)
    card = json.loads(paths.model.with_suffix(".json").read_text())
    other = ArtifactPaths.in_folders(*(tmp_path / name for name in ("data", "emb", "models")))
    settings = chosen_by_training(card)
    state = features_at(
        data.interactions, data.catalog, settings.item_shrinkage, settings.decay_scale
    )
    write_features(data, state, settings, other)
    assert other.item_affinity.read_bytes() == paths.item_affinity.read_bytes()
    assert other.item_price.read_bytes() == paths.item_price.read_bytes()
    write_frame(clean, paths.clean)


def test_model_without_similarities_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_artifacts(tmp_path)
    before = contents(config_in(tmp_path))
    assert run_stage(config_in(tmp_path), "refresh") == 2
    assert "nothing to refresh. Train one that does" in " ".join(capsys.readouterr().err.split())
    assert contents(config_in(tmp_path)) == before


def test_model_of_other_inputs_is_refused_with_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.support.rankers import write_tiny_ranker

    write_tiny_ranker(tmp_path)
    before = contents(config_in(tmp_path))
    assert run_stage(config_in(tmp_path), "refresh") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "reads [2, 3, 4]" in said
    assert "makes [9, 6, 4]" in said
    assert contents(config_in(tmp_path)) == before


def test_refresh_that_fails_half_way_leaves_all_files_as_they_were(
    folder: Path, paths: ArtifactPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    descriptions = paths.item_desc.read_bytes()
    paths.item_desc.write_bytes(descriptions[: len(descriptions) // 2])
    before = contents(config_in(folder))
    assert run_stage(config_in(folder), "refresh") == 2
    assert "item_desc_emb_df.pq" in capsys.readouterr().err
    assert contents(config_in(folder)) == before
    paths.item_desc.write_bytes(descriptions)

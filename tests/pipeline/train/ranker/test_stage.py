"""The ranker learns what comes next, and is refused where it is no good."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import PipelineError
from pipeline.train.ranker.data import read_ranker_data
from pipeline.train.ranker.feature_state import RECENCY_DECAY
from pipeline.train.ranker.stage import refuse_worse
from pipeline.train.ranker.training import RankerTrial
from pipeline.train.ranker.validation import ValidationMetrics
from recsys import columns
from storage.affinity_file import read_similarities
from storage.artifacts import read_clean, write_frame
from tests.support.chain_artifacts import (
    N_ITEMS,
    N_STEPS,
    N_USERS,
    WIDTH,
    item_of,
    write_chain_artifacts,
)
from tests.support.similarities import dense_affinities
from tests.support.stages import config_of, run_stage

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def number_of(row: int) -> int:
    """The number in the name of the user of a row; rows are in the order of names."""
    return int(sorted(str(u) for u in range(N_USERS))[row])


def test_published_files_predict_what_comes_next(tmp_path: Path) -> None:
    import keras

    paths = write_chain_artifacts(tmp_path)
    assert run_stage(config_of(paths), "train", "--objective", "ranker") == 0
    items = pd.read_parquet(paths.item_price)
    data = read_ranker_data(paths)
    similarities = read_similarities(paths.item_affinity, items.index)
    history = data.interactions.histories()
    model = keras.saving.load_model(paths.model)
    users = np.arange(0, N_USERS, 10)
    phi = dense_affinities(similarities, history, users)
    found = []
    for place, user in enumerate(users):
        nothing, profile = np.zeros((N_ITEMS, WIDTH)), np.zeros((N_ITEMS, 4))
        inputs = [nothing, nothing, nothing, items.to_numpy(np.float32), phi[place], profile]
        scores = model.predict(inputs, verbose=0).reshape(-1)
        scores[history.of(int(user))] = -np.inf
        found.append(int(np.argmax(scores)) == item_of(number_of(int(user)), N_STEPS))
    assert np.mean(found) > 0.5
    card = json.loads(paths.model.with_suffix(".json").read_text())
    assert card["widths"] == [WIDTH, WIDTH, WIDTH, 9, len(RECENCY_DECAY), 4]
    validation = card["validation"]
    assert validation["ranker"]["ndcg@10"] > 2 * validation["popularity"]["ndcg@10"]


def test_rating_network_takes_the_ranker_s_columns_away_again(tmp_path: Path) -> None:
    import keras

    paths = write_chain_artifacts(tmp_path)
    price = pd.read_parquet(paths.item_price)
    write_frame(price.assign(five_star_rate=np.float32(1)), paths.item_price)
    assert run_stage(config_of(paths), "train", "--objective", "rating", "--epochs", "1") == 0
    assert list(pd.read_parquet(paths.item_price).columns) == [columns.PRICE]
    assert [t.shape[1] for t in keras.saving.load_model(paths.model).inputs] == [WIDTH] * 3 + [1]


def test_ranker_that_popularity_beats_is_refused_unless_allowed() -> None:
    worse, better = ValidationMetrics(0.01, 0.02, 5, 9), ValidationMetrics(0.03, 0.05, 5, 9)
    trial = RankerTrial(worse, better, "log_count_30d")
    with pytest.raises(PipelineError, match=r"0\.0100, 0\.0200 below .* --allow-worse"):
        refuse_worse(trial, allow=False)
    refuse_worse(trial, allow=True)
    refuse_worse(replace(trial, ranker=better), allow=False)


def test_data_of_people_who_never_come_back_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write_chain_artifacts(tmp_path)
    clean = read_clean(paths.clean)
    write_frame(clean.assign(**{columns.USER: [f"u{n}" for n in range(len(clean))]}), paths.clean)
    before = paths.item_price.read_bytes()
    assert run_stage(config_of(paths), "train", "--objective", "ranker") == 2
    assert "--objective rating" in " ".join(capsys.readouterr().err.split())
    assert not paths.model.exists()
    assert paths.item_price.read_bytes() == before

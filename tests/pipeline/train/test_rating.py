"""Training learns what there is to learn, the same way each time, and refuses what it can't use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import PipelineError
from pipeline.train.rating.data import Features, read_features, read_interactions, undersample
from pipeline.train.rating.plan import RatingPlan
from pipeline.train.rating.stage import train
from recsys import columns
from recsys.interactions import Interactions
from recsys.split import TEST, TRAIN, VALIDATION, temporal_labels
from storage.artifacts import ArtifactError, ArtifactPaths, read_clean, write_frame
from tests.support.stages import config_of, run_stage
from tests.support.tiny_reviews import (
    N_ANONYMOUS,
    N_COLD_START_USERS,
    N_ITEMS,
    N_USERS,
    WIDTH,
    write_even_artifacts,
)

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

SHORT = RatingPlan(epochs=12, batch_size=16, patience=12, seed=3)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    return write_even_artifacts(tmp_path_factory.mktemp("even"))


@pytest.fixture(scope="module")
def features(paths: ArtifactPaths) -> Features:
    return read_features(paths)


@pytest.fixture(scope="module")
def interactions(paths: ArtifactPaths, features: Features) -> Interactions:
    return read_interactions(paths.clean, features)


def test_rows_point_at_their_users_and_items(interactions: Interactions) -> None:
    assert len(interactions) == N_USERS * 10 + N_COLD_START_USERS + N_ANONYMOUS
    assert (interactions.users[:5].tolist(), interactions.items[:5].tolist()) == (
        [0, 10, 20, 30, 40],  # the users whose day is the first one
        [0, 10, 20, 0, 10],
    )
    assert int(interactions.known.sum()) == N_USERS * 10


def test_each_period_is_its_part(interactions: Interactions) -> None:
    parts = temporal_labels(interactions.days)[interactions.known]
    assert [int((parts == part).sum()) for part in (TRAIN, VALIDATION, TEST)] == [480, 60, 60]


def test_anonymous_customers_are_nobody_even_with_an_embedding(
    paths: ArtifactPaths, features: Features
) -> None:
    names = features.user_names.copy()
    names[0] = "amazon customer"
    found = read_interactions(paths.clean, replace(features, user_names=names))
    anonymous = (read_clean(paths.clean)[columns.USER] == "amazon customer").to_numpy()
    assert set(found.users[anonymous]) == {-1}


def test_undersampling_keeps_the_rare_class_whole_and_draws_as_many_of_the_other() -> None:
    labels = np.array([True] * 90 + [False] * 10)
    rows = undersample(labels, seed=1)
    assert (labels[rows].sum(), (~labels[rows]).sum()) == (10, 10)
    assert set(range(90, 100)) <= set(rows.tolist())
    assert rows.tolist() == undersample(labels, seed=1).tolist() != undersample(labels, 2).tolist()


def test_users_of_both_files_are_brought_into_one_order(
    paths: ArtifactPaths, features: Features, tmp_path: Path
) -> None:
    import pandas as pd

    turned = tmp_path / "user_item_emb_df.pq"
    write_frame(pd.read_parquet(paths.user_item).iloc[::-1], turned)
    assert np.array_equal(
        read_features(replace(paths, user_item=turned)).user_item, features.user_item
    )


def test_files_about_different_users_are_refused(paths: ArtifactPaths, tmp_path: Path) -> None:
    import pandas as pd

    shorter = tmp_path / "user_item_emb_df.pq"
    write_frame(pd.read_parquet(paths.user_item).iloc[1:], shorter)
    with pytest.raises(ArtifactError, match=r"has 59 users but its partner file has 60"):
        read_features(replace(paths, user_item=shorter))


def test_network_learns_that_even_items_are_liked(
    features: Features, interactions: Interactions
) -> None:
    from rich.console import Console
    from sklearn.metrics import roc_auc_score

    from pipeline.train.rating.network import predict_pairs

    trained = train(features, interactions, SHORT, Console(quiet=True))
    parts = temporal_labels(interactions.days)
    test = interactions.where(interactions.known & (parts == TEST))
    scores = predict_pairs(trained.model, features, test.users, test.items)
    assert roc_auc_score(test.liked, scores) > 0.99
    assert trained.facts["rows"]["training_after_undersampling"] == 480


def test_same_seed_gives_the_same_weights_and_another_seed_others(
    features: Features, interactions: Interactions
) -> None:
    from rich.console import Console

    quiet = Console(quiet=True)
    first, again, other = (
        train(features, interactions, RatingPlan(epochs=2, seed=seed), quiet).model.get_weights()
        for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_best_epoch_is_kept_when_later_ones_are_worse(
    features: Features, interactions: Interactions
) -> None:
    from rich.console import Console

    from pipeline.train.rating.fitting import balancing_weights
    from pipeline.train.rating.network import predict_pairs

    trained = train(features, interactions, RatingPlan(epochs=40, patience=3), Console(quiet=True))
    parts = temporal_labels(interactions.days)
    held_out = interactions.where(interactions.known & (parts == VALIDATION))
    said = predict_pairs(trained.model, features, held_out.users, held_out.items)
    loss = -np.log(np.where(held_out.liked, said, 1 - said)) @ balancing_weights(held_out.liked)
    facts = trained.facts
    assert loss / len(held_out) == pytest.approx(facts["validation"]["balanced_loss"], rel=1e-3)


def test_network_has_the_seeds_form() -> None:
    from pipeline.train.rating.network import build_network

    model = build_network((384, 384, 384, 1))
    assert [tensor.name for tensor in model.inputs] == [
        "user_review",
        "user_item",
        "item_desc",
        "item_price",
    ]
    kinds = [type(layer).__name__ for layer in model.layers[4:]]
    assert kinds == ["Concatenate", "Dropout", "Dense", "Dropout", "Dense"]
    assert model.count_params() == 1153 * 128 + 128 + 128 + 1


def test_stage_writes_a_model_that_loads_and_a_card_that_tells_its_story(
    paths: ArtifactPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    import keras

    options = ("--objective", "rating", "--epochs", "2", "--seed", "5")
    assert run_stage(config_of(paths), "train", *options) == 0
    model = keras.saving.load_model(paths.model)
    assert [tensor.shape[1] for tensor in model.inputs] == [WIDTH, WIDTH, WIDTH, 1]
    card = json.loads(paths.model.with_suffix(".json").read_text())
    assert (card["plan"]["seed"], card["epochs"]["run"], len(card["data_fingerprint"])) == (
        5,
        2,
        64,
    )
    assert "epoch  2/2" in capsys.readouterr().out


def test_ratings_all_alike_are_refused_and_the_old_model_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write_even_artifacts(tmp_path)
    clean = read_clean(paths.clean)
    write_frame(clean.assign(**{columns.RATING: 5.0}), paths.clean)
    paths.model.parent.mkdir()
    paths.model.write_bytes(b"the old model")
    assert run_stage(config_of(paths), "train", "--objective", "rating") == 2
    assert "The training period holds 480 reviews by known users, 480 of them with 5 stars" in (
        " ".join(capsys.readouterr().err.split())
    )
    assert paths.model.read_bytes() == b"the old model"


def test_a_loss_without_meaning_stops_training(
    features: Features, interactions: Interactions
) -> None:
    from rich.console import Console

    broken = np.full((N_ITEMS, WIDTH), 1e38, dtype=np.float32)
    with pytest.raises(PipelineError, match=r"Epoch 1 has the loss (nan|inf)"):
        train(replace(features, item_desc=broken), interactions, SHORT, Console(quiet=True))

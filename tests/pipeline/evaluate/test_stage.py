"""All models are measured on the same pairs, and the numbers are those that counting by hand gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config import Config
from pipeline.cli import main
from pipeline.evaluate.baselines import MAX_TRIALS, MINIMAL, USUAL
from pipeline.evaluate.cutoff import FRESH, STALE, cutoff
from pipeline.evaluate.evaluation import Evaluation, EvaluationOptions, evaluate
from pipeline.evaluate.point_in_time import write_artifacts_at
from pipeline.evaluate.results import results
from pipeline.evaluate.service_model import ranking_model_from_artifacts
from pipeline.evaluate.stage import write_metrics
from pipeline.evaluate.timeline import read_timeline
from pipeline.train.model_card import save_model
from pipeline.train.rating.data import read_features, read_interactions
from pipeline.train.rating.plan import RatingPlan
from pipeline.train.rating.stage import train
from recsys import columns
from storage.artifacts import ArtifactPaths, read_clean, write_frame
from storage.sources import file_hash
from tests.support.artifacts import write_tiny_artifacts
from tests.support.tiny_reviews import (
    FIRST_DAY,
    N_COLD_START_USERS,
    N_ITEMS,
    N_USERS,
    write_even_artifacts,
)

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


QUICK = tuple(baseline for baseline in USUAL if "SASRec" not in baseline.name)
"""Those that are fitted in a second; SASRec has tests of its own."""


def config_of(paths: ArtifactPaths) -> Config:
    return Config(
        data_path=paths.clean.parent,
        embeddings_path=paths.item_desc.parent,
        model_path=paths.model.parent,
    )


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    from rich.console import Console

    paths = write_even_artifacts(tmp_path_factory.mktemp("even"))
    features = read_features(paths)
    plan = RatingPlan(epochs=12, batch_size=16, patience=12)
    trained = train(features, read_interactions(paths.clean, features), plan, Console(quiet=True))
    save_model(trained.model, trained.facts, paths.model)
    return paths


@pytest.fixture(scope="module")
def evaluation(paths: ArtifactPaths) -> Evaluation:
    return evaluate(config_of(paths), EvaluationOptions(baselines=QUICK))


def test_network_tells_liked_items_where_text_says_so(evaluation: Evaluation) -> None:
    rating = results(evaluation)["rating"]
    assert rating["models"]["network"]["auc"]["value"] > 0.99
    assert list(rating["models"]) == ["network", "popularity", "ALS", "bias model"]
    assert rating["base_rate"]["accuracy"] == 0.5
    assert rating["pairs"] == N_USERS


def test_hit_rate_of_popularity_is_the_one_counted_by_hand(evaluation: Evaluation) -> None:
    # Item 1 has 16 + 45 training reviews, all others 16: it has rank 1, and the others tie at
    # the middle, far below the first ten. Its test cases are the users with u + 63 = 1
    # modulo 30, that is 28 and 58.
    popular = results(evaluation)["ranking"]["stale"]["models"]["popularity"]
    for metric in ("hit_rate@5", "hit_rate@10", "ndcg@10", "recall@5"):
        assert popular[metric]["value"] == pytest.approx(2 / 60)


def test_oracle_knows_what_is_popular_in_the_days_asked_about(evaluation: Evaluation) -> None:
    # Item 0 has five test reviews besides the two that each item has: it has rank 1, and the
    # others tie far below. Two of 60 users chose it.
    oracle = results(evaluation)["ranking"]["fresh"]["oracle"]
    assert oracle["hit_rate@10"]["value"] == pytest.approx(2 / 60)
    assert oracle["by"] == "popularity of the days asked about"


def test_settings_and_file_of_the_model_in_service_are_in_the_numbers(
    evaluation: Evaluation, paths: ArtifactPaths
) -> None:
    numbers = results(evaluation)
    assert numbers["served"]["model_hash"] == file_hash(paths.model)
    assert numbers["served"]["plan"]["epochs"] == 12
    assert numbers["ranking"]["fresh"]["models"]["network"]["settings"]["batch_size"] == 16


def test_chance_is_five_of_the_items_left(evaluation: Evaluation) -> None:
    # each user has 8 of 30 items after training, 9 after validation
    stale, fresh = (results(evaluation)["ranking"][mode] for mode in ("stale", "fresh"))
    for metric in ("hit_rate@5", "recall@5"):
        assert stale["base_rate"][metric] == pytest.approx(5 / 22)
        assert fresh["base_rate"][metric] == pytest.approx(5 / 21)
    assert (fresh["cases"], fresh["users"]) == (60, 60)


def test_slices_part_the_cases(evaluation: Evaluation) -> None:
    slices = results(evaluation)["ranking"]["fresh"]["slices"]
    assert {name: part["cases"] for name, part in slices["items_of_user"].items()} == {"5 to 9": 60}
    assert {name: part["cases"] for name, part in slices["item"].items()} == {"with history": 60}
    assert sum(part["cases"] for part in slices["price"].values()) == 60
    assert set(slices["price"]) == {"low", "middle", "high"}


def test_the_served_model_is_compared_with_every_baseline_on_the_same_draws(
    evaluation: Evaluation,
) -> None:
    models = results(evaluation)["ranking"]["fresh"]["models"]
    served = models["network"]
    assert served["lead_of_served"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    for model in models.values():
        lead = served["ndcg@10"]["value"] - model["ndcg@10"]["value"]
        assert model["lead_of_served"]["value"] == pytest.approx(lead)
        assert model["lead_of_served"]["low"] <= lead <= model["lead_of_served"]["high"]


def test_every_baseline_is_tuned_on_validation_with_the_same_budget(evaluation: Evaluation) -> None:
    numbers = results(evaluation)
    for trials in numbers["tuning"].values():
        assert 1 < len(trials["trials"]) <= MAX_TRIALS
        assert {*trials["at_end"], *trials["untried"]} <= trials["trials"][0].keys()
    names = {baseline.name for baseline in QUICK}
    assert names | {"network"} == set(numbers["ranking"]["fresh"]["models"])


def test_cold_start_users_and_no_anonymous_customers_are_cold_start_cases(
    evaluation: Evaluation,
) -> None:
    cold_start_users = results(evaluation)["cold_start_users"]
    assert (cold_start_users["cases"], cold_start_users["users"]) == (
        N_COLD_START_USERS,
        N_COLD_START_USERS,
    )


def test_no_list_holds_what_its_user_has(evaluation: Evaluation) -> None:
    for comparison in (evaluation.stale, evaluation.fresh):
        for answers in comparison.models:
            for user, items in zip(comparison.cutoff.users, answers.lists, strict=True):
                assert not set(comparison.cutoff.seen_by(int(user))) & set(items.tolist())
                assert len(set(items.tolist())) == 20


def test_leave_one_out_asks_for_the_last_item_of_each_user(paths: ArtifactPaths) -> None:
    options = EvaluationOptions(split="leave-one-out", baselines=MINIMAL)
    cutoff = evaluate(config_of(paths), options).fresh.cutoff
    last_period = {f"user {u}": f"item {(u + 63) % 30}" for u in range(N_USERS)}
    timeline = read_timeline(paths, "leave-one-out")
    found = {
        timeline.user_names[user]: timeline.item_names[item]
        for user, item in zip(cutoff.cases.users, cutoff.cases.items, strict=True)
    }
    assert found == last_period


def test_served_model_scores_as_the_network_itself(paths: ArtifactPaths, tmp_path: Path) -> None:
    import keras

    timeline = read_timeline(paths)
    stale = cutoff(timeline, STALE)
    as_of = write_artifacts_at(paths, timeline, stale, tmp_path)
    served = ranking_model_from_artifacts(as_of, timeline.user_names)
    users = stale.users[:3]
    features = read_features(as_of)
    rows = [features.user_names.tolist().index(timeline.user_names[user]) for user in users]
    model = keras.saving.load_model(as_of.model)
    for scores, row in zip(served.catalog_scores(users), rows, strict=True):
        items = np.arange(N_ITEMS)
        by_model = np.asarray(model(features.inputs(np.full_like(items, row), items)))[:, 0]
        assert np.allclose(1 / (1 + np.exp(-scores)), by_model, atol=1e-5)


def test_artifacts_as_of_a_cutoff_hold_nothing_later(paths: ArtifactPaths, tmp_path: Path) -> None:
    timeline = read_timeline(paths)
    for name, last_day in ((STALE, 79), (FRESH, 89)):
        as_of = write_artifacts_at(paths, timeline, cutoff(timeline, name), tmp_path / name)
        days = (read_clean(as_of.clean)[columns.REVIEW_TIME] - FIRST_DAY).dt.days
        assert days.max() == last_day
        assert len(read_features(as_of).user_names) == N_USERS


def test_shuffling_the_future_changes_no_artifact_as_of_now(
    paths: ArtifactPaths, tmp_path: Path
) -> None:
    frame = read_clean(paths.clean)
    later = frame[columns.REVIEW_TIME] >= FIRST_DAY + pd.Timedelta(days=80)
    mixed = frame.copy()
    future = frame.loc[later, [columns.USER, columns.ITEM, columns.RATING]]
    mixed.loc[later, future.columns] = future.sample(frac=1, random_state=1).to_numpy()
    other = write_even_artifacts(tmp_path / "other")
    write_frame(mixed, other.clean)
    other.model.parent.mkdir()
    shutil.copyfile(paths.model, other.model)
    written = []
    for source in (paths, other):
        timeline = read_timeline(source)
        folder = tmp_path / f"as of {len(written)}"
        as_of = write_artifacts_at(source, timeline, cutoff(timeline, STALE), folder)
        written.append([path.read_bytes() for path in (as_of.clean, as_of.user_item)])
    assert written[0] == written[1]


def test_stage_writes_the_numbers_and_shows_them(
    paths: ArtifactPaths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATA_PATH", str(paths.clean.parent))
    monkeypatch.setenv("EMBEDDINGS_PATH", str(paths.item_desc.parent))
    monkeypatch.setenv("MODEL_PATH", str(paths.model.parent))
    target = tmp_path / "metrics.json"
    assert main(["evaluate", "--rivals", "mission", "--metrics", str(target)]) == 0
    numbers = json.loads(target.read_text())
    assert list(numbers["ranking"]) == ["stale", "fresh"]
    assert list(numbers["ranking"]["fresh"]["models"]) == ["network", "popularity", "ALS"]
    assert len(numbers["data"]["fingerprint"]) == 64
    shown = capsys.readouterr().out
    assert "60 test pairs of 60 users" in shown
    assert "random order" in shown


def test_evaluating_twice_gives_the_same_numbers(
    paths: ArtifactPaths, evaluation: Evaluation
) -> None:
    options = EvaluationOptions(baselines=QUICK)
    first, again = (
        without_times(each) for each in (evaluation, evaluate(config_of(paths), options))
    )
    assert first == again


def without_times(evaluation: Evaluation) -> Any:
    return _without_times(results(evaluation))


def _without_times(numbers: Any) -> Any:
    """Leave out at every depth what is measured with a clock."""
    if not isinstance(numbers, dict):
        return numbers
    clocked = ("seconds", "fit_seconds", "ms_a_user")
    return {name: _without_times(each) for name, each in numbers.items() if name not in clocked}


def test_a_model_of_other_widths_is_refused_with_both(
    paths: ArtifactPaths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = write_tiny_artifacts(tmp_path, width=5)
    monkeypatch.setenv("DATA_PATH", str(paths.clean.parent))
    monkeypatch.setenv("EMBEDDINGS_PATH", str(paths.item_desc.parent))
    monkeypatch.setenv("MODEL_PATH", str(other.model.parent))
    target = tmp_path / "metrics.json"
    assert main(["evaluate", "--metrics", str(target)]) == 2
    message = capsys.readouterr().err
    assert "widths (5, 5, 5, 1); the data has (8, 8, 8, 1)" in message
    assert not target.exists()


def test_data_without_returning_users_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write_tiny_artifacts(tmp_path, n_users=1)
    monkeypatch.setenv("DATA_PATH", str(paths.clean.parent))
    monkeypatch.setenv("EMBEDDINGS_PATH", str(paths.item_desc.parent))
    monkeypatch.setenv("MODEL_PATH", str(paths.model.parent))
    assert main(["evaluate", "--metrics", str(tmp_path / "metrics.json")]) == 2
    assert "each must be above 0" in capsys.readouterr().err


def test_numbers_that_do_not_exist_become_null(tmp_path: Path) -> None:
    write_metrics({"auc": float("nan"), "hits": [0.12345678]}, tmp_path / "metrics.json")
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"auc": None, "hits": [0.123457]}

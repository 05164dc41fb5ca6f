"""All models are judged on the same pairs, and the numbers are those that hand counting gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from config import Config
from pipeline.cli import main
from pipeline.evaluate import write_metrics
from pipeline.evaluation import Evaluation, evaluate
from pipeline.judging import choose_cases, judge, judge_cold_start
from pipeline.results import results
from pipeline.rivals import Contender
from pipeline.train import Plan, save, train
from pipeline.training_data import Interactions, read_features, read_interactions
from recsys.artifacts import ArtifactPaths
from recsys.split import TEST, TRAIN, VALIDATION
from tests.artifacts import write_tiny_artifacts
from tests.pipeline.tiny import N_ITEMS, N_NEWCOMERS, N_USERS, write_even_world

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def config_of(paths: ArtifactPaths) -> Config:
    return Config(
        data_path=paths.clean.parent,
        embeddings_path=paths.item_desc.parent,
        model_path=paths.model.parent,
    )


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    from rich.console import Console

    paths = write_even_world(tmp_path_factory.mktemp("even"))
    features = read_features(paths)
    plan = Plan(epochs=12, batch_size=16, patience=12)
    trained = train(features, read_interactions(paths.clean, features), plan, Console(quiet=True))
    save(trained.model, trained.facts, paths.model)
    return paths


@pytest.fixture(scope="module")
def evaluation(paths: ArtifactPaths) -> Evaluation:
    return evaluate(config_of(paths))


def rows(table: list[tuple[int, int, float, int]]) -> Interactions:
    """Reviews (person, item, rating, part), a day apart; persons below 10 are known users."""
    persons, items, ratings, parts = (np.array(column) for column in zip(*table, strict=True))
    return Interactions(
        persons=persons,
        users=np.where(persons < 10, persons, -1),
        items=items,
        ratings=ratings.astype(np.float32),
        days=np.arange(len(table), dtype=np.int32),
        parts=parts.astype(np.int8),
    )


SMALL = rows(
    [
        (0, 0, 5, TRAIN),
        (1, 1, 3, TRAIN),
        (0, 1, 5, VALIDATION),
        (1, 2, 3, VALIDATION),
        (0, 0, 5, TEST),  # a repeat: no case
        (0, 2, 5, TEST),
        (1, 3, 2, TEST),
        (-1, 2, 5, TEST),  # an anonymous customer: no case
        (12, 2, 5, TEST),  # a newcomer: only cold start knows this person
        (1, -1, 5, TEST),  # an item outside the catalog: no case
    ]
)


def lowest_row_first(scale: float = 1.0) -> Contender:
    """Scores items by row, 0 the best of 4, for everybody."""
    scores = -scale * np.arange(4.0)
    return Contender(
        "lowest row first",
        lambda _, items: scores[items],
        lambda users: np.tile(scores, (len(users), 1)),
    )


def test_cases_are_first_reviews_of_known_pairs_in_the_test_period() -> None:
    cases = choose_cases(SMALL, n_users=2, n_items=4, max_users=0, seed=0)
    assert list(zip(cases.test.users, cases.test.items, strict=True)) == [(0, 2), (1, 3)]
    assert cases.seen_by(0).tolist() == [0, 1]
    assert cases.seen_by(1).tolist() == [1, 2]
    assert cases.warm.tolist() == [False, False]


def test_ranks_count_only_items_not_seen_before_the_test_period() -> None:
    cases = choose_cases(SMALL, n_users=2, n_items=4, max_users=0, seed=0)
    judged = judge(lowest_row_first(), cases, k=2)
    assert judged.ranks.tolist() == [1.0, 2.0]  # user 0: 2 before 3; user 1: 0 before 3
    assert judged.top.tolist() == [[2, 3], [0, 3]]


def test_missing_places_of_a_short_list_are_marked() -> None:
    cases = choose_cases(SMALL, n_users=2, n_items=4, max_users=0, seed=0)
    assert judge(lowest_row_first(), cases, k=3).top.tolist() == [[2, 3, -1], [0, 3, -1]]


def test_scores_all_alike_get_the_middle_rank() -> None:
    cases = choose_cases(SMALL, n_users=2, n_items=4, max_users=0, seed=0)
    assert judge(lowest_row_first(scale=0.0), cases).ranks.tolist() == [1.5, 1.5]


def test_threshold_is_chosen_on_validation_pairs() -> None:
    cases = choose_cases(SMALL, n_users=2, n_items=4, max_users=0, seed=0)
    # validation: item 1 (score -1) was liked, item 2 (score -2) was not
    assert judge(lowest_row_first(), cases).threshold == -1.0


def test_drawing_users_leaves_the_rating_pairs_alone() -> None:
    cases = choose_cases(SMALL, n_users=2, n_items=4, max_users=1, seed=0)
    judged = judge(lowest_row_first(), cases)
    assert (len(judged.scores), len(judged.ranks), len(cases.users)) == (2, 1, 1)


def test_cold_start_is_judged_on_people_never_seen_before() -> None:
    judged = judge_cold_start(SMALL, np.full(4, 10.0), window_days=30)
    assert judged.persons.tolist() == [12]
    # item 2: five-star reviews before the test are one each of items 0 and 1, so ties by row
    assert judged.rule_ranks.tolist() == [3.0]
    # reviews before the test: item 1 twice, items 0 and 2 once each
    assert judged.popularity_ranks.tolist() == [2.5]


def test_network_tells_liked_items_where_text_says_so(evaluation: Evaluation) -> None:
    numbers = results(evaluation)
    assert numbers["rating"]["models"]["network"]["auc"]["value"] > 0.99
    assert numbers["rating"]["base_rate"]["accuracy"] == 0.5
    assert numbers["rating"]["pairs"] == N_USERS


def test_hit_rate_of_popularity_is_the_one_counted_by_hand(evaluation: Evaluation) -> None:
    # Item 1 has 16 + 45 training reviews, all others 16: it has rank 1, and the others tie at
    # the middle, far below the first five. Its test cases are the users with u + 63 = 1
    # modulo 30, that is 28 and 58.
    popular = results(evaluation)["ranking"]["models"]["popularity"]
    assert popular["hit_rate"]["value"] == pytest.approx(2 / 60)
    assert popular["ndcg"]["value"] == pytest.approx(2 / 60)


def test_chance_is_five_of_the_items_left(evaluation: Evaluation) -> None:
    # each user has seen 9 of 30 items
    ranking = results(evaluation)["ranking"]
    assert ranking["base_rate"]["hit_rate"] == pytest.approx(5 / 21)
    assert (ranking["cases"], ranking["users"]) == (60, 60)


def test_newcomers_and_no_anonymous_customers_are_cold_start_cases(evaluation: Evaluation) -> None:
    cold_start = results(evaluation)["cold_start"]
    assert (cold_start["cases"], cold_start["users"]) == (N_NEWCOMERS, N_NEWCOMERS)


def test_no_list_holds_what_its_user_has_seen(evaluation: Evaluation) -> None:
    cases = evaluation.cases
    for judged in evaluation.judged:
        for user, top in zip(cases.users, judged.top, strict=True):
            assert not set(cases.seen_by(int(user))) & set(top.tolist())
            assert len(set(top.tolist())) == 5


def test_split_halves_rank_as_the_model_itself(
    paths: ArtifactPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from pipeline import network

    features = read_features(paths)
    model = keras.saving.load_model(paths.model)
    users = np.arange(3)
    by_halves = network.network_contender(model, features).catalog_scores(users)
    monkeypatch.setattr(network, "split_model", lambda _: None)
    by_model = network.network_contender(model, features).catalog_scores(users)
    assert by_model.shape == by_halves.shape == (3, N_ITEMS)
    assert np.allclose(1 / (1 + np.exp(-by_halves)), by_model, atol=1e-5)


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
    assert main(["evaluate", "--metrics", str(target)]) == 0
    numbers = json.loads(target.read_text())
    assert numbers["mode"] == "stale"
    assert list(numbers["rating"]["models"]) == ["network", "ALS", "popularity"]
    assert len(numbers["data"]["fingerprint"]) == 64
    shown = capsys.readouterr().out
    assert "60 test pairs of 60 users" in shown
    assert "random order" in shown


def test_evaluating_twice_gives_the_same_numbers(
    paths: ArtifactPaths, evaluation: Evaluation
) -> None:
    first, again = results(evaluation), results(evaluate(config_of(paths)))
    for numbers in (first, again):
        del numbers["seconds"]
        for model in numbers["ranking"]["models"].values():
            del model["seconds"]
    assert first == again


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
    assert "widths (5, 5, 5, 1); the embeddings have (8, 8, 8, 1)" in message
    assert not target.exists()


def test_data_without_returning_users_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write_tiny_artifacts(tmp_path, n_users=1)
    monkeypatch.setenv("DATA_PATH", str(paths.clean.parent))
    monkeypatch.setenv("EMBEDDINGS_PATH", str(paths.item_desc.parent))
    monkeypatch.setenv("MODEL_PATH", str(paths.model.parent))
    assert main(["evaluate", "--metrics", str(tmp_path / "metrics.json")]) == 2
    assert "both kinds are needed to judge models" in capsys.readouterr().err


def test_numbers_that_do_not_exist_become_null(tmp_path: Path) -> None:
    write_metrics({"auc": float("nan"), "hits": [0.12345678]}, tmp_path / "metrics.json")
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"auc": None, "hits": [0.123457]}

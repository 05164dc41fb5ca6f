"""All models are measured on the same pairs, and the numbers are those that counting by hand gives."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.evaluate.baselines import MAX_TRIALS, MINIMAL, USUAL
from pipeline.evaluate.evaluation import Evaluation, EvaluationOptions, evaluate
from pipeline.evaluate.results import results
from pipeline.evaluate.timeline import read_timeline
from storage.artifacts import ArtifactPaths
from storage.sources import file_hash
from tests.support.stages import config_of
from tests.support.tiny_reviews import N_COLD_START_USERS, N_USERS

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


QUICK = tuple(baseline for baseline in USUAL if "SASRec" not in baseline.name)
"""Those that are fitted in a second; SASRec has tests of its own."""


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

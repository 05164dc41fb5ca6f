"""The five-star model is fitted on ratings that its inputs don't know, and only where it helps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.train.five_star.bias_choice import best_item_shrinkage, choose_item_shrinkage
from pipeline.train.five_star.learning import COLUMNS, five_star_pairs
from pipeline.train.five_star.stack import (
    BIAS_COLUMNS,
    BIAS_MODEL,
    STACKED,
    Pairs,
    choose_stack,
)
from pipeline.train.five_star.text_rate import fit_text_rate
from pipeline.train.ranker.data import RankerData, read_ranker_data
from pipeline.train.ranker.feature_state import FeatureState, features_at
from recsys.features.five_star_model import INTERCEPT, text_rates
from recsys.features.user_profile import FIVE_STAR
from recsys.interactions import Interactions
from recsys.split import TRAIN, VALIDATION, temporal_labels
from tests.support.chain_artifacts import write_chain_artifacts

pytestmark = pytest.mark.pipeline

N_PAIRS = 2_000


def pairs_where(told_by: str, seed: int = 0) -> Pairs:
    """Ratings that follow one column, while the bias model says what the share of them is."""
    random = np.random.default_rng(seed)
    columns = random.normal(size=(N_PAIRS, len(COLUMNS)))
    chances = 1 / (1 + np.exp(-(1.0 + 2.0 * columns[:, COLUMNS.index(told_by)])))
    liked = random.random(N_PAIRS) < chances
    base = np.full(N_PAIRS, liked.mean())
    return Pairs(np.arange(N_PAIRS) % 300, liked, columns, COLUMNS, base)


def test_what_ratings_follow_is_found_and_its_size_too() -> None:
    choice = choose_stack(pairs_where("affinity.ml"))
    assert choice.facts["model"] == STACKED
    assert choice.coefficients is not None
    assert choice.coefficients["affinity.ml"] == pytest.approx(2.0, abs=0.3)
    assert choice.coefficients[INTERCEPT] == pytest.approx(1.0, abs=0.2)
    others = [w for name, w in choice.coefficients.items() if name != "affinity.ml"]
    assert np.abs(others[1:]).max() < 0.25


def test_few_columns_are_kept_where_more_tell_nothing() -> None:
    choice = choose_stack(pairs_where("user.five_star"))
    assert choice.coefficients is not None
    assert set(choice.coefficients) == {INTERCEPT, *BIAS_COLUMNS}


def test_coefficients_predict_as_well_on_pairs_that_they_were_not_fitted_on() -> None:
    choice, other = choose_stack(pairs_where("text_rate")), pairs_where("text_rate", seed=1)
    assert choice.coefficients is not None
    weights = np.array([choice.coefficients.get(name, 0.0) for name in COLUMNS])
    logits = other.columns @ weights + choice.coefficients[INTERCEPT]
    chances = 1 / (1 + np.exp(-logits))
    brier = np.mean((chances - other.liked) ** 2)
    assert brier == pytest.approx(choice.facts["brier"][STACKED], abs=0.015)


def test_bias_model_stays_where_nothing_is_better() -> None:
    pairs = pairs_where("item.rating")
    perfect = pairs._replace(by_bias_model=pairs.liked.astype(float))
    choice = choose_stack(perfect)
    assert choice.coefficients is None
    assert choice.facts["model"] == BIAS_MODEL
    assert choice.for_card() == {}


@pytest.mark.parametrize("n_other", [0, 19])
def test_bias_model_stays_where_nearly_all_ratings_are_alike(n_other: int) -> None:
    pairs = pairs_where("item.rating")
    liked = np.arange(N_PAIRS) >= n_other
    assert choose_stack(pairs._replace(liked=liked)).coefficients is None


def test_bias_model_stays_where_one_user_gave_all_other_ratings() -> None:
    pairs = pairs_where("item.rating")
    assert choose_stack(pairs._replace(liked=pairs.users != 3)).coefficients is None


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> RankerData:
    return read_ranker_data(write_chain_artifacts(tmp_path_factory.mktemp("chain")))


@pytest.fixture(scope="module")
def parts(data: RankerData) -> tuple[Interactions, Interactions]:
    labels = temporal_labels(data.interactions.days)
    before, later = (data.interactions.where(labels == part) for part in (TRAIN, VALIDATION))
    return before, later


@pytest.fixture(scope="module")
def state(data: RankerData, parts: tuple[Interactions, Interactions]) -> FeatureState:
    return features_at(parts[0], data.catalog)


def test_pairs_know_nothing_of_the_ratings_that_they_are_fitted_on(
    data: RankerData, parts: tuple[Interactions, Interactions], state: FeatureState
) -> None:
    later, everybody = parts[1], np.arange(data.interactions.n_users)
    rates = np.zeros(data.catalog.n_items)
    found = five_star_pairs(later, state, rates, everybody, seed=0)
    turned = replace(later, ratings=np.where(later.liked, 3.0, 5.0).astype(np.float32))
    other = five_star_pairs(turned, state, rates, everybody, seed=0)
    np.testing.assert_array_equal(found.columns, other.columns)
    np.testing.assert_array_equal(found.by_bias_model, other.by_bias_model)
    np.testing.assert_array_equal(found.liked, ~other.liked)


def test_pairs_are_those_of_users_asked_and_of_users_without_history(
    data: RankerData, parts: tuple[Interactions, Interactions], state: FeatureState
) -> None:
    later = parts[1]
    met = np.diff(state.history.starts) > 0
    asked = np.flatnonzero(met)[:5]
    found = five_star_pairs(later, state, np.zeros(data.catalog.n_items), asked, seed=0)
    assert len(found.users)
    assert np.isin(found.users, [*asked, *np.flatnonzero(~met)]).all()
    np.testing.assert_array_equal(
        found.columns[:, COLUMNS.index("user.five_star")], state.profiles[found.users, FIVE_STAR]
    )
    np.testing.assert_array_equal(found.columns[:, COLUMNS.index("no_history")], ~met[found.users])


def test_text_rates_carry_over_from_rated_items_to_others_with_such_texts(data: RankerData) -> None:
    # In the chain odd items are rated five stars, even ones three.
    odd = np.arange(data.catalog.n_items) % 2 == 1
    vectors = np.where(odd, 1.0, -1.0).astype(np.float32)[:, None]
    rows = data.interactions
    without = rows.where(rows.items >= 4)
    rates = text_rates(fit_text_rate(without, vectors, 10.0), vectors)
    assert rates[1] == rates[3] > 0.1
    assert rates[0] == rates[2] < -0.1


def test_text_rates_of_nothing_are_zero(data: RankerData) -> None:
    rows = data.interactions
    fitted = fit_text_rate(rows.where(rows.days < 0), data.item_vectors, 10.0)
    assert fitted.tolist() == [0.0] * (data.item_vectors.shape[1] + 1)


def test_training_and_evaluation_choose_the_shrinkage_alike(
    data: RankerData, parts: tuple[Interactions, Interactions]
) -> None:
    n_items = data.catalog.n_items
    assert choose_item_shrinkage(data.interactions, n_items) == best_item_shrinkage(*parts, n_items)

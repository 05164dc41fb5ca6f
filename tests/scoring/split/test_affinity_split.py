"""A network that reads affinities splits exactly, or says why it doesn't."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from scoring.affinities import Affinities
from scoring.head.joint import outputs, score
from scoring.split.agreement import AGREEMENT, check_split
from scoring.split.forms import GraphSplitError
from scoring.split.graph_split import split
from tests.support.rankers import ranker
from tests.support.similarities import dense_affinities, random_histories, random_similarities

WIDTHS = (5, 4, 6, 2, 3, 4)
N_USERS, N_ITEMS = 40, 70


def inputs_for(seed: int = 3) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """The four tables, the affinity of every pair (users, items, 3), and the profiles."""
    draw = np.random.default_rng(seed)
    rows = (N_USERS, N_USERS, N_ITEMS, N_ITEMS, 0, N_USERS)
    tables = [
        draw.standard_normal((n, width)).astype(np.float32)
        for n, width in zip(rows, WIDTHS, strict=True)
    ]
    similarities, history = random_similarities(N_ITEMS), random_histories(N_USERS, N_ITEMS)
    return tables[:4], dense_affinities(similarities, history, np.arange(N_USERS)), tables[5]


def affinities_of(user: int) -> tuple[np.ndarray, np.ndarray]:
    history = random_histories(N_USERS, N_ITEMS)
    return Affinities(random_similarities(N_ITEMS), history.starts, history.items).of_user(user)


def predicted(model: Any, user: int) -> np.ndarray:
    """What the model itself says of every item for one user."""
    (review, bought, desc, price), affinity, profile = inputs_for()
    mine = [
        np.repeat(table[user : user + 1], N_ITEMS, axis=0) for table in (review, bought, profile)
    ]
    given = [*mine[:2], desc, price, affinity[user], mine[2]][: len(model.inputs)]
    return model.predict(given, batch_size=N_ITEMS, verbose=0).reshape(-1)


def split_outputs(model: Any, user: int) -> np.ndarray:
    """The same from the halves: the catalog's rows, corrected where the history affects them."""
    parts = split(model)
    (review, bought, desc, price), _, profile = inputs_for()
    mine = [table[user : user + 1] for table in (review, bought, profile)][: len(model.inputs) - 3]
    rows = parts.item_half(desc, price)
    affected, phi = affinities_of(user)
    rows[affected] += phi @ parts.affinity_weights
    return outputs(parts.head, score(parts.head, parts.user_half(*mine), rows)[0])


@settings(max_examples=5, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**16),
    n_inputs=st.sampled_from([5, 6]),
    n_heads=st.integers(1, 3),
    user=st.integers(0, N_USERS - 1),
)
def test_a_ranker_splits_into_catalog_and_correction(
    seed: int, n_inputs: int, n_heads: int, user: int
) -> None:
    model = ranker(WIDTHS[:n_inputs], seed, n_heads)
    np.testing.assert_allclose(split_outputs(model, user), predicted(model, user), atol=1e-5)


def test_the_check_covers_pairs_that_a_history_affects() -> None:
    tables, _, profile = inputs_for()
    parts = split(ranker(WIDTHS))
    options: dict[str, Any] = {"affinities_of": affinities_of, "user_profile": profile}
    assert check_split(parts, tables, **options) <= AGREEMENT
    parts.affinity_weights[1] *= -1
    assert check_split(parts, tables, **options) > 100 * AGREEMENT


@pytest.mark.parametrize("missing", ["affinities_of", "user_profile"])
def test_the_check_refuses_to_pass_what_it_was_not_given(missing: str) -> None:
    tables, _, profile = inputs_for()
    options: dict[str, Any] = {"affinities_of": affinities_of, "user_profile": profile}
    with pytest.raises(GraphSplitError, match="none are given"):
        check_split(split(ranker(WIDTHS)), tables, **{**options, missing: None})


def test_a_layer_over_the_affinity_alone_is_spelled_out() -> None:
    inputs = [keras.Input((width,)) for width in WIDTHS[:5]]
    own = layers.Dense(1)(
        layers.Normalization(mean=[1.0, 0.5, 0.1], variance=[4.0, 1.0, 2.0])(inputs[4])
    )
    rest = layers.Dense(1)(layers.Dense(4, activation="relu")(layers.Concatenate()(inputs)))
    model = keras.Model(inputs, layers.Add()([own, rest]))
    np.testing.assert_allclose(split_outputs(model, 7), predicted(model, 7), atol=1e-5)


def test_a_head_that_is_no_sum_of_relu_units_is_corrected_too() -> None:
    inputs = [keras.Input((width,)) for width in WIDTHS]
    units = layers.Dense(4, activation="tanh")(layers.Concatenate()(inputs))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dense(3, activation="gelu")(units)))
    np.testing.assert_allclose(split_outputs(model, 7), predicted(model, 7), atol=1e-5)


def _relu_of_the_affinity(inputs: list[Any]) -> Any:
    return layers.Dense(1)(layers.Dense(3, activation="relu")(inputs[4]))


def _price_times_affinity(inputs: list[Any]) -> Any:
    return layers.Multiply()([layers.Dense(1)(inputs[3]), layers.Dense(1)(inputs[4])])


def _lambda_of_the_affinity(inputs: list[Any]) -> Any:
    return layers.Dense(1)(layers.Lambda(lambda x: x**3)(inputs[4]))


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (_relu_of_the_affinity, "through relu of it"),
        (_price_times_affinity, "through a product of it"),
        (_lambda_of_the_affinity, "reads the affinity"),
    ],
)
def test_an_item_half_that_bends_the_affinity_is_refused(
    part: Callable[[list[Any]], Any], reason: str
) -> None:
    inputs = [keras.Input((width,)) for width in WIDTHS[:5]]
    rest = layers.Dense(1)(layers.Concatenate()(inputs))
    with pytest.raises(GraphSplitError, match=reason):
        split(keras.Model(inputs, layers.Add()([part(inputs), rest])))


@pytest.mark.parametrize("n_inputs", [3, 7])
def test_another_number_of_inputs_is_refused_by_number(n_inputs: int) -> None:
    inputs = [keras.Input((3,)) for _ in range(n_inputs)]
    model = keras.Model(inputs, layers.Dense(1)(layers.Concatenate()(inputs)))
    with pytest.raises(GraphSplitError, match=f"{n_inputs} inputs and 1 outputs"):
        split(model)

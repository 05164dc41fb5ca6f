"""The five-star model's probabilities against sums that a reader can redo."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from recsys.features.five_star_model import (
    NO_PROFILE,
    FiveStarModel,
    chances,
    text_rates,
    user_columns,
)

MODEL = FiveStarModel(
    {
        "intercept": 0.5,
        "no_history": -1.0,
        "user.five_star": 2.0,
        "item.five_star_rate": 4.0,
        "text_rate": 10.0,
        "affinity.b": 3.0,
    },
    [0.1, 0.0, 1.0],
)
RATES = {"five_star_rate": np.array([0.5, 0.75], np.float32), "price": np.ones(2, np.float32)}
VECTORS = np.array([[7.0, 0.2], [7.0, -0.1]], np.float32)


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def test_text_rates_are_a_constant_and_a_weighted_sum_of_vectors() -> None:
    assert text_rates(MODEL.text_rate, VECTORS) == pytest.approx([0.3, 0.0], abs=1e-7)


def test_item_logits_add_up_columns_and_text_rates() -> None:
    # 0.5 + 4 · 0.5 + 10 · 0.3, and 0.5 + 4 · 0.75 + 10 · 0
    assert MODEL.item_logits(RATES, VECTORS) == pytest.approx([5.5, 3.5])


def test_chances_add_profile_and_affinities_to_the_items() -> None:
    profile = np.array([0.7, 0.0, 0.0, -1.0], np.float32)
    affinities = np.array([[9.0, 0.0], [9.0, 0.5]], np.float32)
    found = chances(
        MODEL.item_logits(RATES, VECTORS), MODEL.weights(["a", "b"]), profile, affinities
    )
    # the profile's -1 counts 2; the affinity "a" counts nothing, "b" counts 3
    assert found == pytest.approx([sigmoid(5.5 - 2), sigmoid(3.5 - 2 + 1.5)])


def test_of_nobody_a_constant_and_the_item_tell() -> None:
    nothing = np.zeros((2, 1), np.float32)
    found = chances(MODEL.item_logits(RATES, VECTORS), MODEL.weights(["b"]), NO_PROFILE, nothing)
    assert found == pytest.approx([sigmoid(5.5 - 1), sigmoid(3.5 - 1)])


def test_who_has_no_history_has_no_count_of_it() -> None:
    profiles = np.array([[0.0, 0, 0, 0], [0.7, 0, 0, -1]], np.float32)
    assert user_columns(profiles)[:, 0].tolist() == [1.0, 0.0]
    np.testing.assert_array_equal(user_columns(profiles)[:, 1:], profiles)


def test_a_model_is_read_as_it_was_written() -> None:
    third = FiveStarModel({"intercept": 1 / 3}, [2 / 3])
    assert FiveStarModel.from_json(third.to_json()) == third


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"coefficients": [], "text_rate": []}',
        '{"coefficients": {}, "text_rate": []}',
        '{"coefficients": {"intercept": NaN}, "text_rate": []}',
        '{"coefficients": {"intercept": "a"}, "text_rate": []}',
        '{"coefficients": {"intercept": 1}, "text_rate": 1}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"no five-star model|Expecting property name|could not convert"
    ):
        FiveStarModel.from_json(text)


def test_missing_columns_and_other_widths_are_refused() -> None:
    with pytest.raises(KeyError, match="five_star_rate"):
        MODEL.item_logits({"price": RATES["price"]}, VECTORS)
    with pytest.raises(KeyError, match="b"):
        MODEL.weights(["a"])
    with pytest.raises(ValueError, match="size"):
        MODEL.item_logits(RATES, VECTORS[:, :1])
    assert json.loads(MODEL.to_json())["text_rate"] == [0.1, 0.0, 1.0]

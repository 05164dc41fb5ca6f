"""Thresholds and metrics of the rating task against sums that a reader can redo."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluate.rating_task import best_threshold
from pipeline.evaluate.results.rating import calibration, rating_metrics

pytestmark = pytest.mark.pipeline

#                   1st    2nd    3rd    4th    5th by score
LABELS = np.array([True, False, True, True, False])
SCORES = np.array([0.9, 0.8, 0.7, 0.4, 0.2])


def metrics_at(threshold: float, scores: np.ndarray = SCORES) -> dict:
    return rating_metrics(threshold, LABELS, scores, np.arange(5))


def test_best_threshold_is_the_score_that_separates_the_classes_best() -> None:
    # J is 1/3 at .9, -1/6 at .8, 1/6 at .7, 1/2 at .4, 0 at .2
    assert best_threshold(LABELS, SCORES) == 0.4


def test_best_threshold_says_yes_to_somebody_even_where_that_is_no_help() -> None:
    assert best_threshold(~LABELS[:2], SCORES[:2]) == 0.8  # J is -1 at .9, 0 at .8


def test_auc_counts_the_pairs_in_the_right_order() -> None:
    # positives .9 .7 .4 against negatives .8 .2: right are .9>.8 .9>.2 .7>.2 .4>.2 of six
    assert metrics_at(0.5)["auc"]["value"] == pytest.approx(4 / 6)


def test_auc_of_scores_all_alike_is_one_half() -> None:
    assert metrics_at(0.5, np.zeros(5))["auc"]["value"] == 0.5


def test_metrics_of_both_classes_by_hand() -> None:
    found = metrics_at(0.5)  # yes yes yes no no: TP 2, FP 1, FN 1, TN 1
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert list(found["five_star"].values()) == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    assert list(found["other"].values()) == pytest.approx([1 / 2, 1 / 2, 1 / 2])


def test_a_class_that_is_never_said_has_no_precision() -> None:
    assert metrics_at(0.1)["other"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert metrics_at(0.1)["five_star"]["recall"] == 1.0


def test_brier_score_is_the_mean_squared_error_of_probabilities() -> None:
    # .1² .8² .3² .6² .2² of yes no yes yes no
    assert calibration(LABELS, SCORES)["brier"] == pytest.approx(1.14 / 5)


def test_probabilities_that_come_true_as_often_as_they_say_have_no_calibration_error() -> None:
    chances = np.repeat(np.arange(10) / 10, 20)
    liked = np.tile(np.arange(20), 10) < 20 * chances
    found = calibration(liked, chances)
    assert found["calibration_error"] == pytest.approx(0.0, abs=1e-12)
    assert [each["pairs"] for each in found["reliability"]] == [20] * 10
    assert [each["share"] for each in found["reliability"]] == pytest.approx(np.arange(10) / 10)
    assert calibration(liked, chances / 2)["calibration_error"] == pytest.approx(0.225)


def test_fewer_pairs_than_bins_have_a_bin_each() -> None:
    assert [each["pairs"] for each in calibration(LABELS, SCORES)["reliability"]] == [1] * 5

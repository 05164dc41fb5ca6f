"""Intervals of means, differences and AUC, from draws of users."""

from __future__ import annotations

import numpy as np
import pytest

from recsys import metrics


def test_interval_of_equal_values_is_a_point() -> None:
    assert metrics.interval(np.full(20, 0.4), np.arange(20)) == pytest.approx((0.4, 0.4, 0.4))


def test_interval_is_wider_when_cases_belong_to_few_users() -> None:
    values = np.tile([0.0, 1.0], 200)
    apart = metrics.interval(values, np.arange(400))
    together = metrics.interval(values, np.tile([0, 1], 200))
    assert apart.low == pytest.approx(0.45, abs=0.02)  # 0.5 - 1.96 * 0.5 / sqrt(400)
    assert apart.high == pytest.approx(0.55, abs=0.02)
    assert together == (0.5, 0.0, 1.0)


def test_difference_of_two_models_is_surer_than_their_intervals() -> None:
    random = np.random.default_rng(0)
    theirs = random.random(300)
    ours = theirs + 0.02
    users = np.arange(300)
    assert metrics.paired_difference(ours, theirs, users) == pytest.approx((0.02, 0.02, 0.02))
    assert metrics.interval(ours, users).low < metrics.interval(theirs, users).high


def test_resampled_means_weigh_users_by_their_cases() -> None:
    # user 1 has three cases of 1, user 2 one case of 0: drawn (1, 1), (1, 2) or (2, 2)
    values, users = np.array([[1.0], [1.0], [1.0], [0.0]]), np.array([1, 1, 1, 2])
    means = metrics.resampled_means(values, users, n_samples=200)
    assert set(np.unique(means)) == {0.0, 0.75, 1.0}


def test_interval_of_nothing_is_not_a_number() -> None:
    nothing = np.array([]), np.array([], dtype=int)
    assert np.isnan(metrics.interval(*nothing)).all()


def test_intervals_of_several_models_share_their_draws() -> None:
    random = np.random.default_rng(4)
    users, values = np.repeat(np.arange(40), 2), random.random(80)
    found = metrics.intervals({"ours": values, "theirs": values - 0.1}, users)
    assert found["ours"] == pytest.approx(metrics.interval(values, users))
    assert np.subtract(found["ours"], found["theirs"]) == pytest.approx([0.1, 0.1, 0.1])


def test_interval_over_seeds_is_that_of_the_users_where_seeds_agree() -> None:
    random = np.random.default_rng(4)
    users, values = np.arange(200), random.random(200)
    same = metrics.interval_over_seeds(np.stack([values] * 3, axis=1), users)
    assert same == pytest.approx(metrics.interval(values, users))


def test_interval_over_seeds_holds_what_single_seeds_gave() -> None:
    # Users are alike, so that all that varies is the seed: .1, .2 or .3 for everybody.
    values = np.tile([0.1, 0.2, 0.3], (50, 1))
    found = metrics.interval_over_seeds(values, np.arange(50))
    assert found == pytest.approx((0.2, 0.1, 0.3))


@pytest.mark.pipeline
def test_auc_interval_holds_the_auc_and_narrows_with_more_users() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(0)
    labels = random.random(2_000) < 0.5
    scores = labels + random.normal(scale=2.0, size=2_000)
    low, high = metrics.auc_interval(labels, scores, np.arange(2_000))
    assert low < roc_auc_score(labels, scores) < high
    # Hanley and McNeil's standard error at AUC .64 and 1,000 of each class is .0124
    assert high - low == pytest.approx(2 * 1.96 * 0.0124, rel=0.15)


def test_auc_interval_of_a_score_that_is_no_number_is_refused() -> None:
    scores = np.array([0.1, 0.2, np.nan])
    with pytest.raises(ValueError, match=r"1 of 3 scores are NaN; .* pair 2"):
        metrics.auc_interval(np.array([True, False, True]), scores, np.arange(3))


def test_auc_interval_of_one_class_is_not_a_number() -> None:
    interval = metrics.auc_interval(np.array([True, True]), np.zeros(2), np.arange(2))
    assert np.isnan(interval).all()

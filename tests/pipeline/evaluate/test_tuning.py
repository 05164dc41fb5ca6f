"""Settings are chosen by climbing ladders, with a budget, on values that are known."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluate.baselines import MAX_TRIALS, Baseline, Fitted, Ladder, TrainingData
from pipeline.evaluate.cutoff import TUNING
from pipeline.evaluate.tuning import climb, tune
from recsys.split import TRAIN, VALIDATION
from tests.support.timelines import cutoff_of

pytestmark = pytest.mark.pipeline

LINE = {"width": Ladder((1, 2, 4, 8, 16, 32, 64), 3)}
PLANE = {"width": Ladder((1, 2, 4, 8, 16), 2), "depth": Ladder((1, 2, 3, 4, 5), 2)}


@pytest.mark.parametrize("peak", range(7))
def test_a_single_peak_on_a_ladder_is_found_with_both_neighbors_tried(peak: int) -> None:
    tried = climb(LINE, lambda places: -abs(places[0] - peak))
    assert max(tried, key=lambda places: tried[places]) == (peak,)
    assert {(peak - 1,), (peak + 1,)} & {(place,) for place in range(7)} <= set(tried)


def test_a_step_that_was_better_is_repeated() -> None:
    assert list(climb(LINE, lambda places: places[0])) == [(3,), (4,), (5,), (6,)]
    # up was worse, so one goes down
    assert list(climb(LINE, lambda places: -places[0])) == [(3,), (4,), (2,), (1,), (0,)]


def test_two_settings_are_climbed_in_turn_within_the_budget() -> None:
    def hill(places: tuple[int, ...]) -> float:
        return -((places[0] - 3) ** 2) - (places[1] - 2) ** 2

    tried = climb(PLANE, hill)
    assert max(tried, key=lambda places: tried[places]) == (3, 2)
    assert {(2, 2), (4, 2), (3, 1), (3, 3)} <= set(tried)
    assert len(climb(PLANE, sum, most=3)) == 3


TABLE = [
    (0, 0, 5.0, TRAIN),
    (1, 1, 3.0, TRAIN),
    *((2, item, 4.0, TRAIN) for item in range(2, 12)),
    (0, 2, 5.0, VALIDATION),
    (1, 2, 3.0, VALIDATION),
]


def lifting(best: int, **ladders: Ladder) -> Baseline:
    """A baseline that ranks item 2 the higher, the nearer its setting `lift` is to the best."""

    def fit(data: TrainingData, lift: int, **_: object) -> Fitted:
        scores = np.zeros(data.n_items)
        scores[2] = -abs(lift - best)
        scores[3:] = -np.arange(data.n_items - 3) - 0.5
        return Fitted(lambda users: np.tile(scores, (len(users), 1)), 0)

    return Baseline("lifting", fit, ladders)


def test_the_best_setting_is_kept_and_its_neighbors_were_tried() -> None:
    found = tune(lifting(3, lift=Ladder((0, 1, 2, 3, 4, 5), 1)), cutoff_of(TABLE, 3, 12, TUNING))
    assert found.settings == {"lift": 3}
    assert (found.at_end, found.untried) == ((), ())
    assert len(found.trials) <= MAX_TRIALS


def test_a_best_setting_at_the_end_of_its_ladder_or_beyond_the_budget_is_told() -> None:
    cutoff = cutoff_of(TABLE, 3, 12, TUNING)
    for beyond, ladder in ((9, Ladder((1, 2, 3), 1)), (0, Ladder((1, 2, 3), 1))):
        assert tune(lifting(beyond, lift=ladder), cutoff).at_end == ("lift",)
    assert tune(lifting(0, lift=Ladder((0, 1, 2), 1)), cutoff).at_end == ()
    others = {f"other{number}": Ladder((1, 2, 3), 1) for number in range(4)}
    found = tune(lifting(2, lift=Ladder((1, 2, 3), 1), **others), cutoff)
    assert found.untried == ("other2", "other3")


def test_settings_of_the_parts_are_handed_on() -> None:
    found = tune(
        lifting(3, lift=Ladder((2, 3), 0)), cutoff_of(TABLE, 3, 12, TUNING), {"shrinkage": 30.0}
    )
    assert found.settings == {"shrinkage": 30.0, "lift": 3}


def test_a_single_setting_is_not_measured() -> None:
    found = tune(lifting(3, lift=Ladder((2,))), cutoff_of(TABLE, 3, 12, TUNING))
    assert [trial.settings for trial in found.trials] == [{"lift": 2}]
    assert np.isnan(found.trials[0].ndcg)

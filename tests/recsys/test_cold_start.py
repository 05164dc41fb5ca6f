"""The cold-start order, against tables that can be redone by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recsys import cold_start
from recsys.cold_start import cold_start_order, price_bands


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a handful of interactions be enough, so that tables stay readable."""
    monkeypatch.setattr(cold_start, "MIN_INTERACTIONS", 3)
    monkeypatch.setattr(cold_start, "MIN_ITEMS", 2)


def _order(rows: list[tuple[int, int, float]], prices: list[float], window_days: int = 30):
    item_rows, days, ratings = (np.array(column) for column in zip(*rows, strict=True))
    return cold_start_order(item_rows, days, ratings, np.array(prices, dtype=float), window_days)


def test_most_five_star_ratings_in_the_window_come_first() -> None:
    rows = [(0, 100, 5.0), (1, 99, 5.0), (1, 98, 5.0), (2, 100, 4.0), (2, 99, 4.0), (2, 98, 4.0)]
    assert _order(rows, [10, 10, 10]).order.tolist() == [1, 0, 2]


def test_ratings_before_the_window_do_not_count() -> None:
    old_favorite = [(2, 10, 5.0)] * 9
    rows = [*old_favorite, (0, 100, 5.0), (1, 100, 5.0), (1, 99, 5.0)]
    assert _order(rows, [10, 10, 10]).order.tolist() == [1, 0, 2]


def test_window_is_counted_back_from_the_newest_interaction_of_any_rating() -> None:
    rows = [(0, 40, 5.0), (1, 71, 5.0), (1, 72, 5.0), (0, 71, 5.0), (2, 100, 1.0)]
    result = _order(rows, [10, 10, 10])
    assert result.window_days == 30
    assert result.order.tolist() == [1, 0, 2]


def test_window_that_holds_too_little_is_doubled() -> None:
    rows = [(0, 100, 5.0), (1, 60, 5.0), (1, 59, 5.0)]
    result = _order(rows, [10, 10])
    assert result.window_days == 60
    assert result.order.tolist() == [1, 0]


def test_window_stops_growing_once_it_holds_everything() -> None:
    assert _order([(0, 100, 5.0), (0, 50, 5.0)], [10, 10]).window_days == 60


def test_equal_counts_go_to_the_price_nearest_the_median_then_to_the_lower_row() -> None:
    rows = [(item, 100, 5.0) for item in range(5)]
    prices = [1000.0, 20.0, float("nan"), 10.0, 10.0]
    # Median of the known prices is 15 in log space: ln 10, ln 10, ln 20, ln 1000.
    assert _order(rows, prices).order.tolist() == [1, 3, 4, 0, 2]


def test_first_five_reach_a_second_price_band_where_the_catalog_offers_one() -> None:
    rows = [(item, 100, 5.0) for item in range(5) for _ in range(3)] + [(8, 100, 5.0)]
    prices = [10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 50.0, 50.0, 90.0, 90.0]
    assert _order(rows, prices).order[:6].tolist() == [0, 1, 2, 3, 8, 4]


@pytest.mark.parametrize("n_priced", range(5))
def test_five_items_that_are_not_all_priced_stay_as_they_are(n_priced: int) -> None:
    rows = [(item, 100, 5.0) for item in range(5) for _ in range(6 - item)] + [(5, 100, 5.0)]
    prices = [10.0] * n_priced + [float("nan")] * (5 - n_priced) + [50.0, 50.0, 90.0, 90.0]
    result = _order(rows, prices)
    assert result.order[:5].tolist() == [0, 1, 2, 3, 4]
    assert result.moved_up is None


def test_item_of_unknown_price_brings_no_second_band() -> None:
    rows = [(item, 100, 5.0) for item in range(5) for _ in range(4)]
    rows += [(5, 100, 5.0)] * 2 + [(6, 100, 5.0)]
    prices = [10.0, 10.0, 10.0, 10.0, 10.0, float("nan"), 50.0, 90.0, 90.0]
    result = _order(rows, prices)
    assert result.order[:6].tolist() == [0, 1, 2, 3, 6, 4]
    assert result.moved_up == 6


def test_unrated_item_is_never_lifted_for_its_price() -> None:
    rows = [(item, 100, 5.0) for item in range(5)]
    prices = [10.0, 10.0, 10.0, 10.0, 10.0, 50.0, 90.0]
    assert _order(rows, prices).order[:5].tolist() == [0, 1, 2, 3, 4]


def test_every_item_appears_exactly_once_even_without_interactions() -> None:
    nothing = np.array([], dtype=np.int64)
    result = cold_start_order(nothing, nothing, nothing.astype(float), np.array([3.0, 1.0, 2.0]))
    assert result.order.tolist() == [2, 0, 1]


def test_price_bands_are_terciles_and_unknown_is_minus_one() -> None:
    prices = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, np.nan])
    assert price_bands(prices).tolist() == [0, 0, 1, 1, 2, 2, -1]

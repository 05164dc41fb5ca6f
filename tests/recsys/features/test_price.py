"""Imputed and scaled prices, against hand-computed answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from recsys.features.price import Donors, impute_prices, mean_prices

MISSING = np.nan


def directions(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_missing_price_is_the_mean_of_the_five_nearest_priced_items() -> None:
    prices = np.array([MISSING, 1.0, 2.0, 3.0, 4.0, 5.0, 1000.0, MISSING])
    vectors = directions(0, 10, 20, 30, 40, 50, 90, 1)
    assert impute_prices(prices, vectors)[0] == pytest.approx(3.0)


def test_known_prices_stay_as_they_are() -> None:
    prices = np.array([7.5, MISSING, 0.99])
    assert impute_prices(prices, directions(0, 1, 2))[[0, 2]].tolist() == [7.5, 0.99]


def test_fewer_than_five_priced_items_all_count() -> None:
    prices = np.array([MISSING, 10.0, 20.0])
    assert impute_prices(prices, directions(0, 10, 20))[0] == pytest.approx(15.0)


def test_equally_similar_items_share_the_last_place() -> None:
    # One place for the item at 5 degrees, the other for both at 30: (8 + (2 + 4) / 2) / 2.
    vectors = directions(0, 5, 30, 30)
    prices = np.array([MISSING, 8.0, 2.0, 4.0])
    assert impute_prices(prices, vectors, n_neighbors=2)[0] == pytest.approx(5.5)


def test_length_of_vectors_does_not_matter() -> None:
    prices = np.array([MISSING, 8.0, 2.0])
    vectors = directions(0, 5, 30) * np.array([[3.0], [0.1], [9.0]])
    assert impute_prices(prices, vectors, n_neighbors=1)[0] == pytest.approx(8.0)


def test_item_without_description_takes_the_median_and_lends_its_price_to_nobody() -> None:
    vectors = np.vstack([directions(0, 180), np.zeros((2, 2))])
    filled = impute_prices(np.array([MISSING, 4.0, 100.0, MISSING]), vectors, n_neighbors=1)
    assert filled.tolist() == [4.0, 4.0, 100.0, 52.0]


def test_no_price_at_all_gives_zeros() -> None:
    filled = impute_prices(np.full(3, MISSING), directions(0, 1, 2))
    assert filled.tolist() == [0, 0, 0]


def test_empty_catalog_is_fine() -> None:
    assert impute_prices(np.zeros(0), np.zeros((0, 2))).shape == (0,)


@pytest.mark.pipeline
def test_imputed_prices_agree_with_scikit_learn_over_several_blocks() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is in the pipeline group")
    from sklearn.neighbors import NearestNeighbors

    random = np.random.default_rng(0)
    vectors = random.normal(size=(900, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    prices = random.lognormal(3, 1, size=900)
    missing = random.random(900) < 0.6
    neighbors = NearestNeighbors(n_neighbors=5).fit(vectors[~missing])
    nearest = neighbors.kneighbors(vectors[missing], return_distance=False)
    expected = prices.copy()
    expected[missing] = prices[~missing][nearest].mean(axis=1)
    filled = impute_prices(np.where(missing, np.nan, prices), vectors)
    np.testing.assert_allclose(filled, expected)


def test_order_of_items_does_not_matter() -> None:
    random = np.random.default_rng(1)
    vectors = random.integers(0, 2, size=(60, 3)).astype(np.float32)  # many ties
    prices = np.where(random.random(60) < 0.5, np.nan, random.random(60))
    order = random.permutation(60)
    np.testing.assert_allclose(
        impute_prices(prices[order], vectors[order]), impute_prices(prices, vectors)[order]
    )


def test_nearly_tied_prices_do_not_depend_on_the_block_in_which_an_item_is_compared() -> None:
    random = np.random.default_rng(2)
    n_items, n_priced = 900, 600
    vectors = random.normal(size=384) + 3e-3 * random.normal(size=(n_items, 384))
    prices = np.where(np.arange(n_items) < n_priced, random.lognormal(3, 1, n_items), np.nan)
    together = impute_prices(prices, vectors.astype(np.float16))

    def one_by_one(donors: Donors, blocks: Iterable[FloatArray]) -> Iterator[NDArray[np.float64]]:
        for block in blocks:
            yield np.concatenate(
                [mean_prices(donors, block[row : row + 1]) for row in range(len(block))]
            )

    alone = impute_prices(prices, vectors.astype(np.float16), across=one_by_one)
    assert alone.tolist() == together.tolist()

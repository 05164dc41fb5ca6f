"""Histories, affinities, profiles and visitors of an artifact set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from recsys import columns
from recsys.features.five_star_model import FiveStarModel
from recsys.features.user_profile import FIVE_STAR
from recsys.features.vectors import half_precision
from scoring.affinities import Affinities
from storage.affinity_file import read_similarities
from storage.artifacts import FIVE_STAR_NOTE, ArtifactError, ArtifactPaths, write_frame
from tests.support.artifacts import (
    ANONYMOUS_USER,
    FIRST_DAY,
    USER_WITHOUT_EMBEDDING,
    write_tiny_data,
)
from tests.support.rankers import write_tiny_affinities


@pytest.fixture
def paths(tmp_path: Path) -> ArtifactPaths:
    paths = write_tiny_data(tmp_path)
    write_tiny_affinities(paths)
    return paths


@pytest.fixture
def data(paths: ArtifactPaths) -> AppDataProcessor:
    return AppDataProcessor.from_artifacts(paths)


def add_rows(paths: ArtifactPaths, *rows: tuple[str, int, float, int]) -> None:
    """Append interactions (user, item row, rating, day) to `clean_df.pq`."""
    clean = pd.read_parquet(paths.clean)
    items = pd.read_parquet(paths.item_desc).index
    new = clean.iloc[[0] * len(rows)].assign(
        **{
            columns.USER: [user for user, *_ in rows],
            columns.ITEM: [items[item] for _, item, *_ in rows],
            columns.RATING: [rating for *_, rating, _ in rows],
            columns.REVIEW_TIME: [FIRST_DAY + pd.Timedelta(days=day) for *_, day in rows],
        }
    )
    write_frame(pd.concat([clean, new], ignore_index=True), paths.clean)


def test_a_history_is_what_a_user_reviewed_newest_first(data: AppDataProcessor) -> None:
    assert data.affinities is not None
    assert data.affinities.history(4).tolist() == [6, 5, 4]


def test_affinities_of_a_user_are_those_of_the_history(
    data: AppDataProcessor, paths: ArtifactPaths
) -> None:
    assert data.affinities is not None
    items = pd.read_parquet(paths.item_desc).index
    similarities = read_similarities(paths.item_affinity, items)
    expected = Affinities(similarities, np.int64([0, 3]), np.int32([6, 5, 4])).of_user(0)
    for found, wanted in zip(data.affinities.of_user(4), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_without_similarities_only_users_with_embeddings_are_known(tmp_path: Path) -> None:
    data = AppDataProcessor.from_artifacts(write_tiny_data(tmp_path))
    assert data.affinities is None
    assert data.user_row(USER_WITHOUT_EMBEDDING) is None
    assert data.n_users == 12


def test_with_similarities_whoever_reviewed_an_item_is_known(
    data: AppDataProcessor, paths: ArtifactPaths
) -> None:
    row = data.user_row(USER_WITHOUT_EMBEDDING)
    assert row == 12
    assert data.user_row(ANONYMOUS_USER) is None
    assert data.reviews.seen_items(row).tolist() == [0]
    inputs = data.inputs
    assert not inputs.user_review[row].any()
    item = inputs.item_desc[0] / np.linalg.norm(inputs.item_desc[0])
    np.testing.assert_array_equal(inputs.user_item[row], half_precision(item))
    np.testing.assert_array_equal(
        inputs.user_item[:12], pd.read_parquet(paths.user_item).to_numpy()
    )


def test_a_reviewer_of_nothing_in_the_catalog_stays_unknown(paths: ArtifactPaths) -> None:
    clean = pd.read_parquet(paths.clean)
    stranger = clean.iloc[[0]].assign(**{columns.USER: "stranger", columns.ITEM: "no such item"})
    write_frame(pd.concat([clean, stranger], ignore_index=True), paths.clean)
    assert AppDataProcessor.from_artifacts(paths).user_row("stranger") is None


def test_users_of_another_width_than_items_get_zeros(paths: ArtifactPaths) -> None:
    write_frame(pd.read_parquet(paths.user_item).iloc[:, :5], paths.user_item)
    data = AppDataProcessor.from_artifacts(paths)
    assert data.inputs.user_item.shape == (13, 5)
    assert not data.inputs.user_item[12].any()


def test_a_visitor_is_described_as_a_user_with_that_history(paths: ArtifactPaths) -> None:
    add_rows(
        paths,
        ("cold_start_user", 3, 5.0, 1),
        ("cold_start_user", 7, 5.0, 2),
        ("cold_start_user", 11, 5.0, 3),
    )
    data = AppDataProcessor.from_artifacts(paths)
    row = data.user_row("cold_start_user")
    visitor = data.visitor(np.array([11, 7, 11, 3, 7]))
    assert visitor.history.tolist() == [11, 7, 3]
    assert data.affinities is not None
    assert data.affinities.history(row).tolist() == [11, 7, 3]
    np.testing.assert_array_equal(visitor.user_review[0], data.inputs.user_review[row])
    np.testing.assert_array_equal(visitor.user_item[0], data.inputs.user_item[row])


def test_a_visitor_without_items_has_only_zeros(data: AppDataProcessor) -> None:
    visitor = data.visitor(np.empty(0, dtype=np.int32))
    assert not visitor.user_item.any()
    assert not visitor.user_profile.any()


def test_five_stars_are_as_likely_as_the_item_and_the_user_say(paths: ArtifactPaths) -> None:
    prices = pd.read_parquet(paths.item_price)
    prices[columns.FIVE_STAR_RATE] = np.float32(0.5)
    prices.iloc[9, 1] = 0.99
    write_frame(prices, paths.item_price)
    data = AppDataProcessor.from_artifacts(paths)
    # Each user gave one of three items five stars: (0.5 - 0.5 - 0.5) / 6, once beside 0.99.
    found = data.five_star_probability(data.person(0), np.array([1, 9]))
    np.testing.assert_allclose(found, [0.5 - 0.5 / 6, 0.99 - 0.5 / 6], rtol=1e-6)


def test_five_star_probabilities_stay_probabilities(paths: ArtifactPaths) -> None:
    add_rows(paths, *[("fan", item, 5.0, 50) for item in range(12)])
    prices = pd.read_parquet(paths.item_price)
    prices[columns.FIVE_STAR_RATE] = np.linspace(0, 1, 20, dtype=np.float32)
    write_frame(prices, paths.item_price)
    data = AppDataProcessor.from_artifacts(paths)
    fan = data.person(data.user_row("fan"))
    chances = data.five_star_probability(fan, np.arange(20))
    assert chances.max() == 1
    assert chances.min() > 0.4


def test_of_somebody_unknown_only_the_item_tells_how_likely_five_stars_are(
    paths: ArtifactPaths,
) -> None:
    prices = pd.read_parquet(paths.item_price)
    prices[columns.FIVE_STAR_RATE] = np.linspace(0, 1, 20, dtype=np.float32)
    write_frame(prices, paths.item_price)
    found = AppDataProcessor.from_artifacts(paths).five_star_probability(None, np.array([0, 19]))
    assert found.tolist() == [0, 1]


def test_without_rates_there_is_no_five_star_probability(data: AppDataProcessor) -> None:
    assert data.five_star_probability(None, np.array([1])) is None


def write_note(paths: ArtifactPaths, note: str) -> None:
    rates = np.linspace(0, 1, 20, dtype=np.float32)
    prices = pd.read_parquet(paths.item_price).assign(**{columns.FIVE_STAR_RATE: rates})
    write_frame(prices, paths.item_price, {FIVE_STAR_NOTE: note})


def test_noted_five_star_model_reads_the_item_the_profile_and_the_affinities(
    paths: ArtifactPaths,
) -> None:
    catalog = pd.read_parquet(paths.item_desc)
    name = str(read_similarities(paths.item_affinity, catalog.index).names[0])
    weights = {"intercept": -0.3, "no_history": 0.7, "user.five_star": 2.0, "text_rate": 0.5}
    weights |= {"item.five_star_rate": 1.5, f"affinity.{name}": 0.25}
    width = catalog.shape[1]
    write_note(paths, FiveStarModel(weights, [0.1, *np.linspace(-1, 1, width)]).to_json())
    data = AppDataProcessor.from_artifacts(paths)
    items, rows = np.arange(20), np.full(20, 4)
    texts = data.inputs.item_desc @ np.linspace(-1, 1, width) + 0.1
    logits = -0.3 + 1.5 * np.linspace(0, 1, 20) + 0.5 * texts
    assert data.affinities is not None
    phi = data.affinities.of_pairs(rows, items)[:, 0]
    assert phi.any()
    told = 2.0 * data.person(4).user_profile[0, FIVE_STAR] + 0.25 * phi
    found = data.five_star_probability(data.person(4), items)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits - told)), rtol=1e-5)
    of_nobody = data.five_star_probability(None, items)
    np.testing.assert_allclose(of_nobody, 1 / (1 + np.exp(-logits - 0.7)), rtol=1e-5)
    visitor = data.visitor(data.history(4))
    np.testing.assert_allclose(
        data.five_star_probability(visitor, items),
        1 / (1 + np.exp(-logits - 0.25 * phi)),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    "note",
    [
        "{",
        '{"coefficients": {"intercept": 0, "item.color": 1}, "text_rate": []}',
        '{"coefficients": {"intercept": 0, "affinity.of nobody": 1}, "text_rate": []}',
        '{"coefficients": {"intercept": 0, "text_rate": 1}, "text_rate": [0, 1]}',
    ],
)
def test_five_star_model_that_does_not_fit_its_files_is_refused(
    paths: ArtifactPaths, note: str
) -> None:
    write_note(paths, note)
    with pytest.raises(ArtifactError, match=r"its note five_star_model doesn't fit .* refresh"):
        AppDataProcessor.from_artifacts(paths)


def test_similarities_of_another_catalog_are_refused(paths: ArtifactPaths) -> None:
    for path in (paths.item_desc, paths.item_price):
        write_frame(pd.read_parquet(path).iloc[:-1], path)
    with pytest.raises(ArtifactError, match="not among the 19 items of the catalog"):
        AppDataProcessor.from_artifacts(paths)

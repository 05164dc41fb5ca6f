"""Varied lists and their pages, for every user of a tiny shop, against all scores sorted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from classes.options import RERANKED, RecommendationOptions
from classes.recommender import Recommender
from recsys.ranking import top_rows
from recsys.reranking import cosines, marginal_order, relevance
from tests.support.artifacts import tiny_item_names, tiny_user_names, write_tiny_artifacts

N_USERS, N_ITEMS = 140, 160
USERS = tiny_user_names(N_USERS)
SOME = [*USERS[::10], "zoe", None]
"""Known users, an unknown one and a visitor."""

HISTORY = tuple(tiny_item_names(N_ITEMS)[3:6])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> AppDataProcessor:
    folder = tmp_path_factory.mktemp("many items")
    return AppDataProcessor.from_artifacts(
        write_tiny_artifacts(folder, 3, N_USERS, N_ITEMS, categories=True)
    )


@pytest.fixture(scope="module")
def model(data: AppDataProcessor, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("model")
    paths = write_tiny_artifacts(folder, 3, N_USERS, N_ITEMS, categories=True)
    return Model.from_keras(paths.model, data.inputs)


@pytest.fixture(scope="module")
def recommender(data: AppDataProcessor, model: Model) -> Recommender:
    return Recommender(data, model)


def limited_by_hand(data: AppDataProcessor, ranking: list[int], most: int) -> list[int]:
    kept: list[int] = []
    for row in ranking:
        category = data.facts.category(row)
        if category is None or [data.facts.category(each) for each in kept].count(category) < most:
            kept.append(row)
    return kept


def names(data: AppDataProcessor, rows: list[int]) -> list[str]:
    return data.item_names(np.array(rows, dtype=np.int32))


@pytest.mark.parametrize(("most", "n"), [(1, 5), (2, 5), (1, 100), (3, 100), (40, 100)])
def test_no_list_has_more_of_a_category_and_all_have_n_items_where_they_can_be_had(
    data: AppDataProcessor, model: Model, recommender: Recommender, most: int, n: int
) -> None:
    lists = recommender.recommend(USERS, RecommendationOptions(max_per_category=most, n=n))
    for user_row, user in enumerate(USERS):
        ranking = top_rows(model.score(user_row), N_ITEMS, data.reviews.seen_items(user_row))
        expected = limited_by_hand(data, ranking.tolist(), most)[:n]
        assert lists[user] == names(data, expected)


def test_the_cold_start_list_is_limited_as_others_are(
    data: AppDataProcessor, recommender: Recommender
) -> None:
    popular = limited_by_hand(data, data.cold_start.order[:N_ITEMS].tolist(), 2)
    options = RecommendationOptions(max_per_category=2, n=12)
    assert recommender.recommend(["zoe"], options) == {"zoe": names(data, popular[:12])}


def test_filters_and_exclusions_hold_in_limited_lists_too(
    data: AppDataProcessor, model: Model, recommender: Recommender
) -> None:
    gone = tuple(tiny_item_names(N_ITEMS)[50:60])
    options = RecommendationOptions(max_per_category=3, n=100, price_min=60, exclude=gone)
    lists = recommender.recommend(USERS, options)
    for user_row, user in enumerate(USERS):
        ranking = top_rows(
            model.score(user_row),
            N_ITEMS,
            data.reviews.seen_items(user_row),
            data.facts.prices >= 60,
        )
        allowed = [row for row in ranking.tolist() if data.item(row) not in gone]
        assert lists[user] == names(data, limited_by_hand(data, allowed, 3))


@pytest.mark.parametrize("diversity", [0.1, 0.5, 1.0])
def test_diversity_orders_the_first_hundred_again_and_nothing_after_them(
    data: AppDataProcessor, recommender: Recommender, diversity: float
) -> None:
    def whole(user: str | None, options: RecommendationOptions) -> list[str]:
        pages = (replace(options, offset=offset) for offset in (0, 100))
        return [item for page in pages for item in recommender.recommend([user], page)[user]]

    for user in [*USERS[:20], "zoe"]:
        plain = whole(user, RecommendationOptions(n=100))
        varied = whole(user, RecommendationOptions(n=100, diversity=diversity))
        assert varied[0] == plain[0]
        assert varied != plain
        assert sorted(varied[:RERANKED]) == sorted(plain[:RERANKED])
        assert varied[RERANKED:] == plain[RERANKED:]


def test_diversity_is_maximal_marginal_relevance_over_the_descriptions(
    data: AppDataProcessor, model: Model, recommender: Recommender
) -> None:
    scores = model.score(0)
    first = top_rows(scores, RERANKED, data.reviews.seen_items(0))
    order = marginal_order(
        relevance(scores[first]), cosines(data.inputs.item_desc[first]), 0.5, RERANKED
    )
    options = RecommendationOptions(n=100, diversity=0.5)
    assert recommender.recommend(USERS[:1], options)[USERS[0]] == names(data, first[order].tolist())


@pytest.mark.parametrize(
    "options",
    [
        RecommendationOptions(),
        RecommendationOptions(diversity=0.5),
        RecommendationOptions(max_per_category=6),
        RecommendationOptions(diversity=0.7, max_per_category=6),
        RecommendationOptions(history=HISTORY, exclude=HISTORY[:1], price_max=150),
        RecommendationOptions(history=HISTORY, diversity=0.3, max_per_category=9),
    ],
)
def test_pages_one_after_the_other_are_one_long_list(
    recommender: Recommender, options: RecommendationOptions
) -> None:
    whole = recommender.recommend(SOME, replace(options, n=100))
    pages = [
        recommender.recommend(SOME, replace(options, n=7, offset=offset))
        for offset in range(0, 203, 7)
    ]
    for user in SOME:
        joined = [item for page in pages for item in page[user]]
        assert joined[:100] == whole[user]
        assert len(joined) == len(set(joined))


def test_a_page_in_detail_goes_on_counting_and_says_why_it_is_short(
    data: AppDataProcessor, model: Model, recommender: Recommender
) -> None:
    options = RecommendationOptions(n=10, offset=150)
    found = recommender.recommend_in_detail(USERS[:1], options)[USERS[0]]
    best = top_rows(model.score(0), N_ITEMS, data.reviews.seen_items(0))
    assert found.rows.tolist() == best[150:].tolist()
    assert found.n_before == 150
    assert found.scores is not None
    assert found.scores == pytest.approx(model.outputs(model.score(0)[best[150:]]))
    assert found.reason == (
        "The catalog has 160 items, and 3 of those are excluded or already reviewed. "
        "The page holds places 151 to 160."
    )


def test_a_page_after_the_end_is_empty_and_says_so(recommender: Recommender) -> None:
    options = RecommendationOptions(n=10, offset=990)
    for found in recommender.recommend_in_detail(SOME, options).values():
        assert len(found.rows) == 0
        assert found.reason is not None
        assert found.reason.endswith("The page holds places 991 to 1,000.")


def test_a_list_that_the_limit_keeps_short_says_so(recommender: Recommender) -> None:
    options = RecommendationOptions(n=100, max_per_category=1)
    found = recommender.recommend_in_detail(["zoe"], options)["zoe"]
    left_out = N_ITEMS - len(found.rows)
    assert found.n_candidates == N_ITEMS
    assert found.reason == f"The catalog has 160 items; max_per_category leaves out {left_out}."

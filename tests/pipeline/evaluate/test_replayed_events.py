"""Users asked before each of their events get what a service with the events before gives them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from classes.options import RecommendationOptions
from classes.recommender import Recommender
from recsys import columns
from recsys.interactions import interactions_of
from storage.artifacts import read_clean, write_frame
from tests.support.artifacts import FIRST_DAY, USER_WITHOUT_EMBEDDING
from tests.support.rankers import write_tiny_ranker

pytestmark = pytest.mark.pipeline

CUT = FIRST_DAY + pd.Timedelta(days=12)
TEN = RecommendationOptions(n=10)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, pd.DataFrame]:
    """Artifacts of the first twelve days, and all rows; on the last, somebody new comes twice."""
    paths = write_tiny_ranker(tmp_path_factory.mktemp("replay"))
    clean = read_clean(paths.clean)
    again = clean[clean[columns.USER] == USER_WITHOUT_EMBEDDING]
    other = again.assign(**{columns.ITEM: clean[columns.ITEM].iloc[5]})
    clean = pd.concat([clean, other, again], ignore_index=True)
    write_frame(clean[clean[columns.REVIEW_TIME] < CUT].reset_index(drop=True), paths.clean)
    return paths, clean


def replayed(paths: Any, clean: pd.DataFrame) -> tuple[AppDataProcessor, Any]:
    """The data of the first days, and what replaying the days after them on it gives."""
    from benchmarks.ranking.replay import replay

    data = AppDataProcessor.from_artifacts(paths)
    model = Model.from_keras(paths.model, data.inputs)
    items = pd.Index(data.item_names(np.arange(data.n_items)))
    return data, replay(data, model, interactions_of(clean, items), int(CUT.value // 1_000))


def test_every_rank_is_that_of_a_service_built_with_what_it_knows_then(
    shop: tuple[Any, pd.DataFrame],
) -> None:
    paths, clean = shop
    data, found = replayed(paths, clean)
    late = clean[clean[columns.REVIEW_TIME] >= CUT]
    late = late[late[columns.USER].isin([*map(data.user, range(data.n_users))])]

    @cache
    def recommender_with(rows: tuple[int, ...]) -> Recommender:
        added = late.loc[list(rows)].drop(columns=columns.PRICE).assign(kind="review")
        then = AppDataProcessor.from_artifacts(paths, added=added)
        return Recommender(then, Model.from_keras(paths.model, then.inputs))

    asked: dict[str, list[list[float]]] = {name: [] for name in found.ranks}
    new = clean[clean[columns.USER] == USER_WITHOUT_EMBEDDING].drop_duplicates(columns.ITEM)
    late = pd.concat([late, new]).sort_values(columns.REVIEW_TIME, kind="stable")
    for row in late.itertuples():
        own = late[(late[columns.USER] == row.userName) & (late.index < row.Index)]
        for name, known in (
            ("once", own[:0]),
            ("nightly", own[own[columns.REVIEW_TIME].dt.date < row.reviewTime.date()]),
            ("live", own),
        ):
            ten = recommender_with(tuple(known.index)).recommend([row.userName], TEN)[row.userName]
            asked[name].append([ten.index(row.itemName) + 1 if row.itemName in ten else np.inf])
    for name, expected in asked.items():
        assert found.ranks[name].tolist() == np.concatenate(expected).tolist(), name
    assert found.ranks["live"].tolist() != found.ranks["once"].tolist()
    assert found.in_data.tolist() == [True] * (len(found.users) - 2) + [False] * 2


def test_interaction_with_an_item_that_the_user_has_is_an_event_and_no_case(
    shop: tuple[Any, pd.DataFrame],
) -> None:
    _, found = replayed(*shop)
    assert found.n_before[-2:].tolist() == [0, 1]


def test_means_are_over_users_and_differences_are_of_the_same_users() -> None:
    from benchmarks.ranking.replay import Replay
    from benchmarks.ranking.replay_events import numbers

    ranks = {
        "once": np.array([np.inf, np.inf, 1.0]),
        "nightly": np.array([np.inf, 1.0, 1.0]),
        "live": np.array([1.0, 1.0, np.inf]),
    }
    known = np.array([True, True, False])
    found = numbers(Replay(np.array([4, 4, 9]), known, np.array([0, 1, 0]), ranks))
    assert {name: group["users"] for name, group in found.items()} == {
        "all": 2,
        "known when the data was loaded": 1,
        "new since": 1,
        "after the first event": 1,
    }
    assert [found["all"][name]["value"] for name in ranks] == [0.5, 0.75, 0.5]
    assert found["all"]["live ahead"] == {"value": 0.0, "low": -1.0, "high": 1.0}
    assert found["after the first event"]["nightly ahead"]["value"] == 1

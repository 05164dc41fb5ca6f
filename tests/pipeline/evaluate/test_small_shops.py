"""Shops drawn from a large data set share no user, and their users count together."""

from __future__ import annotations

import numpy as np
import pytest

from recsys import columns
from storage.artifacts import ArtifactPaths, read_clean
from storage.artifacts.frames import read_frame
from tests.support.chain_artifacts import N_USERS, write_chain_artifacts

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    return write_chain_artifacts(tmp_path_factory.mktemp("chain"))


def test_shops_share_no_user_and_hold_all_reviews_and_items_of_theirs(paths: ArtifactPaths) -> None:
    from benchmarks.ranking.small_shops import shops

    whole, met = read_clean(paths.clean), set[str]()
    for shop in shops(paths, N_USERS // 3, 3, seed=7):
        own = read_clean(shop.clean)
        users = set(own[columns.USER])
        assert len(users) == N_USERS // 3
        assert not users & met
        assert len(own) == whole[columns.USER].isin(users).sum()
        for path in (shop.item_desc, shop.item_price):
            assert set(read_frame(path).index) == set(own[columns.ITEM])
        met |= users


def test_no_more_shops_are_drawn_than_there_are_users_for(paths: ArtifactPaths) -> None:
    from benchmarks.ranking.small_shops import shops

    assert len(list(shops(paths, N_USERS, 5, seed=7))) == 1


def test_users_of_all_shops_count_alike() -> None:
    from benchmarks.ranking.small_shops import numbers

    def reached(ranker: list[float], popularity: list[float]) -> dict[str, dict[str, np.ndarray]]:
        ndcg = {"ranker": np.array(ranker), "popularity": np.array(popularity)}
        return {"validation": ndcg, "test": ndcg}

    found = numbers([(10, reached([1, 0, 0.5], [0, 0, 0])), (20, reached([1], [1]))])
    assert (found["lists"], found["test_users"]) == (15, 4)
    assert found["models"]["ranker"]["test"]["ndcg@10"] == 0.625
    assert found["models"]["popularity"]["test"]["ranker_ahead"]["value"] == 0.375


def test_a_shop_is_measured_by_every_model_on_the_same_users(paths: ArtifactPaths) -> None:
    from benchmarks.ranking.small_shops import BASELINES, OWN, PRIOR, PUBLISHED, measure

    n_lists, reached = measure(paths, seed=7)
    assert n_lists > 0
    names = {PUBLISHED, OWN, PRIOR, *(baseline.name for baseline in BASELINES)}
    for by_model in reached.values():
        assert set(by_model) == names
        assert len({len(ndcg) for ndcg in by_model.values()}) == 1

"""With affinities, too, every way to score gives `model.predict`'s ranking, to all alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from recsys.history import NO_WEIGHTS
from recsys.ranking import Ranking
from scoring.inputs import Visitor
from storage.artifacts import ArtifactPaths, write_frame
from tests.support.rankers import deep_ranker, ranker, save, unsplit_ranker, write_tiny_ranker
from tests.support.search_cases import as_lists

N_USERS, N_ITEMS, WIDTH = 40, 700, 6


WIDTHS = (WIDTH, WIDTH, WIDTH, 2, 3, 4)


NO_ROWS = np.empty(0, dtype=np.int32)


NETWORKS: dict[str, Callable[[int], Any]] = {
    "five inputs": lambda seed: ranker(WIDTHS[:5], seed),
    "six inputs": lambda seed: ranker(WIDTHS, seed),
    "deep": lambda seed: deep_ranker(WIDTHS, seed),
    "unsplit": lambda seed: unsplit_ranker(WIDTHS, seed),
}


ENGINES = {
    "five inputs": "relu units",
    "six inputs": "relu units",
    "deep": "joint steps",
    "unsplit": "through relu of it",
}


class Served(NamedTuple):
    """A model beside its network and the data that both read."""

    way: str
    network: Any
    model: Model
    data: AppDataProcessor


@pytest.fixture(scope="module", params=NETWORKS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder = tmp_path_factory.mktemp("ranker")
    paths = write_tiny_ranker(folder, n_users=N_USERS, n_items=N_ITEMS, width=WIDTH)
    add_cold_start_user(paths)
    add_window_shopper(paths)
    network = NETWORKS[request.param](1)
    save(network, paths.model)
    data = AppDataProcessor.from_artifacts(paths)
    Model.from_keras(paths.model, data.inputs).save(paths.model.parent)
    return Served(request.param, network, Model.open(paths.model.parent, data.inputs), data)


def add_cold_start_user(paths: ArtifactPaths) -> None:
    """Somebody without embeddings reviews the items 300, 20 and 7, the last of them last."""
    clean = pd.read_parquet(paths.clean)
    items = pd.read_parquet(paths.item_desc).index[[300, 20, 7]]
    last = clean["reviewTime"].max()
    rows = clean.iloc[[0, 0, 0]].assign(
        userName="cold_start_user", itemName=list(items), reviewTime=[last, last, last]
    )
    write_frame(pd.concat([clean, rows], ignore_index=True), paths.clean)


def add_window_shopper(paths: ArtifactPaths) -> None:
    """Somebody viewed the items 30 and 60, bought 90 and hid 120, in this order."""
    clean = pd.read_parquet(paths.clean)
    rows = clean.iloc[[0] * 4].assign(
        userName="window_shopper",
        itemName=list(pd.read_parquet(paths.item_desc).index[[30, 60, 90, 120]]),
        rating=np.nan,
        kind=["view", "view", "purchase", "hide"],
    )
    write_frame(pd.concat([clean, rows], ignore_index=True), paths.clean)


def predicted(
    served: Served, vectors: list[np.ndarray], history: np.ndarray, weights: np.ndarray = NO_WEIGHTS
) -> np.ndarray:
    """The network's own outputs for all items, from a dense matrix of affinities."""
    inputs = served.data.inputs
    affinity = np.zeros((N_ITEMS, 3), dtype=np.float32)
    touched, phi = served.data.affinities.of_history(history, weights)
    affinity[touched] = phi
    review, bought, profile = (np.tile(vector, (N_ITEMS, 1)) for vector in vectors)
    given = [review, bought, inputs.item_desc, inputs.item_price, affinity, profile]
    wanted = given[: len(served.network.inputs)]
    return served.network.predict(wanted, batch_size=N_ITEMS, verbose=0).reshape(-1)


def predicted_for_user(served: Served, user: int) -> np.ndarray:
    inputs = served.data.inputs
    vectors = [inputs.user_review[user], inputs.user_item[user], inputs.user_profile[user]]
    affinities = served.data.affinities
    return predicted(served, vectors, affinities.history(user), affinities.history_weights(user))


def assert_ranks_as(found: Ranking, outputs: np.ndarray, model: Model) -> None:
    """The same items; where float32 can't tell two outputs apart, either may come first."""
    best = np.argsort(-outputs, kind="stable")[: len(found.rows)]
    np.testing.assert_allclose(outputs[found.rows], outputs[best], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.outputs(found.scores), outputs[found.rows], atol=1e-5)


def test_each_network_is_scored_by_the_fastest_exact_way(served: Served) -> None:
    assert ENGINES[served.way] in served.model.describe()


def test_the_ranking_is_that_of_predict_with_dense_affinities(served: Served) -> None:
    for user in (0, 7, 21, N_USERS):
        expected = predicted_for_user(served, user)
        assert_ranks_as(served.model.top_k([user], 10, [NO_ROWS])[0], expected, served.model)
        touched = served.data.affinities.of_user(user)[0]
        scores = served.model.score(user)
        assert len(touched) > 10
        np.testing.assert_allclose(
            served.model.outputs(scores)[touched], expected[touched], atol=1e-5
        )


def test_the_ranking_is_that_of_the_scores(served: Served) -> None:
    for user in range(4):
        scores = served.model.score(user)
        ranking = served.model.top_k([user], N_ITEMS, [NO_ROWS])[0]
        assert ranking.rows.tolist() == np.argsort(-scores, kind="stable").tolist()
        assert ranking.scores.tolist() == scores[ranking.rows].tolist()


def test_many_users_get_the_bits_that_each_gets_alone(served: Served) -> None:
    users = [int(user) for user in np.random.default_rng(0).permutation(N_USERS + 1)][:20]
    excluded = [served.data.reviews.seen_items(user) for user in users]
    together = served.model.top_k(users, 5, excluded)
    alone = [
        served.model.top_k([user], 5, [rows])[0] for user, rows in zip(users, excluded, strict=True)
    ]
    assert as_lists(together) == as_lists(alone)


def test_threads_do_not_disturb_each_other(served: Served) -> None:
    users = [user % N_USERS for user in range(80 if served.way != "unsplit" else 8)]
    alone = [served.model.top_k([user], 5, [NO_ROWS])[0] for user in users]
    with ThreadPoolExecutor(4) as threads:
        together = list(
            threads.map(lambda user: served.model.top_k([user], 5, [NO_ROWS])[0], users)
        )
    assert as_lists(together) == as_lists(alone)


def test_candidates_and_excluded_rows_both_hold(served: Served) -> None:
    whole = served.model.top_k([3], N_ITEMS, [NO_ROWS])[0].rows
    candidates = np.zeros(N_ITEMS, dtype=np.bool_)
    candidates[whole[10:30]] = True
    excluded = np.sort(whole[5:15])
    assert (
        served.model.top_k([3], 5, [excluded], candidates)[0].rows.tolist() == whole[15:20].tolist()
    )
    assert (
        served.model.top_k([3], 50, [excluded], candidates)[0].rows.tolist()
        == whole[15:30].tolist()
    )


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_with_offsets_users_and_visitors_get_the_argsort_of_score_plus_offset(
    served: Served, scale: float
) -> None:
    rng = np.random.default_rng(6)
    offsets = scale * rng.normal(size=N_ITEMS) * (rng.random(N_ITEMS) < 0.4)
    offsets = offsets.astype(np.float32)
    users = list(range(0, N_USERS, 3))
    together = served.model.top_k(users, 12, [NO_ROWS] * len(users), None, offsets)
    for user, ranking in zip(users, together, strict=True):
        raised = served.model.score(user) + offsets
        expected = np.argsort(-raised, kind="stable")[:12]
        assert ranking.rows.tolist() == expected.tolist()
        assert ranking.scores.tolist() == raised[expected].tolist()
    visitor = served.data.visitor(np.array([40, 3, 555]))
    whole = served.model.top_k_of_visitor(visitor, N_ITEMS, NO_ROWS)
    raised = np.empty(N_ITEMS, np.float32)
    raised[whole.rows] = whole.scores
    raised += offsets
    found = served.model.top_k_of_visitor(visitor, 12, NO_ROWS, None, offsets)
    assert found.rows.tolist() == np.argsort(-raised, kind="stable")[:12].tolist()


def test_a_visitor_gets_what_predict_says_of_the_items_named(served: Served) -> None:
    visitor = served.data.visitor(np.array([40, 3, 555]))
    found = served.model.top_k_of_visitor(visitor, 10, NO_ROWS)
    vectors = [visitor.user_review[0], visitor.user_item[0], visitor.user_profile[0]]
    assert_ranks_as(found, predicted(served, vectors, visitor.history), served.model)


def test_a_visitor_with_a_users_history_gets_the_users_list(served: Served) -> None:
    cold_start_user = served.data.user_row("cold_start_user")
    history = served.data.affinities.history(cold_start_user)
    assert history.tolist() == [7, 20, 300]
    visitor: Visitor = served.data.visitor(history)._replace(
        user_profile=served.data.inputs.user_profile[cold_start_user, None]
    )
    candidates = np.random.default_rng(5).random(N_ITEMS) < 0.5
    for mask in (None, candidates):
        as_visitor = served.model.top_k_of_visitor(visitor, 10, np.sort(history), mask)
        as_user = served.model.top_k([cold_start_user], 10, [np.sort(history)], mask)[0]
        assert as_lists([as_visitor]) == as_lists([as_user])


def test_what_was_viewed_and_hidden_counts_as_it_weighs(served: Served) -> None:
    row = served.data.user_row("window_shopper")
    person = served.data.person(row)
    assert person.history.tolist() == [120, 90, 60, 30]
    assert person.history_weights.tolist() == pytest.approx([-1, 1, 0.3, 0.3])
    as_user = served.model.top_k([row], 10, [NO_ROWS])
    assert_ranks_as(as_user[0], predicted_for_user(served, row), served.model)
    assert as_lists([served.model.top_k_of_visitor(person, 10, NO_ROWS)]) == as_lists(as_user)
    together = served.model.top_k([0, row, 3], 10, [NO_ROWS] * 3)
    assert as_lists(together[1:2]) == as_lists(as_user)
    alike = served.model.top_k_of_visitor(
        person._replace(history_weights=NO_WEIGHTS), N_ITEMS, NO_ROWS
    )
    whole = served.model.top_k([row], N_ITEMS, [NO_ROWS])[0]
    assert whole.scores.tolist() != alike.scores.tolist()

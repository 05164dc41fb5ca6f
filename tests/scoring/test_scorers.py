"""Every way to score gives `model.predict`'s ranking, and the same bits however it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classes.model import Model
from scoring.compiled_search import prepare_search
from scoring.head.joint import Head
from scoring.inputs import ModelInputs
from scoring.keras_file import MODEL_FILE
from scoring.saved_half import SavedHalf
from scoring.search.entries import ENTRIES
from scoring.search_scorer import SearchScorer
from scoring.split.halves import Half
from scoring.split_files import SplitParts
from tests.support.search_cases import as_lists

N_USERS, N_ITEMS, WIDTH = 40, 700, 6
WAYS = ("additive", "deep", "unsplit")
NO_ROWS = np.empty(0, dtype=np.int32)
NO_HALF = SavedHalf(lambda: Half(()))


@pytest.fixture(scope="module")
def inputs() -> ModelInputs:
    rng = np.random.default_rng(0)
    shapes = ((N_USERS, WIDTH), (N_USERS, WIDTH), (N_ITEMS, WIDTH), (N_ITEMS, 1))
    return ModelInputs(*(rng.normal(size=shape).astype(np.float32) for shape in shapes))


@pytest.fixture(scope="module", params=WAYS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with the Keras file of a network that is scored in one of the ways."""
    folder = tmp_path_factory.mktemp(request.param)
    network_for(request.param).save(folder / MODEL_FILE)
    return folder


@pytest.fixture(scope="module")
def model(folder: Path, inputs: ModelInputs) -> Model:
    Model.from_keras(folder / MODEL_FILE, inputs).save(folder)
    return Model.open(folder, inputs)


def network_for(way: str) -> Any:
    """A network of the reference form, one with a second hidden layer, or one that doesn't split."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    given = [keras.Input((width,)) for width in (WIDTH, WIDTH, WIDTH, 1)]
    hidden = layers.Dense(16, activation="relu")(layers.Concatenate()(given))
    if way == "deep":
        hidden = layers.Dense(8, activation="tanh")(hidden)
    if way == "unsplit":
        hidden = layers.Reshape((16,))(layers.Conv1D(1, 3, padding="same")(hidden[:, :, None]))
    return keras.Model(given, layers.Dense(1, activation="sigmoid")(hidden))


def test_each_network_is_scored_by_the_fastest_exact_way(model: Model, folder: Path) -> None:
    expected = {"additive": "searched in", "deep": "joint steps", "unsplit": "Keras in large"}
    assert expected[folder.name.rstrip("0123456789")] in model.describe()


def test_the_ranking_is_that_of_predict_over_all_items(
    model: Model, folder: Path, inputs: ModelInputs
) -> None:
    import keras

    network = keras.saving.load_model(folder / MODEL_FILE)
    for user in range(0, N_USERS, 7):
        sides = [np.repeat(side[user : user + 1], N_ITEMS, axis=0) for side in inputs.tables[:2]]
        expected = network.predict([*sides, *inputs.tables[2:]], verbose=0).reshape(-1)
        ranking = model.top_k([user], 10, [NO_ROWS])[0]
        assert ranking.rows.tolist() == np.argsort(-expected, kind="stable")[:10].tolist()
        assert model.outputs(ranking.scores) == pytest.approx(expected[ranking.rows], abs=1e-5)


def test_many_users_get_the_bits_that_each_gets_alone(model: Model) -> None:
    rng = np.random.default_rng(2)
    users = [int(user) for user in rng.permutation(N_USERS)]
    excluded = [
        np.sort(rng.choice(N_ITEMS, user, replace=False)).astype(np.int32) for user in users
    ]
    for candidates in (None, rng.random(N_ITEMS) < 0.1):
        together = model.top_k(users, 5, excluded, candidates)
        alone = [
            model.top_k([user], 5, [rows], candidates)[0]
            for user, rows in zip(users, excluded, strict=True)
        ]
        assert as_lists(together) == as_lists(alone)
    assert model.top_k([], 5, []) == []


def test_the_ranking_is_that_of_the_scores(model: Model) -> None:
    for user in range(5):
        scores = model.score(user)
        assert scores.shape == (N_ITEMS,)
        ranking = model.top_k([user], N_ITEMS, [NO_ROWS])[0]
        assert ranking.rows.tolist() == np.argsort(-scores, kind="stable").tolist()
        assert ranking.scores.tolist() == scores[ranking.rows].tolist()


def test_offsets_are_added_to_logits_whatever_scores(
    model: Model, folder: Path, inputs: ModelInputs
) -> None:
    import keras

    network = keras.saving.load_model(folder / MODEL_FILE)
    offsets = np.zeros(N_ITEMS, dtype=np.float32)
    offsets[::3] = 1.0
    for user in range(0, N_USERS, 7):
        sides = [np.repeat(side[user : user + 1], N_ITEMS, axis=0) for side in inputs.tables[:2]]
        chances = network.predict([*sides, *inputs.tables[2:]], verbose=0).reshape(-1)
        raised = np.log(chances / (1.0 - chances.astype(np.float64))) + offsets
        found = model.top_k([user], 10, [NO_ROWS], None, offsets)[0]
        assert found.rows.tolist() == np.argsort(-raised, kind="stable")[:10].tolist()


def test_candidates_and_excluded_rows_both_hold(model: Model) -> None:
    whole = model.top_k([3], N_ITEMS, [NO_ROWS])[0].rows
    candidates = np.zeros(N_ITEMS, dtype=np.bool_)
    candidates[whole[10:30]] = True
    excluded = np.sort(whole[5:15])
    assert model.top_k([3], 5, [excluded], candidates)[0].rows.tolist() == whole[15:20].tolist()
    assert model.top_k([3], 50, [excluded], candidates)[0].rows.tolist() == whole[15:30].tolist()
    assert model.top_k([3], 5, [excluded], np.zeros(N_ITEMS, dtype=np.bool_))[0].rows.tolist() == []


def test_nothing_is_compiled_for_a_request_once_the_search_is_prepared(
    folder: Path, inputs: ModelInputs, tmp_path: Path
) -> None:
    prepare_search(tmp_path)
    model = Model.open(folder, inputs)
    compiled = [len(entry.signatures) for entry in ENTRIES]
    for excluded in (NO_ROWS, np.array([1, 2], dtype=np.int32)):
        for candidates in (None, np.ones(N_ITEMS, dtype=np.bool_)):
            model.top_k([0], 5, [excluded], candidates)[0]
        model.top_k(range(3), 5, [excluded] * 3)
        model.top_k([2, 1], 7, [excluded[:0], excluded])
    model.score(0)
    assert [len(entry.signatures) for entry in ENTRIES] == compiled
    assert compiled == [1] * len(ENTRIES)


def flat_halves(n_items: int) -> tuple[Head, Any, Any]:
    """A head and halves whose scores differ by less than bytes can tell apart."""
    rng = np.random.default_rng(3)
    items = rng.normal(size=(n_items, 9)).astype(np.float32)
    items[:, :8] = 1e-6 * items[:, :8] + np.where(np.arange(n_items) % 2, 1, -1)[:, None]
    items[:, 8] = 0
    users = rng.normal(size=(20, 9)).astype(np.float32)
    return Head(8, 0, np.ones(8, np.float32), 0.0), users, items


def test_bytes_are_used_where_they_spare_scoring_and_only_there() -> None:
    said: list[str] = []
    head, users, items = flat_halves(2_000)
    scorer = SearchScorer.build(SplitParts(head, users, NO_HALF, NO_HALF), items, say=said.append)
    assert "searched in float32" in scorer.describe()
    assert said[0].endswith("of the items to score exactly: not used.")
    rng = np.random.default_rng(4)
    items = rng.normal(size=(20_000, 9)).astype(np.float32)
    scorer = SearchScorer.build(SplitParts(head, users, NO_HALF, NO_HALF), items, say=said.append)
    assert "bytes an item" in scorer.describe()
    assert said[1].startswith("Bytes leave 0.")


def test_opening_takes_the_saved_peaks_and_codes_and_reads_no_item(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    head = flat_halves(1)[0]
    users, items = (rng.normal(size=(n, 9)).astype(np.float32) for n in (20, 20_000))
    parts = SplitParts(head, users, NO_HALF, NO_HALF)
    SearchScorer.build(parts, items).save(tmp_path)
    arrays = {path.stem: np.load(path, mmap_mode="r") for path in tmp_path.glob("*.npy")}
    assert arrays["peaks"].tolist() == np.abs(items).max(axis=0).tolist()
    unreadable = arrays | {"item_half": np.full_like(items, np.nan)}
    assert SearchScorer.from_arrays(parts, unreadable).describe().endswith("bytes an item")
    reopened = SearchScorer.from_arrays(parts, arrays)
    fresh = SearchScorer.build(parts, items)
    every = [NO_ROWS] * 20
    assert as_lists(reopened.top_k(range(20), 5, every)) == as_lists(
        fresh.top_k(range(20), 5, every)
    )

"""One head, whether fitted, saved by Keras or asked about a catalog; and how it is validated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.train.ranker.data import RankerData
from pipeline.train.ranker.feature_state import RECENCY_DECAY
from pipeline.train.ranker.head import RankerHead, catalog_scores
from pipeline.train.ranker.item_columns import ITEM_COLUMNS
from pipeline.train.ranker.lists import Targets, pair_features
from pipeline.train.ranker.training import Fold
from pipeline.train.ranker.validation import validate
from recsys.interactions import Interactions
from tests.support.chain_artifacts import N_ITEMS

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

N_INPUTS = len(ITEM_COLUMNS) + len(RECENCY_DECAY) + 4


@pytest.fixture
def head() -> RankerHead:
    random = np.random.default_rng(1)
    sizes: tuple[tuple[int, ...], ...] = ((N_INPUTS,), (N_INPUTS, 6), (6,), (6,))
    return RankerHead(*(random.normal(size=size).astype(np.float32) for size in sizes))


def test_catalog_scores_are_the_scores_of_all_pairs(folds: list[Fold], head: RankerHead) -> None:
    state = folds[-1].state(1.0)
    users = np.array([3, 77, 149])
    scores = catalog_scores(head, state, users)
    for row, user in enumerate(users):
        features = pair_features(state, np.full(N_ITEMS, user), np.arange(N_ITEMS))
        assert scores[row] == pytest.approx(head.score(features), abs=1e-4)


def test_keras_model_is_the_head_and_splits_exactly(head: RankerHead, tmp_path: Path) -> None:
    import keras

    from pipeline.train.ranker.network import build_ranker
    from scoring.split.graph_split import split

    widths = (1 + len(ITEM_COLUMNS), len(RECENCY_DECAY), 4)
    build_ranker(head, (5, 6, 7), widths).save(tmp_path / "ranker.keras")
    model = keras.saving.load_model(tmp_path / "ranker.keras")
    random = np.random.default_rng(0)
    inputs = [random.normal(size=(9, w)).astype(np.float32) for w in (5, 6, 7, *widths)]
    features = np.concatenate([inputs[3][:, 1:], inputs[4], inputs[5]], axis=1)
    output = model.predict(inputs, verbose=0).reshape(-1)
    assert output == pytest.approx(head.score(features), abs=1e-4)
    assert split(model).affinity_weights is not None


def test_scaling_leaves_the_order_of_items_alone(head: RankerHead) -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(50, N_INPUTS)).astype(np.float32)
    mean = random.normal(size=N_INPUTS).astype(np.float32)
    spread = random.uniform(0.5, 2, N_INPUTS).astype(np.float32)
    difference = head.score((x - mean) / spread) - head.unscaled(mean, spread).score(x)
    assert np.ptp(difference) == pytest.approx(0, abs=1e-3)


def test_validation_leaves_out_what_was_chosen_before(data: RankerData) -> None:
    nothing = np.array([0])
    names = np.array(["ann"], dtype=object)
    before = Interactions(nothing, np.array([2]), nothing, np.float32([5]), nothing, names)
    targets = Targets(np.array([0, 0]), np.array([1, 3]))

    def scores(users: np.ndarray) -> np.ndarray:
        return np.tile(np.array([0.0, 5.0, 9.0, 3.0]), (len(users), 1))

    found = validate(scores, before, targets, known=np.ones(4, dtype=bool))
    assert (found.ndcg, found.hit_rate, found.n_cases) == (1.0, 1.0, 2)  # ranks 1 and 2


def test_validation_ranks_among_known_items(data: RankerData) -> None:
    nothing = np.array([0])
    names = np.array(["ann"], dtype=object)
    before = Interactions(nothing, np.array([2]), nothing, np.float32([5]), nothing, names)

    def scores(users: np.ndarray) -> np.ndarray:
        return np.tile(np.array([7.0, 5.0, 9.0, 6.0]), (len(users), 1))

    targets, known = Targets(np.array([0]), np.array([1])), np.array([False, True, True, True])
    assert validate(scores, before, targets, known).ndcg == pytest.approx(1 / np.log2(3))

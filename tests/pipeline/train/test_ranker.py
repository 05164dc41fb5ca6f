"""The ranker learns what comes next, from the past alone, and is refused where it is no good."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.errors import PipelineError
from pipeline.train.progress import silently
from pipeline.train.ranker import stacking, training
from pipeline.train.ranker.data import RankerData, read_ranker_data
from pipeline.train.ranker.feature_state import RECENCY_DECAY, FeatureState, features_at
from pipeline.train.ranker.head import RankerHead, catalog_scores
from pipeline.train.ranker.item_columns import HAS_HISTORY, ITEM_COLUMNS, as_unreviewed
from pipeline.train.ranker.lists import (
    HIDDEN_CANDIDATES,
    HIDDEN_TARGETS,
    Targets,
    make_lists,
    pair_features,
    targets_of,
)
from pipeline.train.ranker.stage import refuse_worse
from pipeline.train.ranker.training import (
    BEFORE_VALIDATION,
    Fold,
    RankerTrial,
    choose_decay_scale,
    fit,
    lists_of,
    make_folds,
    try_out,
)
from pipeline.train.ranker.validation import ValidationMetrics, validate
from recsys import columns
from recsys.interactions import Interactions
from recsys.split import temporal_cuts
from storage.affinity_file import read_similarities
from storage.artifacts import ArtifactPaths, read_clean, write_frame
from tests.support.chain_artifacts import (
    N_ITEMS,
    N_STEPS,
    N_USERS,
    WIDTH,
    item_of,
    write_chain_artifacts,
)
from tests.support.similarities import dense_affinities

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

N_INPUTS = len(ITEM_COLUMNS) + len(RECENCY_DECAY) + 4


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    return write_chain_artifacts(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="module")
def data(paths: ArtifactPaths) -> RankerData:
    return read_ranker_data(paths)


@pytest.fixture(scope="module")
def folds(data: RankerData) -> list[Fold]:
    return make_folds(data, 10.0, silently)


@pytest.fixture
def head() -> RankerHead:
    random = np.random.default_rng(1)
    sizes: tuple[tuple[int, ...], ...] = ((N_INPUTS,), (N_INPUTS, 6), (6,), (6,))
    return RankerHead(*(random.normal(size=size).astype(np.float32) for size in sizes))


def number_of(row: int) -> int:
    """The number in the name of the user of a row; rows are in the order of names."""
    return int(sorted(str(u) for u in range(N_USERS))[row])


def run_stage(paths: ArtifactPaths, *options: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_PATH", str(paths.clean.parent))
        patch.setenv("EMBEDDINGS_PATH", str(paths.item_desc.parent))
        patch.setenv("MODEL_PATH", str(paths.model.parent))
        return main(["train", *options])


def test_published_files_predict_what_comes_next(tmp_path: Path) -> None:
    import keras

    paths = write_chain_artifacts(tmp_path)
    assert run_stage(paths, "--objective", "ranker") == 0
    items = pd.read_parquet(paths.item_price)
    data = read_ranker_data(paths)
    similarities = read_similarities(paths.item_affinity, items.index)
    history = data.interactions.histories()
    model = keras.saving.load_model(paths.model)
    users = np.arange(0, N_USERS, 10)
    phi = dense_affinities(similarities, history, users)
    found = []
    for place, user in enumerate(users):
        nothing, profile = np.zeros((N_ITEMS, WIDTH)), np.zeros((N_ITEMS, 4))
        inputs = [nothing, nothing, nothing, items.to_numpy(np.float32), phi[place], profile]
        scores = model.predict(inputs, verbose=0).reshape(-1)
        scores[history.of(int(user))] = -np.inf
        found.append(int(np.argmax(scores)) == item_of(number_of(int(user)), N_STEPS))
    assert np.mean(found) > 0.5
    card = json.loads(paths.model.with_suffix(".json").read_text())
    assert card["widths"] == [WIDTH, WIDTH, WIDTH, 9, len(RECENCY_DECAY), 4]
    validation = card["validation"]
    assert validation["ranker"]["ndcg@10"] > 2 * validation["popularity"]["ndcg@10"]


def test_rating_network_takes_the_ranker_s_columns_away_again(tmp_path: Path) -> None:
    import keras

    paths = write_chain_artifacts(tmp_path)
    price = pd.read_parquet(paths.item_price)
    write_frame(price.assign(five_star_rate=np.float32(1)), paths.item_price)
    assert run_stage(paths, "--objective", "rating", "--epochs", "1") == 0
    assert list(pd.read_parquet(paths.item_price).columns) == [columns.PRICE]
    assert [t.shape[1] for t in keras.saving.load_model(paths.model).inputs] == [WIDTH] * 3 + [1]


def shuffled_after(rows: Interactions, day: int, seed: int) -> Interactions:
    """Give the rows from a day on to other items, with other ratings and at other times."""
    later = np.flatnonzero(rows.days >= day)
    random = np.random.default_rng(seed)
    changed = {}
    for name in ("users", "items", "ratings"):
        column = getattr(rows, name).copy()
        column[later] = column[random.permutation(later)]
        changed[name] = column
    return replace(rows, **changed)


def test_shuffling_the_future_changes_nothing_that_was_trained(data: RankerData) -> None:
    from pipeline.train.ranker.fitting import RankerPlan

    end = temporal_cuts(data.interactions.days).validation_end_day
    other = replace(data, interactions=shuffled_after(data.interactions, end, seed=5))
    assert not np.array_equal(other.interactions.items, data.interactions.items)
    plan = RankerPlan(hidden_units=4, n_heads=2, epochs=2)
    results = []
    for given in (data, other):
        folds = make_folds(given, 10.0, silently)
        lists = lists_of(folds, 1.0, seed=0)
        trial = try_out(lists[BEFORE_VALIDATION], folds[-1], 1.0, plan, silently)
        results.append((folds, lists, trial, fit(lists, plan, silently)))
    (folds, lists, trial, head), (other_folds, other_lists, other_trial, other_head) = results
    assert trial == other_trial
    for mine, theirs in zip(lists, other_lists, strict=True):
        assert np.array_equal(mine.features, theirs.features)
    for fold, other_fold in zip(folds, other_folds, strict=True):
        similarities, others = (each.state(1.0).similarities for each in (fold, other_fold))
        assert np.array_equal(similarities.weights, others.weights)
        assert np.array_equal(fold.parts.columns, other_fold.parts.columns)
    assert np.array_equal(head.linear, other_head.linear)
    assert np.array_equal(head.hidden, other_head.hidden)


def test_folds_predict_days_that_their_state_has_not_seen(folds: list[Fold]) -> None:
    for fold in folds:
        known = set(zip(fold.before.users.tolist(), fold.before.items.tolist(), strict=True))
        asked = zip(fold.targets.users.tolist(), fold.targets.items.tolist(), strict=True)
        assert len(fold.targets.users) > 0
        assert not known & set(asked)
    sizes = [len(fold.before.users) for fold in folds]
    assert sizes == sorted(sizes)
    assert sizes[-1] == pytest.approx(0.8 * N_USERS * N_STEPS, rel=0.1)


def test_folds_of_the_trial_ask_for_nothing_from_the_validation_days(folds: list[Fold]) -> None:
    before = folds[-1].before
    known = set(zip(before.users.tolist(), before.items.tolist(), strict=True))
    for fold in folds[BEFORE_VALIDATION]:
        asked = zip(fold.targets.users.tolist(), fold.targets.items.tolist(), strict=True)
        assert set(asked) <= known
    reaching = folds[BEFORE_VALIDATION.stop].targets
    asked = zip(reaching.users.tolist(), reaching.items.tolist(), strict=True)
    assert not set(asked) <= known


def test_folds_that_know_whom_training_asks_answer_as_whole_ones(
    data: RankerData, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.train.ranker.fitting import RankerPlan

    few = {"MAX_LISTS": 3, "VALIDATION_USERS": 2, "DECAY_SCALE_USERS": 2, "DECAY_SCALE_LISTS": 2}
    for name, number in few.items():
        monkeypatch.setattr(training, name, number)
    monkeypatch.setattr(stacking, "SCALE_USERS", 2)
    plan = RankerPlan(hidden_units=4, n_heads=2, epochs=2, seed=5)
    whole, asked = (make_folds(data, 10.0, silently, seed) for seed in (None, plan.seed))
    answers = []
    for folds in (whole, asked):
        decay_scale, losses = choose_decay_scale(
            folds[BEFORE_VALIDATION], folds[-1], plan, silently
        )
        lists = lists_of(folds, decay_scale, plan.seed, limit=3)
        trial = try_out(lists[BEFORE_VALIDATION], folds[-1], decay_scale, plan, silently)
        answers.append((losses, [part.features.tolist() for part in lists], trial))
    assert answers[0] == answers[1]
    for all_of, some_of in zip(whole, asked, strict=True):
        n_all, n_some = (fold.state(1.0).similarities.starts[-1] for fold in (all_of, some_of))
        assert n_some < n_all


def test_lists_hold_the_target_first_and_nothing_that_was_chosen_before(folds: list[Fold]) -> None:
    state, targets = folds[-1].state(1.0), folds[-1].targets
    lists = make_lists(state, targets, seed=3, limit=20)
    assert len(lists.users) == 20
    counted = np.isfinite(lists.log_weights)
    assert counted[:, 0].all()
    shown = np.concatenate([state.columns, as_unreviewed(state.columns)])
    for row, user in enumerate(lists.users):
        own = targets.items[targets.users == user]
        columns_of_targets = shown[np.concatenate([own, N_ITEMS + own])]
        first = lists.features[row, 0, : len(ITEM_COLUMNS)]
        assert (columns_of_targets == first).all(axis=1).any()
        weight = np.exp(lists.log_weights[row][counted[row]].astype(np.float64)).sum()
        # The likely ones and what stands for the rest: all that the user hasn't chosen.
        assert weight == pytest.approx(N_ITEMS - len(state.history.of(int(user))), abs=1e-3)


def test_hidden_candidates_keep_what_is_known_of_items_without_reviews(
    folds: list[Fold], monkeypatch: pytest.MonkeyPatch
) -> None:
    state, targets = folds[-1].state(1.0), folds[-1].targets
    made = {}
    for share in (0.0, 1.0):
        monkeypatch.setattr("pipeline.train.ranker.lists.HIDDEN_CANDIDATES", share)
        monkeypatch.setattr("pipeline.train.ranker.lists.HIDDEN_TARGETS", share)
        made[share] = make_lists(state, targets, seed=3, limit=20)
    shown, hidden = made[0.0].features, made[1.0].features
    assert np.array_equal(made[0.0].log_weights, made[1.0].log_weights)
    described = dict(zip(ITEM_COLUMNS, np.moveaxis(hidden, 2, 0), strict=False))
    assert not any(described[name].any() for name in ITEM_COLUMNS[:6])
    assert np.array_equal(described["log_price"], shown[..., ITEM_COLUMNS.index("log_price")])
    n_columns, names = len(ITEM_COLUMNS), list(RECENCY_DECAY)
    assert shown[..., n_columns : n_columns + names.index("tf")].any()
    assert not hidden[..., n_columns : n_columns + names.index("tf")].any()
    assert np.array_equal(hidden[..., n_columns + names.index("tf") :], shown[..., -6:])


def test_targets_are_hidden_more_often_than_other_candidates(folds: list[Fold]) -> None:
    made = [make_lists(folds[-1].state(1.0), folds[-1].targets, seed) for seed in range(20)]
    hidden = np.concatenate([part.features[..., HAS_HISTORY] == 0 for part in made])
    n_targets, n_others = len(hidden), hidden[:, 1:].size
    for share, expected, n in (
        (hidden[:, 0].mean(), HIDDEN_TARGETS, n_targets),
        (hidden[:, 1:].mean(), HIDDEN_CANDIDATES, n_others),
    ):
        assert abs(share - expected) < 4 * np.sqrt(expected / n)
    assert hidden[:, 0].mean() > hidden[:, 1:].mean()


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


def later_items(data: RankerData) -> RankerData:
    """The same interactions, but those of the last tenth are with items of their own."""
    rows = data.interactions
    end = temporal_cuts(rows.days).validation_end_day
    items = np.where(rows.days < end, rows.items, N_ITEMS - 1 - rows.items % 3)
    early = (rows.days < end) & (rows.items >= N_ITEMS - 3)
    return replace(data, interactions=replace(rows, items=np.where(early, 0, items)))


def test_items_that_nobody_knows_yet_are_neither_targets_nor_candidates_nor_neighbors(
    data: RankerData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.train.ranker.lists.HIDDEN_CANDIDATES", 0.0)
    monkeypatch.setattr("pipeline.train.ranker.lists.HIDDEN_TARGETS", 0.0)
    changed, later = later_items(data), np.arange(N_ITEMS - 3, N_ITEMS)
    fold = make_folds(changed, 10.0, silently)[-1]
    assert not fold.known[later].any()
    assert not np.isin(fold.targets.items, later).any()
    state = fold.state(1.0)
    speaking = state.similarities.weights > 0
    assert not np.isin(state.similarities.neighbors[speaking], later).any()
    made = make_lists(state, fold.targets, seed=1, limit=30)
    counted = np.isfinite(made.log_weights)
    assert (made.features[..., HAS_HISTORY][counted] == 1).all()
    weight = np.exp(made.log_weights.astype(np.float64)).sum(axis=1)
    unseen = [fold.known.sum() - len(state.history.of(int(user))) for user in made.users]
    assert weight == pytest.approx(np.array(unseen), abs=1e-3)


def test_items_without_reviews_stay_neighbors_in_what_is_published(data: RankerData) -> None:
    rows = later_items(data).interactions
    early = rows.where(rows.days < temporal_cuts(rows.days).validation_end_day)
    similarities = features_at(early, data.catalog).similarities
    speaking = similarities.neighbors[similarities.weights > 0]
    assert np.isin(speaking, np.arange(N_ITEMS - 3, N_ITEMS)).any()


def test_ranker_that_popularity_beats_is_refused_unless_allowed() -> None:
    worse, better = ValidationMetrics(0.01, 0.02, 5, 9), ValidationMetrics(0.03, 0.05, 5, 9)
    trial = RankerTrial(worse, better, "log_count_30d")
    with pytest.raises(PipelineError, match=r"0\.0100, 0\.0200 below .* --allow-worse"):
        refuse_worse(trial, allow=False)
    refuse_worse(trial, allow=True)
    refuse_worse(replace(trial, ranker=better), allow=False)


def test_data_of_people_who_never_come_back_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write_chain_artifacts(tmp_path)
    clean = read_clean(paths.clean)
    write_frame(clean.assign(**{columns.USER: [f"u{n}" for n in range(len(clean))]}), paths.clean)
    before = paths.item_price.read_bytes()
    assert run_stage(paths, "--objective", "ranker") == 2
    assert "--objective rating" in " ".join(capsys.readouterr().err.split())
    assert not paths.model.exists()
    assert paths.item_price.read_bytes() == before


def test_features_at_an_empty_past_has_no_affinities_of_behavior(data: RankerData) -> None:
    rows = data.interactions
    state: FeatureState = features_at(rows.where(rows.days < 0), data.catalog)
    assert not state.columns[:, : len(ITEM_COLUMNS) - 2].any()
    assert not len(targets_of(rows, state.history, np.ones(N_ITEMS, dtype=bool)).users)

"""A head that is fitted without an input reads nothing of it, and each input is left out somewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.train.ranker.feature_state import RECENCY_DECAY
from pipeline.train.ranker.item_columns import ITEM_COLUMNS
from recsys.features.user_profile import PROFILE_COLUMNS

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

N_INPUTS = len(ITEM_COLUMNS) + len(RECENCY_DECAY) + len(PROFILE_COLUMNS)


def test_every_input_is_left_out_by_itself_or_with_its_group() -> None:
    from benchmarks.ranking.ablations import left_out

    groups = left_out()
    small = [places for name, places in groups.items() if not name.startswith("all")]
    assert {place for places in small for place in places} == set(range(N_INPUTS))
    for number, name in enumerate(RECENCY_DECAY, len(ITEM_COLUMNS)):
        assert groups[f"similarity {name}"] == [number]
    by_content = groups["similarities of content"] + groups["similarities of what people chose"]
    assert sorted(by_content) == groups["all similarities"]
    counts = [place for place, name in enumerate(ITEM_COLUMNS) if name.startswith("log_count")]
    assert groups["columns of popularity"] == counts


def test_a_head_without_an_input_does_not_see_it_change() -> None:
    from benchmarks.ranking.ablations import blind
    from pipeline.train.ranker.head import RankerHead

    random = np.random.default_rng(7)
    head = RankerHead(*(random.normal(size=size).astype("f4") for size in (5, (5, 8), 8, 8)))
    pairs = random.normal(size=(20, 5)).astype("f4")
    changed = pairs.copy()
    changed[:, [1, 3]] += 10
    assert blind(head, [1, 3]).score(pairs).tolist() == blind(head, [1, 3]).score(changed).tolist()
    assert (head.score(pairs) != head.score(changed)).all()


def test_lists_without_an_input_tell_nothing_of_it_and_the_others_stay() -> None:
    from benchmarks.ranking.ablations import without
    from pipeline.train.ranker.lists import TrainingLists

    features = np.arange(1.0, 25.0, dtype=np.float32).reshape(2, 4, 3)
    lists = TrainingLists(np.arange(2), features.copy(), np.zeros((2, 4), np.float32))
    found = without(lists, [1]).features
    assert (found[..., 1] == 0).all()
    assert (found[..., [0, 2]] == features[..., [0, 2]]).all()
    assert (lists.features == features).all()


def test_where_only_the_order_of_choices_tells_what_comes_next_only_its_similarities_are_worth_something(
    tmp_path: Path,
) -> None:
    from benchmarks.ranking.ablations import left_out, measure
    from pipeline.train.ranker.data import read_ranker_data
    from tests.support.chain_artifacts import write_chain_artifacts

    names = ("similarities of what people chose", "columns of price")
    groups = {name: left_out()[name] for name in names}
    *_, found = measure(read_ranker_data(write_chain_artifacts(tmp_path)), groups, 7, 100)
    assert list(found["without"]) == list(names)
    for days in ("validation", "test"):
        choices, price = (found["without"][name][days] for name in names)
        assert choices["low"] > 0.1
        assert abs(price["value"]) < 0.02

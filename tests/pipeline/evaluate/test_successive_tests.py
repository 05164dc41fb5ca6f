"""Several test periods of one data set, put together by hand-computed sums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.pipeline


def answers(users: str, **ndcg: list[float]) -> Any:
    from benchmarks.ranking.successive_tests import Answers

    values = {name: np.array(each, dtype=float)[:, None] for name, each in ndcg.items()}
    return Answers(np.array(users.split(), dtype=object), values)


def test_seeds_stand_side_by_side_and_what_ran_once_stays() -> None:
    from benchmarks.ranking.successive_tests import by_seed

    found = by_seed([answers("a b", ranker=[0, 1], EASE=[0.2, 0.4]), answers("a b", ranker=[1, 1])])
    assert found.users.tolist() == ["a", "b"]
    assert found.ndcg["ranker"].tolist() == [[0, 1], [1, 1]]
    assert found.ndcg["EASE"].tolist() == [[0.2], [0.4]]


def test_each_seed_is_told_and_widens_the_interval() -> None:
    from benchmarks.ranking.successive_tests import by_seed, numbers

    runs = [answers("a b", ranker=[0, 0], EASE=[0.5, 0.5]), answers("a b", ranker=[1, 1])]
    found = numbers([by_seed(runs)])["models"]
    assert found["ranker"]["seeds"] == [[0, 1]]
    assert found["ranker"]["all"] == 0.5
    assert found["EASE"]["ranker_ahead"] == {"value": 0, "low": -0.5, "high": 0.5}


def test_all_tests_together_count_every_user_once_a_test() -> None:
    from benchmarks.ranking.successive_tests import numbers

    first = answers("a b", ranker=[1, 0.5], EASE=[0.5, 0.5])
    second = answers("a", ranker=[0], EASE=[0.5])
    found = numbers([first, second])
    assert found["users"] == [2, 1]
    assert found["models"]["ranker"]["tests"] == [0.75, 0]
    assert found["models"]["ranker"]["all"] == 0.5
    assert found["models"]["EASE"]["tests"] == [0.5, 0.5]
    assert found["models"]["EASE"]["ranker_ahead"]["value"] == 0
    assert found["models"]["ranker"]["ranker_ahead"] == {"value": 0, "low": 0, "high": 0}


def test_the_interval_draws_people_and_not_their_tests() -> None:
    from benchmarks.ranking.successive_tests import numbers

    one_person = [answers("a", ranker=[1], EASE=[0]), answers("a", ranker=[0], EASE=[0.5])]
    ahead = numbers(one_person)["models"]["EASE"]["ranker_ahead"]
    assert ahead == {"value": 0.25, "low": 0.25, "high": 0.25}


def test_what_was_there_earlier_is_a_share_of_the_rows_by_whole_days(tmp_path: Path) -> None:
    from benchmarks.ranking.successive_tests import first_share
    from config import Config
    from tests.support.artifacts import write_tiny_artifacts

    write_tiny_artifacts(tmp_path)
    config = Config(tmp_path / "data", tmp_path / "embeddings", tmp_path / "models")
    everything = pd.read_parquet(tmp_path / "data" / "clean_df.pq")
    earlier = first_share(config, 0.6, tmp_path / "earlier")
    kept = pd.read_parquet(earlier.data_path / "clean_df.pq")
    days = everything["reviewTime"].dt.normalize()
    assert 0 < len(kept) < len(everything)
    assert kept["reviewTime"].max() < everything["reviewTime"].max()
    pd.testing.assert_frame_equal(
        kept, everything[days <= kept["reviewTime"].dt.normalize().max()].reset_index(drop=True)
    )
    assert len(kept) >= 0.6 * len(everything)
    assert len(
        pd.read_parquet(first_share(config, 1.0, tmp_path / "now").data_path / "clean_df.pq")
    ) == len(everything)

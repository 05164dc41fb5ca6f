"""Interactions of today count at the next reload, without training anything."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from classes.options import RecommendationOptions
from config import PROJECT_ROOT, Config
from recsys.kinds import PURCHASE
from storage.artifacts import write_frame
from storage.events.event import Event
from tests.support.artifacts import tiny_item_names
from tests.support.building import open_store_here
from tests.support.rankers import write_tiny_ranker
from tests.support.services import config_in


@pytest.fixture
def config(tmp_path: Path) -> Config:
    write_tiny_ranker(tmp_path)
    return config_in(tmp_path)


def review(config: Config, user: str, *items: int) -> None:
    """Append reviews to `clean_df.pq`, the last item being the newest."""
    path = config.data_path / "clean_df.pq"
    clean = pd.read_parquet(path)
    names = [tiny_item_names()[item] for item in items]
    rows = clean.iloc[[0] * len(items)].assign(
        userName=user, itemName=names, rating=5.0, reviewTime=clean["reviewTime"].max()
    )
    write_frame(pd.concat([clean, rows], ignore_index=True), path)


def test_a_new_user_is_personalised_after_the_next_data_reload(config: Config) -> None:
    store = open_store_here(config)
    store.ensure(lambda _: None)
    before = store.current()
    assert before.data.user_row("cold_start_user") is None
    review(config, "cold_start_user", 3, 8)
    store.reload(data=True, model=False)
    after = store.current()
    row = after.data.user_row("cold_start_user")
    assert row is not None
    expected = after.recommender.rank_unseen([row], 5)[0].rows
    found = after.recommender.recommend(["cold_start_user"])["cold_start_user"]
    assert found == [after.data.item(item) for item in expected]
    assert found != before.recommender.recommend(["cold_start_user"])["cold_start_user"]


def test_a_known_users_history_of_one_request_counts_as_purchases_made_just_now(
    config: Config,
) -> None:
    store = open_store_here(config)
    store.ensure(lambda _: None)
    user, [older, newer] = "kelly sullivan", [tiny_item_names()[row] for row in (3, 15)]
    snapshot = store.current()
    options = RecommendationOptions(history=(newer, older), n=10)
    told = snapshot.recommender.recommend_in_detail([user], options)[user]
    assert told.rows.tolist() != snapshot.recommender.rank_unseen([0], 10)[0].rows.tolist()
    now_us = time.time_ns() // 1_000
    store.events.append(
        [Event(user, older, PURCHASE, now_us), Event(user, newer, PURCHASE, now_us)]
    )
    bought = snapshot.recommender.recommend_in_detail([user], RecommendationOptions(n=10))[user]
    assert told.rows.tolist() == bought.rows.tolist()
    assert told.scores is not None
    assert bought.scores is not None
    assert told.scores.tobytes() == bought.scores.tobytes()
    other = snapshot.recommender.recommend_in_detail([user], replace(options, history=()))[user]
    assert other.rows.tolist() == bought.rows.tolist(), "a request's history isn't kept"


def test_the_newest_item_of_a_known_user_changes_the_list(config: Config) -> None:
    store = open_store_here(config)
    store.ensure(lambda _: None)
    user, old = "kelly sullivan", store.current()
    review(config, user, 15)
    store.reload(data=True, model=False)
    new = store.current()
    assert new.data.affinities.history(0).tolist()[0] == 15
    assert new.model.score(0).tolist() != old.model.score(0).tolist()
    assert (
        tiny_item_names()[15]
        not in new.recommender.recommend([user], RecommendationOptions(n=19))[user]
    )


def test_adding_the_affinity_file_alone_is_noticed(config: Config) -> None:
    path = config.embeddings_path / "item_affinity_df.pq"
    store = open_store_here(config)
    store.ensure(lambda _: None)
    first = store.current().generation
    similarities = pd.read_parquet(path)
    similarities["weight"] *= 2
    similarities.to_parquet(path)
    open_store_here(config).ensure(lambda _: None)
    assert store.current().generation != first


REQUESTS = """
import sys
from pathlib import Path
import numpy as np
from scoring.compiled_search import prepare_search
from processes.start_build import open_store
from scoring.search.entries import ENTRIES
from tests.support.services import config_in

config = config_in(Path(sys.argv[1]))
snapshot = open_store(config).current()
prepare_search(config.snapshot_path)

def compiled():
    return [len(entry.signatures) for entry in ENTRIES]

before = compiled()
data, model = snapshot.data, snapshot.model
mask = np.ones(data.n_items, dtype=np.bool_)
visitor = data.visitor(np.array([2, 5]))
model.top_k([0], 5, [data.reviews.seen_items(0)])
model.top_k([0], 19, [data.reviews.seen_items(0)], mask)
model.top_k([0, 1, 2], 5, [data.reviews.seen_items(row) for row in range(3)], mask)
model.top_k_of_visitor(visitor, 5, data.reviews.seen_items(0))
model.top_k_of_visitor(visitor, 19, data.reviews.seen_items(1), mask)
model.score(0)
print(before, compiled())
"""


def test_no_request_to_a_ranker_compiles_anything(config: Config) -> None:
    open_store_here(config).ensure(lambda _: None)
    asked = [sys.executable, "-c", REQUESTS, config.data_path.parent]
    done = subprocess.run(asked, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.strip().split("] [")
    assert before.strip("[]") == after.strip("[]")

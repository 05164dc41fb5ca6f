"""Events that were cleaned say what they said before, and every stage reads them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from classes.options import RecommendationOptions
from config import Config
from recsys import columns
from recsys.kinds import KINDS, PURCHASE, REVIEW
from storage.artifacts import read_clean
from storage.events.configured import open_events
from storage.events.event import Event
from storage.sources import artifact_paths
from tests.support.building import build, open_store_here
from tests.support.chain_artifacts import FIRST_DAY, N_ITEMS, N_USERS, write_chain_artifacts
from tests.support.counting_encoder import CountingEncoder
from tests.support.services import config_in
from tests.support.stages import run_stage

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

NEW_USERS = [f"new user {number}" for number in range(20)]
OPTIONS = [RecommendationOptions(), RecommendationOptions(n=30, exclude_seen=False)]


def run(config: Config, *words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.embed.stage.open_encoder", lambda *_, **__: CountingEncoder())
        return run_stage(config, *words)


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviews")
    frame = read_clean(write_chain_artifacts(folder).clean)
    frame.to_csv(folder / "reviews.csv", index=False)
    return folder / "reviews.csv"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, reviews: Path) -> Config:
    """Artifacts of the reviews, and a snapshot of them; then events of every kind."""
    config = config_in(tmp_path_factory.mktemp("shop"))
    assert run(config, "clean", "--reviews", str(reviews)) == 0
    assert run(config, "embed") == 0
    assert run(config, "train", "--objective", "ranker", "--allow-worse") == 0
    assert build(config, "data", "model")[0] == "published"
    open_events(config).append(drawn_events())
    return config


def drawn_events() -> list[Event]:
    """Events of half of the users and of new ones, many at the times of reviews."""
    random = np.random.default_rng(7)
    users = [f"user {number}" for number in range(0, N_USERS, 2)] + NEW_USERS
    events = []
    for user in random.choice(users, 900):
        kind = int(random.choice(len(KINDS), p=[0.2, 0.2, 0.3, 0.15, 0.15]))
        time = FIRST_DAY + pd.Timedelta(days=int(random.integers(20, 70)))
        rating = float(random.integers(1, 6)) if kind == REVIEW else None
        item = f"item {random.integers(N_ITEMS):02}"
        events.append(Event(str(user), item, kind, int(time.value // 1_000), rating))
    return events


def lists_of(config: Config) -> list[dict[str, list[str]]]:
    snapshot = open_store_here(config).current()
    users = [f"user {number}" for number in range(N_USERS)] + NEW_USERS
    known = [user for user in users if snapshot.users.find(user) is not None]
    return [snapshot.recommender.recommend(known, options) for options in OPTIONS]


def test_cleaned_events_give_the_lists_that_live_ones_gave(config: Config, reviews: Path) -> None:
    live = lists_of(config)
    assert run(config, "clean", "--reviews", str(reviews), "--events") == 0
    assert build(config, "data")[0] == "published"
    snapshot = open_store_here(config).current()
    found = snapshot.users.find("user 0")
    assert found is not None
    assert found.live is None
    assert lists_of(config) == live
    later = int((FIRST_DAY + pd.Timedelta(days=99)).value // 1_000)
    open_events(config).append([Event("user 0", live[1]["user 0"][-1], PURCHASE, later)])
    assert lists_of(config)[1]["user 0"] != live[1]["user 0"]
    assert lists_of(config)[1]["user 2"] == live[1]["user 2"]


def test_every_stage_reads_reviews_with_events(
    config: Config, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--epochs", "2", "--baselines", "minimal", "--allow-worse")
    assert run(config, "run", "--reviews", str(reviews), "--events", *words) == 0
    paths = artifact_paths(config)
    clean = read_clean(paths.clean)
    assert set(clean[columns.KIND].dropna()) == set(KINDS)
    metrics = json.loads((config.model_path / "metrics.json").read_text())
    assert metrics["ranking"]["fresh"]["cases"] > 0
    assert run(config, "report") == 0
    assert run(config, "recommend", "--out", str(config.data_path / "lists.pq")) == 0
    lists = pd.read_parquet(config.data_path / "lists.pq")
    assert set(NEW_USERS) & set(lists[columns.USER])
    hidden = clean[clean[columns.KIND] == "hide"].drop_duplicates([columns.USER, columns.ITEM])
    shown = lists.merge(hidden, on=[columns.USER, columns.ITEM])
    taken_back = clean[clean[columns.KIND] == "remove"]
    assert not len(set(shown[columns.USER]) - set(taken_back[columns.USER]))

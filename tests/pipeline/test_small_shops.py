"""Whatever the reviews, `python -m pipeline run` ends with a service that answers, and says which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from classes.recommender import Recommender
from config import Config
from pipeline import cli
from pipeline.report import exploration
from pipeline.train.model_card import card_path
from storage.sources import artifact_paths
from tests.support.counting_encoder import CountingEncoder
from tests.support.raw_files import write_csv
from tests.support.services import config_in

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

DAYS = 40


def review(user: int, item: int, day: int, rating: float = 5.0) -> dict[str, Any]:
    return {
        "userName": f"User {user}",
        "itemName": f"Item {item}",
        "description": "abcdefghijklmnop"[item % 16 :] + " thing",
        "price": f"${item + 1}.50",
        "rating": f"{rating}",
        "reviewTime": f"2018-{day // 28 + 1:02d}-{day % 28 + 1:02d}",
        "reviewText": f"a fine thing, number {user}",
    }


POPULARITY_SHOPS = {
    "one user, one item": [review(0, 0, 0)],
    "many users, one item each, one day": [review(u, u % 7, 0, 1 + u % 5) for u in range(60)],
    "many users, one item": [review(u, 0, u % DAYS) for u in range(40)],
    "three rows": [review(0, 0, 0), review(1, 1, 1, 2), review(1, 0, 2, 4)],
    "all ratings the same": [review(u, u % 9, u % DAYS) for u in range(60)],
    "named users on the last day only": [
        *({**review(0, 3, 0), "userName": "Amazon Customer"} for _ in range(9)),
        review(1, 1, 5),
        review(2, 2, 5),
    ],
}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Settings of an empty folder, in the environment; the encoder counts letters."""
    config = config_in(tmp_path)
    for name, value in config.as_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("pipeline.embed.stage.open_encoder", lambda *_, **__: CountingEncoder())
    return config


def run(config: Config, rows: list[dict[str, Any]]) -> int:
    reviews = write_csv(config.data_path.parent / "reviews.csv", rows)
    return cli.main(["run", "--reviews", str(reviews), "--epochs", "2", "--baselines", "minimal"])


def recommender_of(config: Config) -> Recommender:
    data = AppDataProcessor.from_artifacts(artifact_paths(config))
    return Recommender(data, Model.from_keras(artifact_paths(config).model, data.inputs))


def card_of(config: Config) -> dict[str, Any]:
    card: dict[str, Any] = json.loads(card_path(artifact_paths(config).model).read_text())
    return card


@pytest.mark.parametrize("rows", POPULARITY_SHOPS.values(), ids=POPULARITY_SHOPS)
def test_reviews_that_teach_nothing_are_served_by_popularity(
    config: Config, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, rows) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "The ranker can't be trained" in shown
    assert "The rating network can't be trained" in shown
    assert "popularity" in shown
    assert "Nothing to judge the model by" in shown
    card = card_of(config)
    assert card["model"].startswith("popularity")
    assert set(card["instead_of"]) == {"ranker", "rating network"}
    items = {row["itemName"].lower() for row in rows}
    lists = recommender_of(config).recommend(["nobody", rows[-1]["userName"]])
    unknown, known = lists.values()
    assert set(unknown) <= items
    assert len(unknown) == min(len(items), 5)
    seen = {row["itemName"].lower() for row in rows if row["userName"] == rows[-1]["userName"]}
    assert set(known) <= items - seen
    assert len(known) == min(len(items - seen), 5)


@pytest.mark.parametrize("rows", POPULARITY_SHOPS.values(), ids=POPULARITY_SHOPS)
def test_smallest_data_can_be_explored_and_drawn(
    config: Config, rows: list[dict[str, Any]]
) -> None:
    from pipeline.report import exploration_charts as charts

    reviews = write_csv(config.data_path.parent / "reviews.csv", rows)
    assert cli.main(["clean", "--reviews", str(reviews)]) == 0
    found = exploration.explore(config)
    assert exploration.findings(found)
    for chart in (charts.ratings_prices_lengths, charts.activity, charts.over_time):
        assert chart(found)


def test_users_who_only_come_back_for_the_same_item_are_served_by_the_rating_network(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [review(u, u % 7, day, 5 - (u + day) % 2) for u in range(30) for day in range(DAYS)]
    config.embeddings_path.mkdir()
    artifact_paths(config).item_affinity.write_bytes(b"similarities of the items of another shop")
    assert run(config, rows) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Falling back: the service will rank by the rating network" in shown
    card = card_of(config)
    assert card["model"].startswith("rating network")
    assert "before reviewed another one" in card["instead_of"]["ranker"]["reason"]
    assert card["instead_of"]["ranker"]["needed"] == "Give reviews of users who come back"
    [items] = recommender_of(config).recommend(["User 3"]).values()
    assert len(items) == 5
    assert "item 3" not in items


def test_a_user_alone_who_comes_back_is_served(config: Config) -> None:
    rows = [review(0, item, item) for item in range(DAYS)]
    assert run(config, rows) == 0
    assert recommender_of(config).recommend(["User 0"]) == {"User 0": []}
    assert len(recommender_of(config).recommend(["nobody"])["nobody"]) == 5


def test_a_ranker_that_popularity_beats_gives_way_to_popularity(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    worse = lambda *_, **__: (_ for _ in ()).throw(popularity_ahead())  # noqa: E731
    monkeypatch.setattr("pipeline.train.ranker.stage.refuse_worse", worse)
    rows = [review(u, (u + t) % 30, 4 * t + u % 4) for u in range(30) for t in range(10)]
    assert run(config, rows) == 0
    card = card_of(config)
    assert card["column"] == "log_count_30d"
    assert "0.0100, 0.0200 below that of popularity" in card["instead_of"]["ranker"]["reason"]
    metrics = json.loads((config.model_path / "metrics.json").read_text())
    served, *baselines = metrics["ranking"]["fresh"]["models"]
    assert served == "popularity model"
    assert "popularity" in baselines


def popularity_ahead() -> Exception:
    from pipeline.train.ranker.stage import PopularityAheadError
    from pipeline.train.ranker.training import RankerTrial
    from pipeline.train.ranker.validation import ValidationMetrics

    worse, better = ValidationMetrics(0.01, 0.02, 5, 9), ValidationMetrics(0.03, 0.05, 5, 9)
    return PopularityAheadError(RankerTrial(worse, better, "log_count_30d"))


def test_popularity_ranks_by_how_often_items_were_reviewed_lately(config: Config) -> None:
    rows = [review(u, 0, 0) for u in range(20)]  # many, 400 days before the others
    rows += [{**review(100 + u, 1 + u % 3, 0), "reviewTime": "2019-02-05"} for u in range(12)]
    rows += [{**review(200 + u, 1, 0), "reviewTime": "2019-02-05"} for u in range(2)]
    rows += [{**review(300 + u, 3, 0), "reviewTime": "2019-02-05"} for u in range(1)]
    assert run(config, rows) == 0
    [items] = recommender_of(config).recommend(["User 0"]).values()
    assert items == ["item 1", "item 3", "item 2"]  # 6, 5 and 4 reviews; item 0 is seen
    [items] = recommender_of(config).recommend(["User 100"]).values()
    assert items == ["item 3", "item 2", "item 0"]  # 20 exp(-400 / 180) = 2.2


@pytest.mark.parametrize("objective", ["ranker", "rating"])
def test_a_model_that_was_asked_for_is_refused_with_advice(
    config: Config, objective: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = POPULARITY_SHOPS["all ratings the same"]
    assert run(config, rows) == 0
    before = artifact_paths(config).model.read_bytes()
    capsys.readouterr()
    assert cli.main(["train", "--objective", objective]) == cli.USER_MUST_ACT
    assert "Give " in capsys.readouterr().err
    assert artifact_paths(config).model.read_bytes() == before


def test_numbers_of_an_earlier_model_do_not_stay_where_nothing_can_be_judged(
    config: Config,
) -> None:
    config.model_path.mkdir()
    (config.model_path / "metrics.json").write_text("{}")
    assert run(config, POPULARITY_SHOPS["three rows"]) == 0
    assert not (config.model_path / "metrics.json").exists()
    assert cli.main(["evaluate"]) == cli.USER_MUST_ACT

"""Explanations add up to scores, whatever scores, and say what taking an item out does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.explanation.explainer import Explainer
from classes.explanation.parts import Explanation
from classes.lists.person import Person
from classes.live.found_user import FoundUser
from classes.live.live_user import LiveUser
from classes.model import Model
from classes.options import RecommendationOptions
from classes.rules.snapshot_rules import WITHOUT_RULES, SnapshotRules
from recsys.columns import MODEL_INPUTS
from recsys.interactions import NewInteractions
from recsys.kinds import HIDE, PURCHASE, VIEW
from scoring.keras_file import MODEL_FILE
from tests.support.artifacts import tiny_item_names, write_tiny_artifacts
from tests.support.rankers import deep_ranker, ranker, save, unsplit_ranker, write_tiny_ranker

WIDTHS = (8, 8, 8, 2, 3, 4)
ITEMS = tiny_item_names()
PLAIN = RecommendationOptions()
ENGINES: dict[str, Callable[[], Any] | None] = {
    "searched": lambda: ranker(WIDTHS, 1),
    "five inputs": lambda: ranker(WIDTHS[:5], 2),
    "in tiles": lambda: deep_ranker(WIDTHS),
    "by keras": lambda: unsplit_ranker(WIDTHS),
    "rating network": None,
}


class Shop(NamedTuple):
    data: AppDataProcessor
    model: Model
    explainer: Explainer

    def explain(self, user: int, item: int, **options: Any) -> Explanation:
        found = FoundUser(self.data.user(user), user)
        return self.explain_for(found, item, RecommendationOptions(**options))

    def explain_for(
        self, user: FoundUser | None, item: int, options: RecommendationOptions
    ) -> Explanation:
        person = Person(self.data, user, options)
        [explanation] = self.explainer.explain_for(person, [item], options)
        return explanation


def opened(paths: Any, folder: Path) -> Shop:
    """A shop with the saved model, as a worker has it."""
    data = AppDataProcessor.from_artifacts(paths)
    folder.mkdir()
    (folder / MODEL_FILE).write_bytes(paths.model.read_bytes())
    Model.from_keras(paths.model, data.inputs).save(folder)
    model = Model.open(folder, data.inputs)
    return Shop(data, model, Explainer(data, model, SnapshotRules(data, WITHOUT_RULES)))


@pytest.fixture(scope="module", params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    build = ENGINES[request.param]
    paths = write_tiny_artifacts(folder) if build is None else write_tiny_ranker(folder)
    if build is not None:
        save(build(), paths.model)
    return opened(paths, folder / "saved")


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("searched")
    return opened(write_tiny_ranker(folder), folder / "saved")


def test_shares_add_up_to_the_score_of_the_model_less_that_of_the_reference(shop: Shop) -> None:
    for user in range(shop.data.n_users):
        scores = shop.model.score(user)
        for item in range(shop.data.n_items):
            found = shop.explain(user, item)
            assert found.score_logit == pytest.approx(float(scores[item]), abs=1e-5)
            total = sum(part.share for part in found.parts)
            assert total == pytest.approx(found.score_logit - found.reference_logit, abs=1e-9)


def test_the_reference_is_the_same_for_all(shop: Shop) -> None:
    pairs = [(0, 0), (3, 7), (9, 19)]
    assert len({shop.explain(*pair).reference_logit for pair in pairs}) == 1


def test_a_visitor_is_explained_as_a_user_with_the_same_vectors_is(searched: Shop) -> None:
    history = searched.data.history(4)
    options = RecommendationOptions(history=tuple(searched.data.item_names(history)))
    found = searched.explain_for(None, 12, options)
    visitor = searched.data.visitor(history)
    expected = searched.model.top_k_of_visitor(visitor, 20, searched.data.no_items)
    assert found.score_logit == pytest.approx(
        float(expected.scores[expected.rows == 12][0]), abs=1e-5
    )
    assert {part.kind for part in found.parts} <= {"history", "item", "visitor"}


def test_taking_a_named_item_out_changes_the_affinities_as_was_said(searched: Shop) -> None:
    compared = 0
    for user in range(searched.data.n_users):
        for item in range(0, searched.data.n_items, 3):
            found = searched.explain(user, item)
            for part in (part for part in found.parts if part.kind == "history"):
                without = searched.explain(user, item, without=(part.name,))
                assert part.name not in [each.name for each in without.parts]
                for name, change in part.affinity_change.items():
                    difference = without.affinities[name] - found.affinities[name]
                    assert difference == pytest.approx(change, abs=1e-12)
                    compared += 1
    assert compared > 50


def test_parts_are_the_items_and_facts_that_say_something_largest_first(searched: Shop) -> None:
    found = searched.explain(2, 9)
    shares = [abs(part.share) for part in found.parts]
    assert shares == sorted(shares, reverse=True)
    assert all(shares)
    names = {part.name for part in found.parts if part.kind != "history"}
    assert names <= {
        *("popularity", "rating", "price", "description", "reviewed_items", "review_texts"),
        *("n_reviews", "ratings", "price_level"),
    }
    history = searched.data.item_names(searched.data.history(2))
    assert {part.name for part in found.parts if part.kind == "history"} <= set(history)
    assert all(part.reason_text.endswith(".") for part in found.parts)
    assert found.reason_text[0].isupper()


def test_a_similarity_shares_out_what_it_adds_by_the_addends_of_its_sum(searched: Shop) -> None:
    """ "seq" decays by .7 a place, so weights and terms can be redone by hand."""
    affinities = searched.data.affinities
    assert affinities is not None
    sims, history = affinities.similarities, searched.data.history(5)
    weights = np.exp(-0.7 * np.arange(len(history)))
    for item in range(searched.data.n_items):
        terms = np.zeros(len(history))
        for place, row in enumerate(history):
            entries = slice(*sims.starts[int(row) * 3 : int(row) * 3 + 2])
            here = sims.neighbors[entries] == item
            terms[place] = weights[place] * sims.weights[entries][here].sum()
        shares = {
            part.name: part.by_similarity.get("seq", 0.0) for part in _history(searched, item)
        }
        found = np.array([shares.get(name, 0.0) for name in searched.data.item_names(history)])
        if terms.any():
            assert found / found.sum() == pytest.approx(terms / terms.sum(), abs=1e-6)
        else:
            assert not found.any()


def _history(shop: Shop, item: int) -> list[Any]:
    return [part for part in shop.explain(5, item).parts if part.kind == "history"]


def test_more_groups_than_are_affordable_are_joined_and_still_add_up(
    searched: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.explain.MOST_GROUPS", 6)
    pairs = [(user, item) for user in range(6) for item in range(0, 20, 3)]
    for user, item in pairs:
        found = searched.explain(user, item)
        total = sum(part.share for part in found.parts)
        assert total == pytest.approx(found.score_logit - found.reference_logit, abs=1e-9)
    assert any("+" in part.name for pair in pairs for part in searched.explain(*pair).parts)


def test_nobody_known_gets_the_rule_of_the_cold_start_list_with_its_counts(searched: Shop) -> None:
    """Item 0 has five stars from user 0, two anonymous customers and a late arrival; others one."""
    order = searched.data.cold_start.order[:20].tolist()
    for place, row in enumerate(order):
        found = searched.explain_for(None, row, PLAIN)
        assert (found.parts, found.score_logit) == ((), None)
        assert found.rule is not None
        assert found.rule["place"] == place + 1
        assert found.rule["n_five_star"] == (4 if row == 0 else 1 if row < 12 else 0)
        assert f"{found.rule['n_five_star']} five-star ratings" in found.reason_text


def test_all_inputs_that_a_network_reads_are_named(shop: Shop) -> None:
    assert shop.model.inputs_read <= set(MODEL_INPUTS)
    assert len(shop.model.inputs_read) >= 4


def lately(user: int, data: AppDataProcessor) -> FoundUser:
    """A user who viewed one item, hid another and bought a third."""
    items = np.array([(user + step) % data.n_items for step in (6, 9, 12)], dtype=np.int32)
    times = np.arange(3) + np.iinfo(np.int64).max // 2
    kinds = np.array([VIEW, HIDE, PURCHASE], dtype=np.uint8)
    newer = NewInteractions(items, kinds, times, np.full(3, np.nan, dtype=np.float32))
    return FoundUser(data.user(user), user, LiveUser(data, user, newer))


def test_shares_of_views_and_hidden_items_add_up_too(shop: Shop) -> None:
    for user in range(0, shop.data.n_users, 3):
        found_user = lately(user, shop.data)
        person = Person(shop.data, found_user, PLAIN).visitor
        assert person is not None
        ranked = shop.model.top_k_of_visitor(person, shop.data.n_items, shop.data.no_items)
        for item, score in zip(ranked.rows, ranked.scores, strict=True):
            found = shop.explain_for(found_user, int(item), PLAIN)
            if shop.model.slow_reason is None:
                assert found.score_logit == pytest.approx(float(score), abs=1e-5)
            total = sum(part.share for part in found.parts)
            assert total == pytest.approx(found.score_logit - found.reference_logit, abs=1e-9)


def test_taking_a_viewed_or_hidden_item_out_changes_the_affinities_as_was_said(
    searched: Shop,
) -> None:
    named = set()
    for user in range(searched.data.n_users):
        found_user = lately(user, searched.data)
        assert found_user.live is not None
        events = dict(
            zip(found_user.live.newer.items.tolist(), ("view", "hide", "buy"), strict=True)
        )
        for item in range(searched.data.n_items):
            found = searched.explain_for(found_user, item, PLAIN)
            for part in (part for part in found.parts if part.kind == "history"):
                options = RecommendationOptions(without=(part.name,))
                without = searched.explain_for(found_user, item, options)
                for name, change in part.affinity_change.items():
                    difference = without.affinities[name] - found.affinities[name]
                    assert difference == pytest.approx(change, abs=1e-12)
                named.add(events.get(part.item_row))
    assert named >= {"view", "hide", "buy"}

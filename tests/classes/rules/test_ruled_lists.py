"""What rules do to lists: by hand on the tiny shop, whose 20 items are five colors of four things."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classes.lists.choice import Recommendation
from classes.options import RecommendationOptions
from classes.recommender import Recommender
from classes.rules.compiled import Pin, place_pins
from classes.rules.document import RuleDocument
from classes.rules.parsing import parse_rules
from classes.rules.snapshot_rules import FixedRules, SnapshotRules
from classes.service_counters import ListSource
from classes.snapshot import Snapshot
from classes.snapshot_store import SnapshotStore
from classes.top_lists import TOP_K, TopLists
from tests.support.artifacts import tiny_item_names, tiny_user_names

ITEMS = tiny_item_names()
USERS = tiny_user_names()
KETTLES = {"blue kettle", "green kettle", "red kettle"}
"""White ones have no category, and nobody has reviewed a black one."""

WHOLE = RecommendationOptions(n=20)


@pytest.fixture
def snapshot(store: SnapshotStore) -> Snapshot:
    return store.current()


def rule(action: str, **members: Any) -> dict[str, Any]:
    return {"id": f"{action} {members}"[:64], "action": action, **members}


def ruled(
    snapshot: Snapshot, *rules: dict[str, Any], lists: TopLists | None = None, **more: Any
) -> Recommender:
    document = RuleDocument(1, "", parse_rules(list(rules)))
    compiled = SnapshotRules(snapshot.data, FixedRules(document))
    return Recommender(snapshot.data, snapshot.model, lists, rules=compiled, **more)


def plain(snapshot: Snapshot) -> Recommender:
    return Recommender(snapshot.data, snapshot.model)


def names(snapshot: Snapshot, found: Recommendation) -> list[str]:
    return snapshot.data.item_names(found.rows)


@pytest.mark.parametrize(
    "selector",
    [
        {"category": "kettles"},
        {"items": sorted(KETTLES), "price_max": 1e9},
        {"category": "kettles", "items": ITEMS},
    ],
)
def test_hidden_items_are_in_no_list_and_the_others_move_up(
    snapshot: Snapshot, selector: dict[str, Any]
) -> None:
    prices = snapshot.data.facts.prices
    hidden = {
        name
        for name, price in zip(ITEMS, prices, strict=True)
        if name in KETTLES and ("price_max" not in selector or price >= 0)
    }
    everybody = [*USERS, "zoe", None]
    before = plain(snapshot).recommend(everybody, WHOLE)
    found = ruled(snapshot, rule("hide", **selector)).recommend(everybody, WHOLE)
    for user in everybody:
        assert found[user] == [name for name in before[user] if name not in hidden]


def test_a_shorter_list_says_that_items_are_hidden(snapshot: Snapshot) -> None:
    recommender = ruled(snapshot, rule("hide", category="kettles"))
    [found] = recommender.recommend_in_detail([USERS[0]], WHOLE).values()
    seen = set(ITEMS[:3])
    assert found.n_candidates == len(found.rows) == 20 - 3 - len(seen - KETTLES)
    assert found.reason is not None
    assert "17 of which pass filters and rules (3 are hidden)" in found.reason


def test_everything_hidden_is_an_empty_list_with_a_reason(snapshot: Snapshot) -> None:
    recommender = ruled(snapshot, rule("hide", items=ITEMS), rule("pin", item=ITEMS[0], place=1))
    for found in recommender.recommend_in_detail([USERS[0], "zoe"]).values():
        assert found.rows.tolist() == []
        assert "0 of which pass" in str(found.reason)


@pytest.mark.parametrize("place", [1, 2, 5])
@pytest.mark.parametrize("n", [1, 5, 9])
def test_a_pinned_item_stands_at_its_place_wherever_it_would_be(
    snapshot: Snapshot, place: int, n: int
) -> None:
    everybody, options = [*USERS, "zoe"], RecommendationOptions(n=n, exclude_seen=False)
    before = plain(snapshot).recommend(everybody, RecommendationOptions(n=20, exclude_seen=False))
    for item in ITEMS:
        found = ruled(snapshot, rule("pin", item=item, place=place)).recommend(everybody, options)
        for user in everybody:
            expected = [name for name in before[user] if name != item]
            expected.insert(place - 1, item)
            assert found[user] == expected[:n]


def test_a_pinned_item_that_the_request_leaves_out_stays_out(snapshot: Snapshot) -> None:
    pinned = ITEMS[0]  # reviewed by the first user, a kettle
    recommender = ruled(snapshot, rule("pin", item=pinned, place=1))
    assert pinned not in recommender.recommend([USERS[0]], WHOLE)[USERS[0]]
    for options in (
        RecommendationOptions(exclude=(pinned,)),
        RecommendationOptions(category=("lamps",)),
    ):
        lists = recommender.recommend([USERS[5], "zoe"], options)
        assert all(pinned not in each for each in lists.values())
    assert recommender.recommend([USERS[5]])[USERS[5]][0] == pinned


def test_pages_of_a_list_with_pins_hold_every_item_once(snapshot: Snapshot) -> None:
    pins = [rule("pin", item=item, place=place) for place, item in ((2, ITEMS[4]), (9, ITEMS[9]))]
    recommender = ruled(snapshot, *pins)
    for user in (USERS[5], "zoe"):
        pages = [
            recommender.recommend([user], RecommendationOptions(n=3, offset=offset))[user]
            for offset in range(0, 21, 3)
        ]
        whole = [name for page in pages for name in page]
        assert whole == recommender.recommend([user], WHOLE)[user]
        assert len(set(whole)) == len(whole)
        assert (whole[1], whole[8]) == (ITEMS[4], ITEMS[9])


def test_pins_at_one_place_follow_each_other_and_late_ones_fill_a_short_list() -> None:
    ranking = np.array([10, 11, 12], np.int32)
    pins = [Pin(2, 1), Pin(2, 2), Pin(9, 3)]
    assert place_pins(ranking, pins, 4).tolist() == [10, 1, 2, 11]
    assert place_pins(ranking, pins, 6).tolist() == [10, 1, 2, 11, 12, 3]
    assert place_pins(ranking[:0], pins, 2).tolist() == [1, 2]


@pytest.mark.parametrize(("action", "sign"), [("boost", 1.0), ("bury", -1.0)])
def test_the_list_is_the_argsort_of_the_score_plus_what_a_rule_adds(
    snapshot: Snapshot, action: str, sign: float
) -> None:
    recommender = ruled(snapshot, rule(action, category="kettles", by=1.0))
    added = np.array([sign if name in KETTLES else 0.0 for name in ITEMS], np.float32)
    for row, user in enumerate(USERS):
        raised = snapshot.model.score(row) + added
        raised[snapshot.data.reviews.seen_items(row)] = -np.inf
        expected = np.argsort(-raised, kind="stable")[:5]
        found = recommender.recommend_in_detail([user])[user]
        assert found.rows.tolist() == expected.tolist()
        own = snapshot.model.outputs(snapshot.model.score(row))[expected]
        assert found.scores is not None
        assert found.scores.tolist() == own.tolist()


def test_several_rules_for_an_item_add_up_and_the_largest_is_named(snapshot: Snapshot) -> None:
    compiled = SnapshotRules(
        snapshot.data,
        FixedRules(
            RuleDocument(
                1,
                "",
                parse_rules(
                    [
                        rule("boost", item=ITEMS[0], by=1),
                        rule("bury", items=ITEMS[:2], by=3),
                        rule("boost", items=ITEMS[1:3], by=2),
                    ]
                ),
            )
        ),
    ).of()
    assert compiled is not None
    assert compiled.offsets is not None
    assert compiled.offsets[:4].tolist() == [-2.0, -1.0, 2.0, 0.0]
    named = [str(compiled.rule_of(row))[:5] for row in range(4)]
    assert named == ["bury ", "bury ", "boost", "None"]


def test_popular_lists_divide_places_by_e_to_the_boost(snapshot: Snapshot) -> None:
    before = plain(snapshot).recommend(["zoe"], WHOLE)["zoe"]
    last = before[-1]  # at place 20; 20 / e^2 = 2.7 lies between the second and the third
    found = ruled(snapshot, rule("boost", item=last, by=2)).recommend(["zoe"], WHOLE)["zoe"]
    assert found == [*before[:2], last, *before[2:-1]]
    first = before[0]  # counts as place e^2 = 7.4
    found = ruled(snapshot, rule("bury", item=first, by=2)).recommend(["zoe"], WHOLE)["zoe"]
    assert found == [*before[1:7], first, *before[7:]]


def test_visitors_get_ruled_lists_with_the_models_own_scores(snapshot: Snapshot) -> None:
    options = RecommendationOptions(n=20, history=(ITEMS[3], "no such item"))
    [before] = plain(snapshot).recommend_in_detail([None], options).values()
    recommender = ruled(
        snapshot,
        rule("boost", category="kettles", by=50.0),
        rule("pin", item=ITEMS[9], place=3),
        rule("hide", item=ITEMS[10]),
    )
    [found] = recommender.recommend_in_detail([None], options).values()
    own = dict(zip(before.rows.tolist(), before.scores.tolist(), strict=True))  # type: ignore[union-attr]
    assert found.scores is not None
    assert found.scores.tolist() == [own[row] for row in found.rows.tolist()]
    assert names(snapshot, found)[2] == ITEMS[9]
    others = [name for name in names(snapshot, found) if name != ITEMS[9]]
    assert set(others[:3]) == KETTLES
    assert ITEMS[10] not in others
    ids = [str(each)[:3] for each in found.rule_ids]
    assert ids[:5] == ["boo", "boo", "pin", "boo", "Non"]


def test_a_scenario_has_its_own_rules_beside_those_for_every_request(snapshot: Snapshot) -> None:
    recommender = ruled(
        snapshot, rule("hide", item=ITEMS[5]), rule("hide", item=ITEMS[6], scenario="home")
    )
    hidden = {}
    for scenario in (None, "home", "basket"):
        options = RecommendationOptions(n=20, scenario=scenario, exclude_seen=False)
        listed = recommender.recommend([USERS[0]], options)[USERS[0]]
        hidden[scenario] = set(ITEMS) - set(listed)
    assert hidden == {None: {ITEMS[5]}, "home": {ITEMS[5], ITEMS[6]}, "basket": {ITEMS[5]}}


def test_rules_begin_and_end_by_themselves(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    recommender = ruled(
        snapshot,
        rule("hide", item=ITEMS[5], until="2026-01-01T00:00:10Z"),
        rule("hide", item=ITEMS[6], **{"from": "2026-01-01T00:00:05Z"}),
    )
    now, hidden = 1_767_225_600.0, {}  # 2026-01-01T00:00:00Z
    for second in (0, 5, 9, 10):
        monkeypatch.setattr(time, "time", lambda at=now + second: at)
        listed = recommender.recommend(["zoe"], WHOLE)["zoe"]
        hidden[second] = set(ITEMS) - set(listed)
    both = {ITEMS[5], ITEMS[6]}
    assert hidden == {0: {ITEMS[5]}, 5: both, 9: both, 10: {ITEMS[6]}}


@pytest.fixture
def filled(snapshot: Snapshot, tmp_path: Path) -> TopLists:
    TopLists.create(tmp_path, len(USERS))
    lists = TopLists.open(tmp_path, writable=True)
    ranked = plain(snapshot).rank_unseen(lists.users_of(0), TOP_K)
    lists.write_block(0, [ranking.rows for ranking in ranked])
    return TopLists.open(tmp_path)


RULES = [
    [rule("hide", item=ITEMS[5])],
    [rule("hide", category="kettles"), rule("pin", item=ITEMS[6], place=2)],
    [rule("pin", item=ITEMS[6], place=2), rule("pin", item=ITEMS[8], place=2)],
    [rule("pin", item=ITEMS[2], place=5)],
    [rule("pin", item=ITEMS[2], place=9)],
    [rule("boost", category="kettles", by=1)],
]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("n", [1, 3, 5])
def test_lists_computed_ahead_answer_only_as_if_they_had_been_ranked_under_the_rules(
    snapshot: Snapshot, filled: TopLists, rules: list[dict[str, Any]], n: int
) -> None:
    counted: list[ListSource] = []
    options, everybody = RecommendationOptions(n=n), [*USERS, "zoe"]
    ahead = ruled(snapshot, *rules, lists=filled, count_list=counted.append)
    assert ahead.recommend(everybody, options) == ruled(snapshot, *rules).recommend(
        everybody, options
    )
    is_boosted = rules[0]["action"] == "boost"
    assert ("top_list" in counted) != is_boosted


def test_rules_that_change_nothing_leave_every_list_to_be_looked_up(
    snapshot: Snapshot, filled: TopLists
) -> None:
    counted: list[ListSource] = []
    rules = [rule("hide", item="no such item"), rule("pin", item=ITEMS[1], place=1, scenario="x")]
    recommender = ruled(snapshot, *rules, lists=filled, count_list=counted.append)
    assert recommender.recommend(USERS) == plain(snapshot).recommend(USERS)
    assert counted == ["top_list"] * len(USERS)

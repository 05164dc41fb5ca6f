"""Lists that two rankings share are fair, and a user finds the same list and the same arm again."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
import pytest

from benchmarks.ranking.team_draft import Drafted, arm_of, team_draft
from config import PROJECT_ROOT

FIRST, SECOND = list("abcdefgh"), list("hgfxyzab")
USERS = [f"user {number}" for number in range(2_000)]


def drafted(user: str, n: int = 6) -> Drafted:
    return team_draft(FIRST, SECOND, n, user, "autumn")


def test_each_item_is_its_teams_best_that_was_left() -> None:
    for user in USERS[:50]:
        found = drafted(user)
        for place, (item, team) in enumerate(zip(found.items, found.teams, strict=True)):
            ranking = (FIRST, SECOND)[team]
            assert item == next(other for other in ranking if other not in found.items[:place])


def test_after_every_round_both_teams_have_as_many_items() -> None:
    for user in USERS[:50]:
        for place in range(0, 6, 2):
            assert sorted(drafted(user).teams[place : place + 2]) == [0, 1]


def test_each_ranking_has_the_first_place_for_half_of_the_users() -> None:
    firsts = [drafted(user).teams[0] for user in USERS]
    assert np.mean(firsts) == pytest.approx(0.5, abs=0.05)


def test_a_ranking_against_itself_wins_as_often_as_it_loses() -> None:
    credit = [team_draft(FIRST, FIRST, 6, user, "autumn").credit({"a", "d"}) for user in USERS]
    assert np.mean(credit) == pytest.approx(0, abs=0.06)


def test_chosen_items_count_for_the_team_that_placed_them() -> None:
    found = Drafted(["a", "h", "b"], [0, 1, 0])
    assert (found.credit({"h"}), found.credit({"a", "b"}), found.credit({"z"})) == (1, -2, 0)


def test_lists_that_run_out_give_a_short_one() -> None:
    found = team_draft(["a"], ["a", "b"], 5, "ann", "autumn")
    assert sorted(found.items) == ["a", "b"]
    assert team_draft([], [], 5, "ann", "autumn").items == []


def test_arms_are_halves_that_stay_and_differ_between_experiments() -> None:
    autumn, spring = ([arm_of(user, name) for user in USERS] for name in ("autumn", "spring"))
    assert autumn == [arm_of(user, "autumn") for user in USERS]
    assert np.mean(autumn) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.array(autumn) == np.array(spring)) == pytest.approx(0.5, abs=0.05)


def test_the_code_on_the_page_does_the_same() -> None:
    page = (PROJECT_ROOT / "report" / "offline_and_online.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(def .*?\n)(?:\n\n|```)", page, re.DOTALL)
    shown: dict[str, Any] = {"hashlib": hashlib}
    for block in blocks:
        exec(block, shown)
    for user in USERS[:100]:
        assert shown["arm_of"](user, "autumn") == arm_of(user, "autumn")
        assert shown["team_draft"](FIRST, SECOND, 6, user, "autumn") == tuple(drafted(user))

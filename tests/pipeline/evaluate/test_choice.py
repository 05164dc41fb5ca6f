"""Baselines are found by their names, however they are written, with all that they build on."""

from __future__ import annotations

import pytest

from pipeline.evaluate.baselines import BASELINES, MINIMAL
from pipeline.evaluate.baselines.choice import GROUPS, baselines_named
from pipeline.evaluate.baselines.neighbors import ITEM_KNN
from pipeline.evaluate.baselines.popularity import PLAIN, TUNED
from pipeline.evaluate.baselines.sasrec import SASREC

pytestmark = pytest.mark.pipeline


def test_names_and_groups_are_joined_in_the_order_of_all() -> None:
    assert baselines_named(["all"]) == BASELINES
    assert baselines_named(["SASRec", "minimal", "ITEM-kNN"]) == (*MINIMAL, ITEM_KNN, SASREC)
    assert baselines_named(["popularity", "popularity, tuned"]) == (PLAIN, TUNED)


@pytest.mark.parametrize("written", ["item-kNN + popularity", "itemknn+popularity"])
def test_what_a_blend_builds_on_comes_before_it(written: str) -> None:
    first, second, blend = baselines_named([written])
    assert (first, second) == (TUNED, ITEM_KNN)
    assert blend.name == "item-kNN + popularity"


def test_every_baseline_has_a_name_of_its_own_and_every_group_says_which() -> None:
    for baseline in BASELINES:
        assert baselines_named([baseline.name])[-1] is baseline
    for name, group in GROUPS.items():
        assert set(map(id, group)) <= set(map(id, baselines_named([name])))


def test_a_name_of_nothing_is_refused_with_all_there_are() -> None:
    with pytest.raises(ValueError, match=r"'kNN' is no baseline; give a group .*'item-kNN'"):
        baselines_named(["kNN"])

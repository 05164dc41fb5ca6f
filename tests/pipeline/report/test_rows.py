"""What tables and charts choose to show of the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.report.evaluation_tables import summary, tuning, whole_catalog
from pipeline.report.measures import best_baseline, difference, one_of_each_kind

pytestmark = pytest.mark.pipeline


def interval(value: float, width: float = 0.01) -> dict[str, float]:
    return {"value": value, "low": value - width, "high": value + width}


def model(ndcg: float, lead: float, width: float = 0.01) -> dict[str, Any]:
    return {
        "ndcg@10": interval(ndcg),
        "hit_rate@10": interval(2 * ndcg),
        "mrr": interval(ndcg),
        "lead_of_served": interval(lead, width),
    }


def ranking(n_items: int) -> dict[str, Any]:
    models = {
        "ranker": model(0.2, 0, 0),
        "ranker, histories reloaded only": model(0.4, -0.2),
        "ALS": model(0.15, 0.05),
        "popularity": model(0.1, 0.1),
    }
    base_rate = {"ndcg@10": 0.001, "hit_rate@10": 0.002}
    sizes = {"items": n_items, "users": 12, "cases": 34}
    return {"models": models, "base_rate": base_rate, "slices": {}, **sizes}


def test_the_best_baseline_is_no_other_mode_of_the_model_in_service() -> None:
    models = ranking(10)["models"]
    found = best_baseline({name: of["ndcg@10"] for name, of in models.items()})
    assert found == ("ranker", "ALS")


def test_the_summary_has_the_largest_data_set_first_and_the_best_baseline_by_name() -> None:
    part = {"ranking": {"fresh": ranking(10)}}
    lines = summary({"small": part, "large": part}).splitlines()
    assert lines[2] == (
        "| **large**, 12 users | .200 [.190, .210] | .400 | ALS: .150 [.140, .160] | .300 "
        "| .0500 [.0400, .0600] |"
    )
    assert lines[3].startswith("| **small**")


def test_a_difference_from_itself_is_a_plain_zero() -> None:
    assert difference(interval(0, 0)) == "0"
    assert difference(interval(0, 0.01)) == ".0000 [-.0100, .0100]"


def test_the_whole_catalog_isnt_shown_twice_where_every_item_had_been_reviewed() -> None:
    known, more = (ranking(10) | {"whole_catalog": ranking(n)} for n in (10, 11))
    numbers = {name: {"ranking": {"fresh": of}} for name, of in (("known", known), ("more", more))}
    lines = whole_catalog(numbers).splitlines()[2:]
    assert sum("known" in line for line in lines) == 1
    assert len(lines) == 1 + len(more["models"]) + 1


def test_charts_show_the_model_in_service_and_one_other_of_each_kind() -> None:
    assert one_of_each_kind(["popularity model", "network", "EASE", "iALS", "SLIM"]) == [
        "popularity model",
        "network",
        "iALS",
    ]


def test_tuning_shows_the_setting_that_was_best_on_validation() -> None:
    trials = [
        {"decay_days": 40, "validation_ndcg@10": 0.04},
        {"decay_days": 80, "validation_ndcg@10": 0.05},
        {"decay_days": 160, "validation_ndcg@10": 0.03},
    ]
    *_, line = tuning({"popularity, tuned": {"trials": trials}}).splitlines()
    assert line == "| popularity, tuned | 3 | decay_days 80 | .0500 |"

"""The numbers of an evaluation of two models, as `metrics.json` holds them."""

from __future__ import annotations

from typing import Any


def interval(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def tiny_metrics() -> dict[str, Any]:
    """A ranker and ALS on five cases of four users; the ranker is ahead."""
    found = {"ndcg@10": {"ranker": interval(0.3, 0.2, 0.4), "ALS": interval(0.05, 0.01, 0.09)}}
    ranker = {"ndcg@10": interval(0.2, 0.15, 0.25), "coverage@5": 0.5, "gini@5": 0.75}
    als = {"ndcg@10": interval(0.1, 0.05, 0.15), "lead_of_served": interval(0.1, 0.0, 0.2)}
    fresh = {
        "cases": 5,
        "users": 4,
        "base_rate": {"ndcg@10": 0.01},
        "models": {"ranker": ranker, "ALS": als},
        "slices": {"category": {"lamps | lights": {"cases": 4, "users": 3, **found}}},
        "whole_catalog": {
            "slices": {"item": {"without history": {"cases": 1, "users": 1, **found}}}
        },
    }
    data = {
        "reviews": 20,
        "items": 6,
        "users": 5,
        "first_day": "2020-01-01",
        "validation_from": "2020-03-01",
        "test_from": "2020-04-01",
        "last_day": "2020-05-01",
    }
    return {"data": data, "ranking": {"fresh": fresh}, "rating": {}}

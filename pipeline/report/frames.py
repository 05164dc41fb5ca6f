"""The tables of model_selection.ipynb, as data frames."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.report.measures import (
    COSTS,
    DIVERSITY,
    RANKING_METRICS,
    RATING,
    cost_rows,
    diversity_rows,
    labels,
    ranking_rows,
    rating_rows,
)
from recsys.number_format import number, without_interval


def ranking_frame(ranking: dict[str, Any]) -> pd.DataFrame:
    """Lay out every model of one cutoff, best NDCG@10 first, the random order last."""
    rows = ranking_rows(ranking, RANKING_METRICS)
    return pd.DataFrame.from_dict(rows, orient="index", columns=labels(RANKING_METRICS))


def costs_frame(ranking: dict[str, Any]) -> pd.DataFrame:
    """Lay out how varied each model's lists are and what it costs, best NDCG@10 first."""
    return pd.DataFrame.from_dict(cost_rows(ranking), orient="index", columns=labels(COSTS))


def diversity_frame(diversity: dict[str, Any]) -> pd.DataFrame:
    """Lay out the service's lists at several values of `diversity`."""
    rows = diversity_rows(diversity)
    return pd.DataFrame.from_dict(rows, orient="index", columns=labels(DIVERSITY))


def rating_frame(rating: dict[str, Any]) -> pd.DataFrame:
    """Lay out the rating task, one column per model and one for the base rates."""
    return pd.DataFrame(rating_rows(rating), index=labels(RATING))


def slices_frame(ranking: dict[str, Any]) -> pd.DataFrame:
    """Lay out NDCG@10 of every model on every slice, one row per slice."""
    rows = {}
    for kind, parts in ranking["slices"].items():
        for name, part in parts.items():
            models = {model: without_interval(found) for model, found in part["ndcg@10"].items()}
            rows[f"{kind.replace('_', ' ')}: {name}"] = {"cases": f"{part['cases']:,}", **models}
    return pd.DataFrame(rows).T


def tuning_frame(tuning: dict[str, Any]) -> pd.DataFrame:
    """Lay out every setting that the baselines tried, and which of them each kept."""
    rows = []
    for name, part in tuning.items():
        best = max(tried["validation_ndcg@10"] for tried in part["trials"])
        for tried in part["trials"]:
            settings = {key: value for key, value in tried.items() if key != "validation_ndcg@10"}
            rows.append(
                {
                    "model": name,
                    "settings": ", ".join(f"{key} {value}" for key, value in settings.items()),
                    "NDCG@10 on validation": number(tried["validation_ndcg@10"]),
                    "kept": "✓" if tried["validation_ndcg@10"] == best else "",
                }
            )
    return pd.DataFrame(rows)

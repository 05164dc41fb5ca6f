"""The tables of model_selection.ipynb, as data frames."""

from __future__ import annotations

from typing import Any

import pandas as pd

from classes.model_card.figures import subgroup_rows
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


def subgroups_frame(ranking: dict[str, Any]) -> pd.DataFrame:
    """Lay out NDCG@10 of the model in service and of the best other one, one row per subgroup."""
    rows = {f"{kind}: {name}": cells for kind, name, *cells in subgroup_rows(ranking)}
    columns = ["users", "cases", "in service", "best other there"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

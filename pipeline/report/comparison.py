"""The tables of model_selection.ipynb."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pipeline.number_format import number, with_interval

_METRICS = {
    "NDCG@10": "ndcg@10",
    "HitRate@10": "hit_rate@10",
    "Recall@10": "recall@10",
    "NDCG@5": "ndcg@5",
    "HitRate@5": "hit_rate@5",
    "MRR": "mrr",
}
_COSTS = {
    "coverage@5": "coverage@5",
    "novelty@5, bits": "novelty@5",
    "Gini@5": "gini@5",
    "fit, s": "fit_seconds",
    "ms a user": "ms_a_user",
    "MB": "megabytes",
}


def ranking_frame(ranking: dict[str, Any]) -> pd.DataFrame:
    """Lay out every model of one mode, best NDCG@10 first, the random order last."""
    rows = {
        name: {label: with_interval(model[key]) for label, key in _METRICS.items()}
        for name, model in _by_ndcg(ranking["models"])
    }
    base = ranking["base_rate"]
    rows["random order"] = {
        label: number(base[key]) for label, key in _METRICS.items() if key in base
    }
    return pd.DataFrame(rows).T.fillna("")


def costs_frame(ranking: dict[str, Any]) -> pd.DataFrame:
    """Lay out how varied each model's lists are and what it costs, best NDCG@10 first."""
    rows = {
        name: {label: f"{model[key]:.3g}" for label, key in _COSTS.items()}
        for name, model in _by_ndcg(ranking["models"])
    }
    return pd.DataFrame(rows).T


def slices_frame(ranking: dict[str, Any]) -> pd.DataFrame:
    """Lay out NDCG@10 of every model on every slice, one row a slice."""
    rows = {}
    for kind, parts in ranking["slices"].items():
        for name, part in parts.items():
            cells = {model: number(value["value"]) for model, value in part["ndcg@10"].items()}
            rows[f"{kind.replace('_', ' ')}: {name}"] = {"cases": f"{part['cases']:,}", **cells}
    return pd.DataFrame(rows).T


def rating_frame(rating: dict[str, Any]) -> pd.DataFrame:
    """Lay out the rating task, one column a model and one for the base rates."""
    columns = {name: _rating_column(model) for name, model in rating.get("models", {}).items()}
    if rating:
        columns["base rate"] = _rating_column(rating["base_rate"])
    return pd.DataFrame(columns)


def tuning_frame(tuning: dict[str, Any]) -> pd.DataFrame:
    """Lay out what every baseline tried, and which setting it kept."""
    rows = []
    for name, part in tuning.items():
        best = max(trial["validation_ndcg@10"] for trial in part["trials"])
        for trial in part["trials"]:
            settings = {key: value for key, value in trial.items() if key != "validation_ndcg@10"}
            rows.append(
                {
                    "model": name,
                    "settings": ", ".join(f"{key} {value}" for key, value in settings.items()),
                    "NDCG@10 on validation": number(trial["validation_ndcg@10"]),
                    "kept": "✓" if trial["validation_ndcg@10"] == best else "",
                }
            )
    return pd.DataFrame(rows)


def _rating_column(numbers: dict[str, Any]) -> dict[str, str]:
    auc = numbers["auc"]
    column = {"AUC": with_interval(auc) if isinstance(auc, dict) else number(auc)}
    column["accuracy"] = number(numbers["accuracy"])
    for key, label in (("five_star", "5 stars"), ("other", "other ratings")):
        column |= {
            f"{label}: {title}": number(numbers[key][metric])
            for metric, title in (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
        }
    return column


def _by_ndcg(models: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(models.items(), key=lambda model: -model[1]["ndcg@10"]["value"])

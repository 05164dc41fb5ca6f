"""What the tables show of the numbers of `metrics.json`, and how each number is written.

The terminal, the notebook and the page `report/README.md` render the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from recsys.number_format import amount, number, with_interval, without_interval

Numbers = dict[str, Any]
Rows = dict[str, list[str]]
"""Cells of each row, by name of the model or rule."""

ONE_OF_EACH_KIND: Final = ("network", "popularity, tuned", "iALS", "item-kNN", "text-kNN")
"""The models that are shown beside the one in service where more couldn't be told apart."""


def difference(part: Any) -> str:
    """Write a difference with its interval, and 0 for what is compared with itself."""
    if isinstance(part, dict) and not any(part[key] for key in ("value", "low", "high")):
        return "0"
    return with_interval(part)


class Measure(NamedTuple):
    """One number of a model.

    Attributes:
        label: Its name in tables.
        key: Where it is among the model's numbers; a dot leads into nested ones.
        text: Writes it.
    """

    label: str
    key: str
    text: Callable[[Any], str] = with_interval


RANKING: Final = (
    Measure("NDCG@10", "ndcg@10"),
    Measure("HitRate@10", "hit_rate@10", without_interval),
    Measure("MRR", "mrr", without_interval),
    Measure("served ahead by", "lead_of_served", difference),
)
RANKING_METRICS: Final = (
    Measure("NDCG@10", "ndcg@10"),
    Measure("HitRate@10", "hit_rate@10"),
    Measure("Recall@10", "recall@10"),
    Measure("NDCG@5", "ndcg@5"),
    Measure("HitRate@5", "hit_rate@5"),
    Measure("MRR", "mrr"),
)
COSTS: Final = (
    Measure("coverage@5", "coverage@5"),
    Measure("novelty@5, bits", "novelty@5", lambda bits: number(bits, 1)),
    Measure("Gini@5", "gini@5"),
    Measure("similarity@5", "intra_list_similarity@5"),
    Measure("fit, s", "fit_seconds", amount),
    Measure("ms a user", "ms_a_user", amount),
    Measure("MB", "megabytes", amount),
)
DIVERSITY: Final = (
    Measure("NDCG@10", "ndcg@10"),
    Measure("change", "ndcg@10_change", difference),
    Measure("coverage@5", "coverage@5"),
    Measure("Gini@5", "gini@5"),
    Measure("similarity@5", "intra_list_similarity@5"),
)
RATING: Final = (
    Measure("AUC", "auc"),
    Measure("Brier score", "brier"),
    Measure("calibration error", "calibration_error"),
    Measure("accuracy", "accuracy"),
    Measure("5 stars: precision", "five_star.precision"),
    Measure("5 stars: recall", "five_star.recall"),
    Measure("5 stars: F1", "five_star.f1"),
    Measure("other ratings: precision", "other.precision"),
    Measure("other ratings: recall", "other.recall"),
    Measure("other ratings: F1", "other.f1"),
)
COLD_START: Final = (Measure("HitRate@5", "hit_rate@5"), Measure("NDCG@5", "ndcg@5"))


def measured(measures: Iterable[Measure], models: Iterable[Numbers]) -> list[Measure]:
    """Leave out the measures that no model has, since the numbers are older than they are."""
    models = list(models)
    return [each for each in measures if any(cells(model, [each]) != [""] for model in models)]


def labels(measures: Iterable[Measure]) -> list[str]:
    """List the heads of a table's columns."""
    return [measure.label for measure in measures]


def cells(numbers: Numbers, measures: Iterable[Measure]) -> list[str]:
    """Write the numbers of one model; "" for one that it doesn't have."""
    return [_cell(numbers, measure) for measure in measures]


def ranking_rows(ranking: Numbers, measures: Iterable[Measure] = RANKING) -> Rows:
    """Write every model of one cutoff, best NDCG@10 first, and the random order last."""
    measures = tuple(measures)
    return {
        **{name: cells(model, measures) for name, model in by_ndcg(ranking["models"]).items()},
        "random order": cells(ranking["base_rate"], measures),
    }


def cost_rows(ranking: Numbers, measures: Iterable[Measure] = COSTS) -> Rows:
    """Write how varied each model's lists are and what it costs, best NDCG@10 first."""
    measures = tuple(measures)
    return {name: cells(model, measures) for name, model in by_ndcg(ranking["models"]).items()}


def rating_rows(rating: Numbers, measures: Iterable[Measure] = RATING) -> Rows:
    """Write every model of the rating task, the base rate last; nothing without numbers."""
    if not rating:
        return {}
    measures = tuple(measures)
    models = {**rating["models"], "base rate": rating["base_rate"]}
    return {name: cells(model, measures) for name, model in models.items()}


def cold_start_rows(cold_start: Numbers) -> Rows:
    """Write every cold-start rule."""
    return {name: cells(rule, COLD_START) for name, rule in cold_start["rules"].items()}


def mode_rows(modes: Numbers) -> Rows:
    """Write each mode of the model in service, and what it gains over the others."""
    values, changes = modes["ndcg@10"], modes["changes"]
    *_, last = values

    def gain(name: str, other: str) -> str:
        change = changes.get(f"{name} over {other}")
        return with_interval(change) if change else ""

    following = dict(zip(values, [*list(values)[1:], ""], strict=True))
    return {
        name: [with_interval(found), gain(name, following[name]), gain(name, last)]
        for name, found in values.items()
    }


def diversity_rows(diversity: Numbers) -> Rows:
    """Write what each value of `diversity` shows."""
    return {f"diversity {name}": cells(part, DIVERSITY) for name, part in diversity.items()}


def best_baseline(models: Numbers) -> tuple[str, str]:
    """Name the model in service, which comes first, and the best one that isn't a mode of it.

    Args:
        models: NDCG@10 with its interval, by name of the model.
    """
    served, *others = models
    baselines = [name for name in others if not name.startswith(f"{served},")]
    return served, max(baselines, key=lambda name: models[name]["value"])


def one_of_each_kind(models: Iterable[str]) -> list[str]:
    """Choose the model in service, which comes first, and one other of each kind, by name."""
    served, *others = models
    return [served, *(name for name in others if name in ONE_OF_EACH_KIND)]


def by_ndcg(models: Numbers) -> Numbers:
    """Sort models by NDCG@10, best first."""
    return dict(sorted(models.items(), key=lambda model: -model[1]["ndcg@10"]["value"]))


def _cell(numbers: Numbers, measure: Measure) -> str:
    *groups, key = measure.key.split(".")
    for group in groups:
        numbers = numbers[group]
    return measure.text(numbers[key]) if key in numbers else ""

"""The charts of model_selection.ipynb; each function takes what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from pipeline.evaluate.rating_task import rated_pairs
from pipeline.evaluate.results.rating import calibration
from pipeline.report.charts import (
    BLUE,
    INK,
    QUIET,
    Chart,
    color_of,
    no_grid,
    panels,
    styled,
)
from pipeline.report.measures import one_of_each_kind

if TYPE_CHECKING:
    from pipeline.evaluate.evaluation import Evaluation

_THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}")
_NOT_MEASURED = dict.fromkeys(("value", "low", "high"), np.nan)


@styled
def ranking(numbers: dict[str, Any], metric: str = "ndcg@10", label: str = "NDCG@10") -> Chart:
    """Compare the models at both cutoffs, best of the fresh one first; some are at that one only."""
    modes = numbers["ranking"]
    models = modes["fresh"]["models"]
    order = sorted(models, key=lambda name: -models[name][metric]["value"])
    chart, axes = panels(2, width=10.0, height=_height(len(order)))
    for axis, (mode, part) in zip(axes, modes.items(), strict=True):
        found = part["models"]
        _dots(
            axis, {name: found[name][metric] if name in found else _NOT_MEASURED for name in order}
        )
        axis.axvline(part["base_rate"][metric], color=INK, linestyle=(0, (2, 3)), linewidth=1)
        axis.set(title=f"{label}, {mode}: {part['users']:,} users")
    axes[1].set_yticklabels([])
    return chart


@styled
def data_sets(numbers: dict[str, Any], metric: str = "ndcg@10", label: str = "NDCG@10") -> Chart:
    """Compare the models on several data sets (fresh), one panel each."""
    most = max(len(part["ranking"]["fresh"]["models"]) for part in numbers.values())
    chart, axes = panels(len(numbers), width=4.0 * len(numbers) + 1.0, height=_height(most))
    for axis, (name, part) in zip(axes, numbers.items(), strict=True):
        fresh = part["ranking"]["fresh"]
        models = fresh["models"]
        order = sorted(models, key=lambda model: -models[model][metric]["value"])
        _dots(axis, {model: models[model][metric] for model in order})
        axis.axvline(fresh["base_rate"][metric], color=INK, linestyle=(0, (2, 3)), linewidth=1)
        axis.set(title=name, xlabel=f"{label}, {fresh['users']:,} users")
    return chart


@styled
def rating_task(evaluation: Evaluation) -> Chart:
    """Draw ROC curves of all models that answer the rating task, and how reliable probabilities are.

    Each dot of the reliability diagram is a tenth of the pairs: on the dashed line as many were
    rated five stars as was said.
    """
    chart, (left, right) = panels(2, width=10.4, height=4.6)
    cases = evaluation.stale.cutoff.cases
    for rating in evaluation.rating:
        color = color_of(rating.name)
        liked, scores = rated_pairs(cases, rating.scores)
        false_rate, true_rate, _ = roc_curve(liked, scores, drop_intermediate=False)
        label = f"{rating.name}, AUC {roc_auc_score(liked, scores):.3f}"
        left.plot(false_rate, true_rate, color=color, label=label)
        if rating.probabilities is None:
            continue
        found = calibration(*rated_pairs(cases, rating.probabilities))
        told, came = (
            [each[key] for each in found["reliability"]] for key in ("probability", "share")
        )
        label = f"{rating.name}, Brier score {found['brier']:.3f}"
        right.plot(told, came, "o-", color=color, label=label)
    for axis in (left, right):
        axis.plot([0, 1], [0, 1], color=QUIET, linestyle=(0, (2, 3)), linewidth=1)
        axis.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axis.legend(loc="lower right")
    left.set(title="Is the rating 5?", xlabel="false positive rate", ylabel="true positive rate")
    right.set(title="Probabilities", xlabel="probability told", ylabel="share of 5 stars")
    return chart


@styled
def popularity_of_recommended(evaluation: Evaluation, n_shown: int = 5) -> Chart:
    """Show how popular the recommended items are, compared with those that users chose next.

    Beside the model in service there is one other of each kind: more curves couldn't be told apart.
    """
    chart, (axis,) = panels(1, width=7.4, height=4.2)
    cutoff = evaluation.fresh.cutoff
    counts = cutoff.history.counts
    models = {answers.name: answers for answers in evaluation.fresh.models}
    for name in one_of_each_kind(models):
        shown = models[name].lists[:, :n_shown]
        _cumulative(axis, counts[shown[shown >= 0]], name, color_of(name))
    _cumulative(axis, counts[cutoff.cases.items], "chosen next", INK, dashed=True)
    axis.set_xscale("symlog", linthresh=1)
    axis.set(title="How well known the items shown are", xlabel="reviewed by at most so many users")
    axis.set(ylabel="share of the items shown", xlim=(0, None), ylim=(0, 1.02))
    axis.xaxis.set_major_formatter(_THOUSANDS)
    axis.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return chart


@styled
def variety(numbers: dict[str, Any]) -> Chart:
    """Show how much of the catalog is shown, how unevenly, and how well known it is."""
    models = numbers["ranking"]["fresh"]["models"]
    order = sorted(models, key=lambda name: -models[name]["ndcg@10"]["value"])
    chart, axes = panels(3, width=10.0, height=_height(len(order)))
    for axis, (metric, title) in zip(
        axes,
        (
            ("coverage@5", "Coverage@5"),
            ("gini@5", "Gini@5 (0: even)"),
            ("novelty@5", "Novelty@5, bits"),
        ),
        strict=True,
    ):
        values = [models[name][metric] for name in order]
        axis.barh(range(len(order)), values, color=[color_of(name) for name in order], height=0.7)
        axis.set(title=title, yticks=range(len(order)), ylim=(len(order) - 0.5, -0.5))
        axis.set_yticklabels(order if axis is axes[0] else [])
        no_grid(axis, "y")
    return chart


@styled
def diversity(numbers: dict[str, Any]) -> Chart:
    """Show what `diversity` costs against what it gains, one point for each value."""
    chart, axes = panels(3, width=10.0, height=3.4)
    parts = numbers["diversity"]
    for axis, (metric, title) in zip(
        axes,
        (
            ("coverage@5", "Coverage@5"),
            ("gini@5", "Gini@5 (0: even)"),
            ("intra_list_similarity@5", "Similarity@5 (1: alike)"),
        ),
        strict=True,
    ):
        gained = [part[metric] for part in parts.values()]
        quality = [part["ndcg@10"] for part in parts.values()]
        values = [part["value"] for part in quality]
        errors = np.abs(
            [[part[end] - part["value"] for part in quality] for end in ("low", "high")]
        )
        axis.errorbar(gained, values, yerr=errors, marker="o", color=BLUE, ecolor=QUIET)
        for place, (name, x, part) in enumerate(zip(parts, gained, quality, strict=True)):
            end, side = ("low", "top") if place % 2 else ("high", "bottom")  # neighbors apart
            axis.annotate(name, (x, part[end]), ha="center", va=side, color=INK)
        axis.set(title=title, ylim=(0, None))
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.margins(x=0.15)
    axes[0].set_ylabel("NDCG@10")
    return chart


def _height(n_models: int) -> float:
    """Inches that rows of so many models need."""
    return max(3.6, 0.22 * n_models + 0.8)


def _dots(axis: Axes, values: dict[str, dict[str, float]]) -> None:
    """Draw one dot with its interval per model."""
    for place, (name, part) in enumerate(values.items()):
        color = color_of(name)
        axis.plot(
            [part["low"], part["high"]], [place, place], color=color, linewidth=2.5, alpha=0.5
        )
        axis.plot(part["value"], place, "o", color=color, markersize=7)
    axis.set(ylim=(len(values) - 0.5, -0.5), yticks=range(len(values)))
    axis.set_yticklabels(list(values))
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.margins(x=0.12)
    no_grid(axis, "y")


def _cumulative(
    axis: Axes, counts: NDArray[np.int64], label: str, color: str, *, dashed: bool = False
) -> None:
    values = np.sort(counts)
    share = np.arange(1, len(values) + 1) / max(len(values), 1)
    style: Any = (0, (4, 2)) if dashed else "solid"
    axis.step(values, share, where="post", label=label, color=color, linestyle=style)

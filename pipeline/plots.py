"""The charts of the reports; each function takes what was measured and returns a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from pipeline.charts import (
    BLUE,
    GREEN,
    INK,
    MODEL_COLORS,
    OCHRE,
    QUIET,
    Chart,
    no_grid,
    note,
    panels,
    styled,
)
from pipeline.exploration import Exploration
from recsys import metrics

if TYPE_CHECKING:
    from pipeline.evaluation import Evaluation

_THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}")
_SMALL_SHARES = FuncFormatter(lambda value, _: f"{100 * value:g}%")
_PLAIN = FuncFormatter(lambda value, _: f"{value:,.10g}")


@styled
def ratings_prices_lengths(found: Exploration) -> Chart:
    """Show how ratings, prices of items and lengths of reviews are distributed."""
    chart, (left, middle, right) = panels(3)
    stars, counts = np.unique(np.round(found.ratings), return_counts=True)
    bars = left.bar(stars, counts / counts.sum(), color=BLUE, width=0.7)
    left.bar_label(bars, [f"{share:.0%}" for share in counts / counts.sum()], padding=2, color=INK)
    left.set(title="Ratings", xlabel="stars", xticks=stars)
    left.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    left.margins(y=0.12)
    no_grid(left, "x")
    _log_histogram(middle, found.prices, "Prices of items", "USD", "no item has a price")
    words = found.words[found.words > 0]
    _log_histogram(right, words, "Length of reviews", "words", "no review has text")
    return chart


@styled
def activity(found: Exploration) -> Chart:
    """Show how many users and items have how many reviews: the share with at least so many."""
    chart, (left, right) = panels(2)
    for axis, counts, who in (
        (left, found.reviews_by_user, "users"),
        (right, found.reviews_by_item, "items"),
    ):
        sizes = np.unique(counts)
        share = [(counts >= size).mean() for size in sizes]
        axis.loglog(sizes, share, color=BLUE)
        axis.set(title=f"Reviews of {who}", xlabel="at least so many reviews")
        axis.set_ylabel(f"share of {who}")
        axis.xaxis.set_major_formatter(_THOUSANDS)
        axis.yaxis.set_major_formatter(_SMALL_SHARES)
        axis.minorticks_off()
    return chart


@styled
def over_time(found: Exploration) -> Chart:
    """Show the reviews of each month with the split, and how busy users and items were."""
    chart, (left, right) = panels(2)
    months = found.months
    when = months.index.to_numpy()
    left.fill_between(when, months["reviews"], color=BLUE, alpha=0.25, linewidth=0)
    left.plot(when, months["reviews"], color=BLUE)
    left.set(title="Reviews a month", ylim=(0, None))
    left.yaxis.set_major_formatter(_THOUSANDS)
    # A month cut short at an edge of the data has too few reviews for a mean.
    enough = (months["reviews"] > 0.02 * months["reviews"].max()).to_numpy()
    for name, color in (("users", GREEN), ("items", OCHRE)):
        busy = (months["reviews"] / months[name].clip(lower=1)).where(enough)
        right.plot(when, busy, color=color, label=f"per active {name[:-1]}")
    right.set(title="Reviews per active user and item, by month", ylim=(0, None))
    right.legend(loc="lower left")
    for axis in (left, right):
        _mark_split(axis, found.part_starts)
        axis.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=7))  # type: ignore[no-untyped-call]
    return chart


@styled
def roc_curves(evaluation: Evaluation) -> Chart:
    """Draw the ROC curve of every model on the same test pairs."""
    chart, (axis,) = panels(1, width=5.2, height=4.6)
    liked = evaluation.cases.test.liked
    for judged in evaluation.judged:
        auc = metrics.roc_auc(liked, judged.scores)
        axis.plot(
            *metrics.roc_curve(liked, judged.scores),
            color=MODEL_COLORS[judged.name],
            label=f"{judged.name}, AUC {auc:.3f}",
        )
    axis.plot([0, 1], [0, 1], color=QUIET, linestyle=(0, (2, 3)), linewidth=1, label="chance, .500")
    axis.set(title="Is the rating 5?", xlabel="false positive rate", ylabel="true positive rate")
    axis.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axis.legend(loc="lower right")
    return chart


@styled
def comparison(numbers: dict[str, Any]) -> Chart:
    """Set the models beside each other: AUC, HitRate@5, NDCG@5 with intervals and base rates."""
    chart, axes = panels(4, width=10.5, height=2.6)
    rating, ranking, cold_start = (numbers[key] for key in ("rating", "ranking", "cold_start"))
    k = ranking["k"]
    for axis, part, metric, title in (
        (axes[0], rating, "auc", "AUC (rating is 5)"),
        (axes[1], ranking, "hit_rate", f"HitRate@{k}"),
        (axes[2], ranking, "ndcg", f"NDCG@{k}"),
        (axes[3], cold_start, "hit_rate", f"HitRate@{k}, newcomers"),
    ):
        _dots(axis, part["models"], part["base_rate"][metric], metric, title)
    for axis in axes[1:3]:
        axis.set_yticklabels([])
    return chart


@styled
def popularity_of_recommended(evaluation: Evaluation) -> Chart:
    """Show how often reviewed the recommended items are, beside those that users went on to."""
    chart, (axis,) = panels(1, width=6.4, height=3.6)
    counts = training_counts(evaluation)
    for judged in evaluation.judged:
        recommended = judged.top[judged.top >= 0]
        _cumulative(axis, counts[recommended], judged.name, MODEL_COLORS[judged.name])
    _cumulative(axis, counts[evaluation.cases.test.items], "reviewed next", INK, dashed=True)
    axis.set_xscale("symlog", linthresh=1)
    axis.set(title="Training reviews of recommended items", xlabel="at most so many reviews")
    axis.set(ylabel="share of recommendations", xlim=(0, None), ylim=(0, 1.02))
    axis.xaxis.set_major_formatter(_THOUSANDS)
    axis.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axis.legend(loc="upper left")
    return chart


def training_counts(evaluation: Evaluation) -> NDArray[np.int64]:
    """Count the training reviews of every item, (n_items,)."""
    rows = evaluation.interactions
    items = rows.items[(rows.parts == 0) & (rows.items >= 0)]
    return np.bincount(items, minlength=len(evaluation.features.item_names))


def _log_histogram(
    axis: Axes, values: NDArray[Any], title: str, label: str, otherwise: str
) -> None:
    axis.set(title=title, xlabel=label)
    positive = values[values > 0]
    if len(positive) == 0:
        note(axis, otherwise)
        return
    low, high = np.log10(positive.min()), np.log10(positive.max())
    edges = np.logspace(low, max(high, low + 0.3), 31)
    if positive.dtype.kind == "i":
        # Whole numbers would leave gaps between narrow bars.
        edges = np.unique(np.floor(edges)) - 0.5
        edges = np.append(edges, positive.max() + 0.5)
    axis.hist(
        positive, bins=edges.tolist(), color=BLUE, alpha=0.85, edgecolor="white", linewidth=0.4
    )
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(_PLAIN)
    axis.minorticks_off()
    middle = float(np.median(positive))
    axis.axvline(middle, color=OCHRE)
    axis.annotate(
        f" median {middle:,.4g}", (middle, 0.97), xycoords=("data", "axes fraction"), va="top"
    )
    no_grid(axis, "x")


def _mark_split(axis: Axes, starts: tuple[np.datetime64, np.datetime64]) -> None:
    for start, name in zip(starts, ("validation", "test"), strict=True):
        axis.axvline(start, color=QUIET, linestyle=(0, (2, 3)), linewidth=1)  # type: ignore[arg-type]
        axis.annotate(
            f"{name} ",
            (start, 0.03),
            xycoords=("data", "axes fraction"),
            rotation=90,
            ha="right",
            color=QUIET,
        )


def _dots(axis: Axes, models: dict[str, Any], base: float, metric: str, title: str) -> None:
    """Draw one dot with its interval a model, and the base rate as a line."""
    names = list(models)
    for place, name in enumerate(names):
        part, color = models[name][metric], MODEL_COLORS[name]
        axis.plot(
            [part["low"], part["high"]], [place, place], color=color, linewidth=2.5, alpha=0.5
        )
        axis.plot(part["value"], place, "o", color=color, markersize=7)
    axis.axvline(base, color=INK, linestyle=(0, (2, 3)), linewidth=1)
    axis.set(title=title, ylim=(len(names) - 0.5, -0.5), yticks=range(len(names)))
    axis.set_yticklabels([name.replace("_", " ") for name in names])
    axis.xaxis.set_major_locator(MaxNLocator(3))
    axis.margins(x=0.12)
    no_grid(axis, "y")


def _cumulative(
    axis: Axes, counts: NDArray[np.int64], label: str, color: str, *, dashed: bool = False
) -> None:
    values = np.sort(counts)
    share = np.arange(1, len(values) + 1) / max(len(values), 1)
    style: Any = (0, (4, 2)) if dashed else "solid"
    axis.step(values, share, where="post", label=label, color=color, linestyle=style)

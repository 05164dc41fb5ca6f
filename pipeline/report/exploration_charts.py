"""The charts of eda.ipynb; each function takes what was found and returns a chart."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator
from matplotlib.ticker import FuncFormatter, PercentFormatter
from numpy.typing import NDArray

from pipeline.report.charts import (
    BLUE,
    GREEN,
    INK,
    OCHRE,
    QUIET,
    Chart,
    no_grid,
    note,
    panels,
    styled,
)
from pipeline.report.exploration import Exploration

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
        edges = np.unique(np.minimum(np.floor(edges), positive.max())) - 0.5
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

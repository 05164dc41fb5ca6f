"""The common look of all charts in the reports."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any, Final, ParamSpec

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK: Final = "#2b3440"
QUIET: Final = "#8b95a1"
BLUE: Final = "#2f6f9f"
OCHRE: Final = "#d08b2e"
GREEN: Final = "#4f9a7a"
PALE: Final = "#e6ebf0"

PLUM: Final = "#8a5a83"

MODEL_COLORS: Final = {
    "ranker": BLUE,
    "ranker, histories reloaded only": "#5a8fb8",
    "ranker, similarities of training only": "#5a8fb8",
    "network": "#7fb2d6",
    "ALS": OCHRE,
    "iALS": "#b5651d",
    "BPR": "#c9a227",
    "item-kNN": GREEN,
    "RP3beta": "#2f7d6b",
    "EASE": "#8fbf8f",
    "SLIM": "#6fae5e",
    "session-kNN": "#a9b665",
    "SASRec": "#b06a6a",
    "text-kNN": PLUM,
    "bias model": PLUM,
    "served probability": "#1d3f5a",
    "popularity model": BLUE,
    "popularity": QUIET,
    "popularity, tuned": "#5d6670",
}
"""Models in service are blue, factors brown, neighbors green, text plum, sequences red, popularity gray."""


def color_of(model: str) -> str:
    """Return the color of a model, gray for one without; blends with popularity have that of the other part."""
    return MODEL_COLORS.get(model.removesuffix(" + popularity"), QUIET)


STYLE: Final[Any] = {
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.8,
    "font.size": 9.5,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "xtick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.color": QUIET,
    "ytick.labelcolor": INK,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}

_DOTS_PER_INCH: Final = 90

Drawn = ParamSpec("Drawn")


class Chart(Figure):
    """A figure that a notebook displays as a small PNG."""

    def _repr_png_(self) -> bytes:
        """Return the bytes that Jupyter asks for."""
        return png(self)


def styled(draw: Callable[Drawn, Chart]) -> Callable[Drawn, Chart]:
    """Decorate a function that draws a chart, so that Matplotlib uses `STYLE` meanwhile."""

    @functools.wraps(draw)
    def drawn(*args: Drawn.args, **kwargs: Drawn.kwargs) -> Chart:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


def png(chart: Figure) -> bytes:
    """Render a chart as PNG bytes."""
    target = io.BytesIO()
    with mpl.rc_context(STYLE):
        FigureCanvasAgg(chart)
        # Without the software's version the same numbers give the same bytes anywhere.
        chart.savefig(target, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return target.getvalue()


def panels(n: int, width: float = 9.0, height: float = 3.2) -> tuple[Chart, list[Axes]]:
    """Make a chart of n panels side by side.

    Args:
        n: Number of panels.
        width: Width of the chart in inches.
        height: Height of the chart in inches.
    """
    chart = Chart(figsize=(width, height), layout="constrained")
    return chart, [chart.add_subplot(1, n, place + 1) for place in range(n)]


def no_grid(axis: Axes, which: str) -> None:
    """Remove the grid lines of one direction, "x" or "y"."""
    axis.grid(visible=False, axis="x" if which == "x" else "y")


def note(axis: Axes, text: str) -> None:
    """Write a sentence in the middle of a panel that has nothing to show."""
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", va="center", color=QUIET)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(visible=False)

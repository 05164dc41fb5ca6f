"""Every figure of `make bench`: its key in results.json, its label, how it is written, its target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

BATCH: Final = 16
"""Users that a batch search ranks for together."""

LARGE_ITEMS: Final = 1_000_000


class Figure(NamedTuple):
    """One row of the table.

    Attributes:
        key: Its name in results.json.
        label: What was measured.
        measured: Format of its numbers, by their names.
        compared: Format of what they are compared with; "" where there is nothing.
        target: What `value` should be at least, or at most -`target` where that is negative;
            0 where there is no target.
    """

    key: str
    label: str
    measured: str
    compared: str = ""
    target: float = 0

    def cells(self, numbers: Mapping[str, float]) -> tuple[str, str, str, str, str]:
        """Write label, measured, compared, target, and whether the target is reached."""
        limit = reached = ""
        if self.target:
            limit = f"≥ {self.target:g}" if self.target > 0 else f"≤ {-self.target:g}"
            reached = "yes" if self.is_reached(numbers["value"]) else "no"
        measured, compared = self.measured.format(**numbers), self.compared.format(**numbers)
        return self.label, measured, compared, limit, reached

    def is_reached(self, value: float) -> bool:
        """Whether a value is within the target."""
        return value >= self.target if self.target > 0 else value <= -self.target


def _search(key: str, label: str, decimals: int = 3) -> Figure:
    return Figure(key, label, f"{{ms:,.{decimals}f}} ms", "{times_reading:,.2f} × reading")


def _endpoint(key: str, label: str) -> Figure:
    percentiles = "p50 {p50_ms:.1f}, p99 {p99_ms:.1f} ms"
    alone = "alone {alone_p50_ms:.2f}, {alone_p99_ms:.2f} ms"
    return Figure(key, label, "{per_second:,.0f} requests/s", f"{percentiles}; {alone}")


def _value(key: str, label: str, target: float, measured: str = "{value:.2f}") -> Figure:
    return Figure(key, label, measured, target=target)


def _against_no_op(key: str, label: str, target: float) -> tuple[Figure, Figure]:
    return (
        _value(f"{key}_against_no_op", f"{label}, against the no-op endpoint", target),
        _value(f"{key}_against_bare", f"{label}, against the no-op in front", 0, "{value:.2f} ×"),
    )


_SEARCHES: Final = {
    "read": "read the item half once",
    "float32": "float32 search",
    "float32_batch": f"float32 search, {BATCH} users together",
    "byte": "byte search",
    "byte_batch": f"byte search, {BATCH} users together",
    "faiss": "FAISS, exact inner product",
    "faiss_batch": f"FAISS, {BATCH} users together",
}

_PREDICT: Final = "model.predict, batch_size=32"
_TIMES: Final = "{value:,.0f} ×"

FIGURES: Final[tuple[Figure | str, ...]] = (
    Figure("build", "build a snapshot from the files", "{seconds:.1f} s"),
    "Top 5 of one user, one thread, processor time",
    *(_search(key, label) for key, label in _SEARCHES.items()),
    _search("numpy", "NumPy on the same halves, in tiles"),
    _search("predict_8192", "model.predict, batch_size=8192", decimals=0),
    _search("predict_32", _PREDICT, decimals=0),
    _value("predict_against_float32", f"{_PREDICT}, against float32 search", 2_000, _TIMES),
    _value("predict_against_byte", f"{_PREDICT}, against byte search", 2_000, _TIMES),
    _value("float32_against_reading", "float32 search against reading the item half", -1.3),
    _value("byte_against_reading", "byte search against reading the item half", -1),
    Figure("answer_on_demand", "an answer, scored on demand, in one process", "{ms:.3f} ms"),
    Figure("answer_from_lists", "an answer, from the top lists, in one process", "{ms:.3f} ms"),
    "The service, 2 workers",
    _value("start", "seconds from start to the first answer, snapshot published", -3),
    Figure("start_processor", "processor seconds of that, all processes", "{seconds:.1f} s"),
    Figure("fill_lists", "top lists of all users, processor time", "{seconds:.0f} s"),
    _endpoint("bare", "no-op in front of the application"),
    _endpoint("no_op", "no-op endpoint of the application"),
    _endpoint("from_lists", "/recommendations, top lists warm"),
    _endpoint("on_demand", "/recommendations, on demand"),
    _endpoint("on_demand_with_rules", "/recommendations, on demand, under 1,000 rules"),
    Figure("client", "the client's own share of a core", "{least:.0%} to {most:.0%}"),
    *_against_no_op("from_lists", "/recommendations, top lists warm", 0.7),
    *_against_no_op("on_demand", "/recommendations, on demand", 0.25),
    _value(
        "on_demand_with_rules_against_without", "on demand, under 1,000 rules against none", 0.8
    ),
    Figure(
        "reload_until_filled",
        "a reload of new data until all top lists are there, under load",
        "{seconds:.0f} s",
    ),
    _value("rate_while_reloading", "requests/s from its start to there, against before", 0.6),
    _value("p99_while_reloading", "p99 likewise", -3),
    _value("memory", "GB of 2 workers together (PSS)", -1),
    Figure("memory_with_parent", "and with the process that started them", "{mb:,.0f} MB"),
    f"Top 5 of one user among {LARGE_ITEMS:,} items",
    *(_search(f"large_{key}", label) for key, label in _SEARCHES.items()),
)
"""In the order of the table, which has a title before each part."""

KEYS: Final = tuple(figure.key for figure in FIGURES if isinstance(figure, Figure))

HEADLINES: Final = (
    "byte_against_reading",
    "predict_against_byte",
    "from_lists_against_no_op",
    "on_demand_against_no_op",
    "memory",
)
"""The figures that the README shows."""

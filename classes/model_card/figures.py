"""The sections of the model card that hold figures: data, quality, and quality by subgroup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from recsys.number_format import number, with_interval

Numbers = Mapping[str, Any]

MAIN: Final = "ndcg@10"
KINDS_OF_SLICES: Final = {
    "items_of_user": "items that the user had",
    "item": "item asked for",
    "price": "price of the item",
    "category": "category of the item",
}
METRIC: Final = (
    "NDCG@10, the mean over users: 1 if what a user chose next comes first, and less the further "
    "down it is, 0 beyond ten (Järvelin and Kekäläinen, TOIS 2002). All items are ranked but those "
    "that the user had. Brackets are 95 % intervals, bootstrapped over users."
)
NOTHING: Final = (
    "Nothing was measured of this model. `python -m pipeline evaluate` measures it, where users come "
    "back."
)


def measured_sections(metrics: Numbers | None) -> list[str]:
    """Write the sections with figures, or one that says why there are none.

    Args:
        metrics: The content of `metrics.json`; None where nothing was measured of the model.
    """
    if metrics is None:
        return [f"## Figures\n\n{NOTHING}"]
    try:
        fresh = metrics["ranking"]["fresh"]
        return [
            f"## Data\n\n{_data(metrics['data'], fresh)}",
            f"## Metric\n\n{METRIC}",
            f"## How well it ranks\n\n{_overall(fresh)}\n\n{_shown(fresh)}{_rating(metrics)}",
            f"## For whom, and for what\n\n{_subgroups(fresh)}",
        ]
    except (KeyError, TypeError, AttributeError, ValueError):
        return [f"## Figures\n\nThe figures beside the model are of another form. {NOTHING}"]


def _data(data: Numbers, fresh: Numbers) -> str:
    return (
        f"{data['reviews']:,} reviews of {data['items']:,} items by {data['users']:,} people who can "
        f"be recognized, from {data['first_day']} to {data['last_day']}. Models learn from those "
        f"before {data['validation_from']}, choose settings on those before {data['test_from']}, and "
        f"are judged on the rest: {fresh['cases']:,} first reviews by {fresh['users']:,} users with "
        f"a history, of items that were known by then, whatever the rating. All that happened before "
        f"the test days is known, as after a refresh."
    )


def _overall(fresh: Numbers) -> str:
    models = fresh["models"]
    served, *_ = models
    best = _best_other(models, served, lambda model: model[MAIN]["value"])
    rows = [[f"in service: {served}", with_interval(models[served][MAIN])]]
    if best:
        rows.append([f"best other: {best}", with_interval(models[best][MAIN])])
        rows.append(["in service, ahead by", with_interval(models[best]["lead_of_served"])])
    rows.append(["random order", number(fresh["base_rate"][MAIN])])
    return _table(["model", "NDCG@10"], rows)


def _shown(fresh: Numbers) -> str:
    served, *_ = fresh["models"].values()
    return (
        f"Of the catalog, {100 * served['coverage@5']:.0f} % is in the first five of some user of the "
        f"test. How often items are shown there has a Gini coefficient of {number(served['gini@5'])} "
        f"(0: all alike, 1: one item alone)."
    )


def _rating(metrics: Numbers) -> str:
    rating = metrics.get("rating") or {}
    served, *_ = metrics["ranking"]["fresh"]["models"]
    models = rating.get("models", {})
    if served not in models:
        return ""
    text = (
        f" Asked which of two ratings is five stars, it is right in "
        f"{with_interval(models[served]['auc'])} (AUC; chance: .500)"
    )
    told = models.get("served probability", {})
    if "brier" not in told:
        return f"{text}."
    return (
        f"{text}; the probability of five stars that is told beside a list in "
        f"{with_interval(told['auc'])}. That probability has a Brier score of {number(told['brier'])}, "
        f"always telling the share of five stars one of {number(rating['base_rate']['brier'])}; on "
        f"average it is {number(told['calibration_error'])} away from how often it comes true."
    )


def _subgroups(fresh: Numbers) -> str:
    heads = ["by", "subgroup", "users", "cases", "in service", "best other there"]
    rows, shown = [], ""
    for kind, *row in subgroup_rows(fresh):
        rows.append(["" if kind == shown else kind, *row])
        shown = kind
    return (
        "Within a subgroup only its cases count; prices are thirds of the catalog. In the rows by the item "
        "asked for, items that nobody had reviewed are ranked too. The best other "
        "model is looked up for each, which favors it where there are few cases; figures of "
        "different subgroups don't compare, since some are harder than others.\n\n"
        + _table(heads, rows)
    )


def subgroup_rows(fresh: Numbers) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Compare the model in service with the best other one on each subgroup.

    Items that nobody had reviewed are among those of the whole catalog.

    Args:
        fresh: The numbers of the fresh cutoff in `metrics.json`.

    Yields:
        By what and which, its users and cases, NDCG@10 in service, and that of the best other.
    """
    for kind, label in KINDS_OF_SLICES.items():
        parts = dict(fresh["slices"].get(kind, {}))
        if kind == "item":
            parts |= fresh.get("whole_catalog", {}).get("slices", {}).get(kind, {})
        for name, part in parts.items():
            models = part[MAIN]
            served, *_ = models
            best = _best_other(models, served, lambda found: found["value"])
            other = f"{with_interval(models[best])}, {best}" if best else ""
            sizes = f"{part['users']:,}", f"{part['cases']:,}"
            yield label, name, *sizes, with_interval(models[served]), other


def _best_other(models: Numbers, served: str, value: Any) -> str | None:
    """Name the best model but the one in service in any mode; None where there is no other."""
    others = [name for name in models if name != served and not name.startswith(f"{served},")]
    return max(others, key=lambda name: value(models[name]), default=None)


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_plain(cell) for cell in line)} |" for line in lines)


def _plain(cell: str) -> str:
    """Keep names of categories from ending a cell or a line."""
    return " ".join(str(cell).split()).replace("|", "\\|")

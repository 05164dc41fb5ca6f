"""The tables of what `python -m pipeline evaluate` measured, by name of the data set."""

from __future__ import annotations

from typing import Final

from classes.model_card.figures import subgroup_rows
from pipeline.report.markdown import group, head, row
from pipeline.report.measures import (
    COLD_START,
    COSTS,
    DIVERSITY,
    RANKING,
    RATING,
    Numbers,
    best_baseline,
    cells,
    cold_start_rows,
    cost_rows,
    difference,
    diversity_rows,
    labels,
    measured,
    mode_rows,
    ranking_rows,
    rating_rows,
)
from recsys.number_format import number, with_interval

_SHOWN_OF_RATING: Final = ("auc", "brier", "accuracy", "five_star.f1", "other.f1")


def summary(numbers: Numbers) -> str:
    """The model in service beside the best baseline, one line a data set, the largest first."""
    measures = "NDCG@10", "HitRate@10"
    heads = [f"{model}: {measure}" for model in ("ranker", "best baseline") for measure in measures]
    lines = head("data", *heads, "ranker ahead by, NDCG@10")
    for data, part in reversed(numbers.items()):
        fresh = _fresh(part)
        models = fresh["models"]
        served, best = best_baseline({name: of["ndcg@10"] for name, of in models.items()})
        shown = [cells(models[name], RANKING[:2]) for name in (served, best)]
        shown[1][0] = f"{best}: {shown[1][0]}"
        ahead = difference(models[best]["lead_of_served"])
        lines.append(row([f"**{data}**, {fresh['users']:,} users", *shown[0], *shown[1], ahead]))
    return "\n".join(lines)


def ranking(numbers: Numbers) -> str:
    """Every model's ranking at both cutoffs, best first."""
    models = [model for part in numbers.values() for model in _fresh(part)["models"].values()]
    shown = measured(RANKING, models)
    first, *others = labels(shown)
    lines = head("data", "model", f"{first}, fresh", *others, f"{first}, stale")
    for data, part in numbers.items():
        fresh, before = _fresh(part), ranking_rows(part["ranking"]["stale"], shown[:1])
        rows = {
            name: [*cells, *before.get(name, [""])]
            for name, cells in ranking_rows(fresh, shown).items()
        }
        lines += group(f"**{data}**, {fresh['users']:,} users, {fresh['cases']:,} cases", rows)
    return "\n".join(lines)


def modes(numbers: Numbers) -> str:
    """The model in service refreshed, with new histories alone, and stale, on the same users."""
    lines = head("data", "mode", "NDCG@10", "over the mode below", "over stale")
    for data, part in numbers.items():
        if "modes" in part:  # numbers may be older
            lines += group(
                f"**{data}**, {part['modes']['users']:,} users", mode_rows(part["modes"])
            )
    return "\n".join(lines)


def whole_catalog(numbers: Numbers) -> str:
    """Every model where items that nobody had reviewed are ranked and asked for too (fresh).

    Data sets without such items have these numbers in the table before.
    """
    wholes = {data: _fresh(part).get("whole_catalog") for data, part in numbers.items()}
    models = [model for whole in wholes.values() if whole for model in whole["models"].values()]
    shown = measured(RANKING, models)
    lines = head("data", "model", *labels(shown), "items without history")
    for data, whole in wholes.items():
        label = f"**{data}**"
        if whole and whole["items"] == _fresh(numbers[data])["items"]:
            same = {"as above: somebody had reviewed every item": [""] * (len(shown) + 1)}
            lines += group(label, same)
        elif whole:  # numbers may be older
            new = whole["slices"].get("item", {}).get("without history", {}).get("ndcg@10", {})
            rows = {
                name: [*cells, with_interval(new[name]) if name in new else ""]
                for name, cells in ranking_rows(whole, shown).items()
            }
            label += f", {whole['items']:,} items, {whole['cases']:,} cases"
            lines += group(label, rows)
    return "\n".join(lines)


def subgroups(numbers: Numbers) -> str:
    """The model in service beside the best other one, by subgroup of the cases (fresh)."""
    lines = head("data", "subgroup", "users", "cases", "in service", "best other there")
    for data, part in numbers.items():
        found = {f"{kind}: {name}": cells for kind, name, *cells in subgroup_rows(_fresh(part))}
        lines += group(f"**{data}**", found)
    return "\n".join(lines)


def rating(numbers: Numbers) -> str:
    """The rating task, one line per model."""
    tasks = [part["rating"] for part in numbers.values() if part["rating"]]
    models = [model for task in tasks for model in task["models"].values()]
    shown = measured((each for each in RATING if each.key in _SHOWN_OF_RATING), models)
    lines = head("data", "model", *labels(shown))
    for data, part in numbers.items():
        task = part["rating"]
        if task:
            rows = rating_rows(task, shown)
            base = dict(zip(labels(shown), rows.pop("base rate"), strict=True))
            label = f"**{data}**, {task['pairs']:,} pairs, more frequent answer {base['accuracy']}"
            if base.get("Brier score"):
                label += f", Brier score of the base rate {base['Brier score']}"
            lines += group(label, rows)
    return "\n".join(lines)


def cold_start_users(numbers: Numbers) -> str:
    """The cold-start rules on the test period."""
    lines = head("data", "rule", *labels(COLD_START))
    for data, part in numbers.items():
        task = part["cold_start_users"]
        if task["cases"]:
            label = f"**{data}**, {task['users']:,} people, {task['cases']:,} cases"
            lines += group(label, cold_start_rows(task))
    return "\n".join(lines)


def windows(numbers: Numbers) -> str:
    """HitRate@5 on validation cold-start users by window and by decay, in days."""
    tried = next(iter(numbers.values()))["cold_start_users"]["validation"]
    heads = [f"window {days}" for days in tried["window_days"]]
    lines = head("data", *heads, *(f"decay {days}" for days in tried["decay_days"]))
    for data, part in numbers.items():
        found = part["cold_start_users"]["validation"]
        if part["cold_start_users"]["cases"]:
            values = [*found["window_days"].values(), *found["decay_days"].values()]
            lines.append(row([data, *map(number, values)]))
    return "\n".join(lines)


def diversity(numbers: Numbers) -> str:
    """The service's lists at several values of `diversity` (fresh)."""
    lines = head("data", "lists", *labels(DIVERSITY))
    for data, part in numbers.items():
        if "diversity" in part:  # numbers may be older
            lines += group(f"**{data}**", diversity_rows(part["diversity"]))
    return "\n".join(lines)


def costs(numbers: Numbers) -> str:
    """How varied lists are and what models cost (fresh), best NDCG@10 first."""
    models = [model for part in numbers.values() for model in _fresh(part)["models"].values()]
    shown = measured(COSTS, models)
    lines = head("data", "model", *labels(shown))
    for data, part in numbers.items():
        lines += group(f"**{data}**", cost_rows(_fresh(part), shown))
    return "\n".join(lines)


def tuning(tuned: Numbers) -> str:
    """The settings that each baseline kept of those it tried; of one data set, by name of the baseline."""
    lines = head("model", "tried", "kept", "NDCG@10 on validation")
    for name, part in tuned.items():
        best = max(part["trials"], key=lambda trial: trial["validation_ndcg@10"])
        kept = [f"{key} {value}" for key, value in best.items() if key != "validation_ndcg@10"]
        found = number(best["validation_ndcg@10"])
        lines.append(row([name, str(len(part["trials"])), ", ".join(kept), found]))
    return "\n".join(lines)


def runs(numbers: Numbers) -> str:
    """Which command made which numbers, when, and how long it took."""
    lines = head("data", "reviews, users, items", "day", "seconds", "command")
    for name, part in numbers.items():
        data = part["data"]
        size = f"{data['reviews']:,}, {data['users']:,}, {data['items']:,}"
        command = f"`{part.get('command', 'python -m pipeline evaluate')}`"
        day = part.get("date", "at each `make project-report`")
        lines.append(row([name, size, day, f"{part['seconds']:.0f}", command]))
    return "\n".join(lines)


def _fresh(part: Numbers) -> Numbers:
    ranking: Numbers = part["ranking"]["fresh"]
    return ranking

"""What the numbers say, in sentences and tables for model_selection.ipynb.

The sentences are made from the numbers, so they are true of whatever data were
evaluated: a model is called better only where its interval lies above the next one's.
"""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.plots import training_counts
from recsys.split import TEST

if TYPE_CHECKING:
    from pipeline.evaluation import Evaluation
    from pipeline.training_data import Rows

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHOWN_HISTORY = 5
_SHOWN_CHARACTERS = 60
_SPOKEN = {
    "network": "the network",
    "popularity": "plain popularity",
    "cold_start_rule": "the cold-start rule",
}


def conclusions(evaluation: Evaluation, numbers: dict[str, Any]) -> str:
    """State which model is best at what, as Markdown."""
    rating, ranking = numbers["rating"], numbers["ranking"]
    sentences = [
        (
            f"**Telling 5-star pairs from others:** {_winner(rating['models'], 'auc', 'AUC')} "
            f"Chance is .500."
        ),
        _about_accuracy(rating),
        (
            f"**Ranking the catalogue:** {_winner(ranking['models'], 'hit_rate', 'HitRate@5')} A "
            f"random order gets {_number(ranking['base_rate']['hit_rate'])}."
        ),
        _about_the_network(ranking["models"]),
        _about_popularity(evaluation),
        _about_newcomers(numbers["cold_start"]),
        (
            f"All of this is on {rating['pairs']:,} test pairs of {rating['users']:,} users who were "
            f"known at the end of the training days ({numbers['mode']} mode); brackets are 95 % "
            f"intervals over users."
        ),
    ]
    return "\n".join(f"* {sentence}" for sentence in sentences)


def comparison_frame(numbers: dict[str, Any]) -> pd.DataFrame:
    """Lay out every model and the base rates, one column each."""
    rating, ranking = numbers["rating"], numbers["ranking"]
    rows = {
        name: _column(rating["models"][name], ranking["models"][name]) for name in rating["models"]
    }
    rows["base rate"] = _column(rating["base_rate"], ranking["base_rate"])
    return pd.DataFrame(rows)


def examples(evaluation: Evaluation, n_users: int = 3, seed: int = 7) -> str:
    """Show some users' history, what each model recommends and what they took next.

    Args:
        evaluation: What was measured.
        n_users: Users shown, drawn at random from those with at least three earlier reviews.
        seed: Of the draw.

    Returns:
        Markdown; users are called by letters.
    """
    rows, cases = evaluation.interactions, evaluation.cases
    enough = np.flatnonzero(np.diff(cases.seen_starts)[cases.users] >= 3)
    places = np.random.default_rng(seed).permutation(enough)[:n_users]
    parts = []
    for letter, place in zip(_LETTERS, places, strict=False):
        own = (rows.users == cases.users[place]) & (rows.items >= 0)
        before = rows.items[own & (rows.parts < TEST)][-_SHOWN_HISTORY:]
        after = cases.test.items[cases.test.users == cases.users[place]]
        parts.append(f"### Customer {letter}\n")
        parts.append(f"reviewed last: {_titles(evaluation, before)}\n")
        for judged in evaluation.judged:
            top = judged.top[place][judged.top[place] >= 0]
            parts.append(f"* **{judged.name}**: {_titles(evaluation, top, after)}")
        parts.append(f"\nand then took: {_titles(evaluation, after)}\n")
    return "\n".join(parts) or "No user of the test period has three earlier reviews."


def _winner(models: dict[str, Any], metric: str, label: str) -> str:
    """Name the best model, and say whether the intervals set it apart from the next."""
    ordered = sorted(models, key=lambda name: -_or_zero(models[name][metric]["value"]))
    best, second = ordered[:2]
    apart = models[best][metric]["low"] > models[second][metric]["high"]
    verdict = (
        f"{_name(best)} is best" if apart else f"{_name(best)} is ahead, but intervals overlap"
    )
    told = [f"{_name(name)} {_with_interval(models[name][metric])}" for name in ordered]
    return f"{verdict}: {label} {', '.join(told)}."


def _about_accuracy(rating: dict[str, Any]) -> str:
    base = rating["base_rate"]["accuracy"]
    above = [name for name, part in rating["models"].items() if part["accuracy"] > base]
    told = ", ".join(
        f"{_name(name)} {_number(part['accuracy'])}" for name, part in rating["models"].items()
    )
    if above:
        return (
            f"**Accuracy** beats always saying the more frequent answer ({_number(base)}) with "
            f"{' and '.join(_name(name) for name in above)}: {told}."
        )
    return (
        f"**Accuracy says nothing here:** always giving the more frequent answer is right in "
        f"{_number(base)} of the pairs, and no model is ({told}), because each says yes and no "
        f"where both classes count alike. Compare the AUC instead."
    )


def _about_the_network(models: dict[str, Any]) -> str:
    network, popular = models["network"]["hit_rate"], models["popularity"]["hit_rate"]
    if network["high"] < popular["low"]:
        return (
            "**The network ranks below plain popularity.** It answers how an item would be "
            "rated if it were taken, which is not whether it will be."
        )
    if network["low"] > popular["high"]:
        return "**The network ranks above plain popularity:** what it knows of a user pays."
    return (
        "**As rankers, the network and plain popularity can't be told apart** on these cases; "
        "rating and ranking stay different questions."
    )


def _about_popularity(evaluation: Evaluation) -> str:
    counts = training_counts(evaluation)
    told = []
    for judged in evaluation.judged:
        middle = np.median(counts[judged.top[judged.top >= 0]])
        distinct = len(np.unique(judged.top[judged.top >= 0]))
        told.append(f"{_name(judged.name)} {middle:,.0f} ({distinct:,} different items)")
    taken = np.median(counts[evaluation.cases.test.items])
    return (
        f"**How popular are the recommended items?** Median training reviews: "
        f"{', '.join(told)}; of the items that users really took next, {taken:,.0f}."
    )


def _about_newcomers(cold_start: dict[str, Any]) -> str:
    if not cold_start["cases"]:
        return "**People never seen before:** there are none in the test period."
    return (
        f"**People never seen before** ({cold_start['cases']:,} cases of "
        f"{cold_start['users']:,}): {_winner(cold_start['models'], 'hit_rate', 'HitRate@5')}"
    )


def _column(rating: dict[str, Any], ranking: dict[str, Any]) -> dict[str, str]:
    """Write one column of the comparison."""
    column = {"AUC": _with_interval(rating["auc"]), "accuracy": _number(rating["accuracy"])}
    for key, label in (("five_star", "5 stars"), ("other", "other ratings")):
        column |= {
            f"{label}: {title}": _number(rating[key][metric])
            for metric, title in (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
        }
    column["HitRate@5"] = _with_interval(ranking["hit_rate"])
    column["NDCG@5"] = _with_interval(ranking["ndcg"])
    return column


def _titles(evaluation: Evaluation, items: Rows, taken: Rows | None = None) -> str:
    """List titles, those that were taken in bold with a tick."""
    hits = set() if taken is None else set(taken.tolist())
    titles = [
        shorten(evaluation.titles[item], _SHOWN_CHARACTERS, placeholder=" …") for item in items
    ]
    marked = [
        f"**✓ {title}**" if item in hits else title
        for item, title in zip(items.tolist(), titles, strict=True)
    ]
    return " · ".join(marked)


def _with_interval(part: dict[str, float] | float) -> str:
    if not isinstance(part, dict):
        return _number(part)
    return f"{_number(part['value'])} [{_number(part['low'])}, {_number(part['high'])}]"


def _number(value: float) -> str:
    """Write .123 for 0.123, and four places where three would hide a small number."""
    text = f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}"
    return text.removeprefix("0") if value < 1 else text


def _or_zero(value: float) -> float:
    return 0.0 if np.isnan(value) else value


def _name(name: str) -> str:
    """Call a model as a sentence would."""
    return _SPOKEN.get(name, name)

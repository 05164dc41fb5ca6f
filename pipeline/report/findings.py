"""What the numbers say, in sentences for model_selection.ipynb.

The sentences are made from the numbers, so they hold for whatever data were evaluated: a
model is called better only where the interval of the difference, or its own interval,
excludes the contrary.
"""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.evaluate.rating_task import SERVED_PROBABILITY
from pipeline.report.measures import best_baseline, one_of_each_kind
from recsys.number_format import number, with_interval
from recsys.split import TEST

if TYPE_CHECKING:
    from pipeline.evaluate.evaluation import Evaluation
    from recsys.arrays import Rows

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHOWN_HISTORY = 5
_SHOWN_ITEMS = 5
_SHOWN_CHARACTERS = 60
_SPOKEN = {
    "network": "the rating network",
    "ranker": "the ranker",
    "popularity model": "popularity in service",
    "popularity": "plain popularity",
    "popularity, tuned": "tuned popularity",
    "bias model": "the bias model",
    "served probability": "the probability that the service tells",
}


def conclusions(numbers: dict[str, Any]) -> str:
    """State which model is best at what, as Markdown."""
    sentences = [
        _about_ranking(numbers["ranking"]["fresh"], "knowing all before the test days (fresh)"),
        _about_ranking(numbers["ranking"]["stale"], "knowing the training days alone (stale)"),
        _about_rating(numbers["rating"]),
        _about_cold_start_users(numbers["cold_start_users"]),
    ]
    return "\n".join(f"* {sentence}" for sentence in sentences)


def weaknesses(numbers: dict[str, Any]) -> str:
    """List the subgroups on which a baseline is clearly ahead of the served model, as Markdown."""
    lines = []
    for kind, parts in numbers["ranking"]["fresh"]["slices"].items():
        for name, part in parts.items():
            models = part["ndcg@10"]
            served, best = best_baseline(models)
            if models[best]["low"] > models[served]["high"]:
                lines.append(
                    f"* {kind.replace('_', ' ')} {name} ({part['cases']:,} cases): "
                    f"{_name(best)} {with_interval(models[best])}, "
                    f"{_name(served)} {with_interval(models[served])}"
                )
    return "\n".join(lines) or "* No subgroup on which a baseline is ahead beyond the intervals."


def examples(evaluation: Evaluation, n_users: int = 3, seed: int = 7) -> str:
    """Show the history of some users, what models recommend and what they chose next.

    Args:
        evaluation: What was measured.
        n_users: Number of users, drawn at random from those with at least three earlier reviews.
        seed: Seed of the draw.

    Returns:
        Markdown, in which users are named by letters.
    """
    rows, cutoff = evaluation.timeline.rows, evaluation.fresh.cutoff
    enough = np.flatnonzero(np.diff(cutoff.seen_starts)[cutoff.users] >= 3)
    places = np.random.default_rng(seed).permutation(enough)[:n_users]
    models = {answers.name: answers for answers in evaluation.fresh.models}
    parts = []
    for letter, place in zip(_LETTERS, places, strict=False):
        own = (rows.users == cutoff.users[place]) & (rows.items >= 0)
        before = rows.items[own & (evaluation.timeline.parts < TEST)][-_SHOWN_HISTORY:]
        after = cutoff.cases.items[cutoff.cases.users == cutoff.users[place]]
        parts.append(f"### User {letter}\n")
        parts.append(f"reviewed last: {_titles(evaluation, before)}\n")
        for name in one_of_each_kind(models):
            top = models[name].lists[place][:_SHOWN_ITEMS]
            parts.append(f"* **{name}**: {_titles(evaluation, top[top >= 0], after)}")
        parts.append(f"\nand then chose: {_titles(evaluation, after)}\n")
    return "\n".join(parts) or "No user of the test period has three earlier reviews."


def _about_ranking(ranking: dict[str, Any], when: str) -> str:
    models = ranking["models"]
    served, best = best_baseline({name: model["ndcg@10"] for name, model in models.items()})
    lead = models[best]["lead_of_served"]
    verdict = (
        "is ahead of"
        if lead["low"] > 0
        else "is behind"
        if lead["high"] < 0
        else "can't be told apart from"
    )
    return (
        f"**Ranking the catalog {when}:** {_name(served)} {verdict} the best baseline, "
        f"{_name(best)}: NDCG@10 {with_interval(models[served]['ndcg@10'])} against "
        f"{with_interval(models[best]['ndcg@10'])}, a difference of {with_interval(lead)}. "
        f"A random order gets {number(ranking['base_rate']['ndcg@10'])}; {ranking['users']:,} "
        f"users, {ranking['cases']:,} cases."
    )


def _about_rating(rating: dict[str, Any]) -> str:
    if not rating:
        return "**Telling 5-star pairs from others:** the data has ratings of one kind only."
    models = rating["models"]
    ordered = sorted(models, key=lambda name: -models[name]["auc"]["value"])
    told = ", ".join(f"{_name(name)} {with_interval(models[name]['auc'])}" for name in ordered)
    apart = models[ordered[0]]["auc"]["low"] > models[ordered[1]]["auc"]["high"]
    verdict = "is best" if apart else "is ahead, but intervals overlap"
    return (
        f"**Telling 5-star pairs from others** ({rating['pairs']:,} pairs): {_name(ordered[0])} "
        f"{verdict}: AUC {told}. Chance is .500; always saying the more frequent answer is right "
        f"in {number(rating['base_rate']['accuracy'])} of the pairs.{_about_probability(rating)}"
    )


def _about_probability(rating: dict[str, Any]) -> str:
    served = rating["models"].get(SERVED_PROBABILITY, {})
    if "brier" not in served:
        return ""
    return (
        f" The Brier score of what the service tells is {number(served['brier'])}, that of always "
        f"telling the share of five stars {number(rating['base_rate']['brier'])}."
    )


def _about_cold_start_users(cold_start_users: dict[str, Any]) -> str:
    if not cold_start_users["cases"]:
        return "**People never seen before:** there are none in the test period."
    rules = cold_start_users["rules"]
    served, *_ = rules.values()
    return (
        f"**People never seen before** ({cold_start_users['users']:,}, {cold_start_users['cases']:,} "
        f"cases): the cold-start list has HitRate@5 {with_interval(served['hit_rate@5'])}, "
        f"plain popularity {with_interval(rules['popularity']['hit_rate@5'])}. Validation chooses a "
        f"window of {cold_start_users['chosen_window_days']} days."
    )


def _titles(evaluation: Evaluation, items: Rows, taken: Rows | None = None) -> str:
    """List titles; those that were taken are bold, with a tick."""
    hits = set() if taken is None else set(taken.tolist())
    titles = [
        shorten(evaluation.timeline.titles[item], _SHOWN_CHARACTERS, placeholder=" …")
        for item in items
    ]
    marked = [
        f"**✓ {title}**" if item in hits else title
        for item, title in zip(items.tolist(), titles, strict=True)
    ]
    return " · ".join(marked)


def _name(name: str) -> str:
    """Name a model as a sentence does."""
    return _SPOKEN.get(name, name)

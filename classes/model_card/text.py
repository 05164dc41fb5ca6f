"""The model card as Markdown, made from the facts that training and evaluation wrote.

The sections are those of Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019,
arXiv 1810.03993). What differs from model to model comes from its own files; what holds for
every model of this service stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from classes.model_card.figures import measured_sections

Facts = Mapping[str, Any]

USES: Final = {
    "ranker": "It orders the whole catalog of a shop for one user, by what that user is likely to "
    "choose next. The service shows the first items.",
    "rating network": "It says how likely a user is to give an item five stars. The service orders "
    "the catalog by that, since these reviews couldn't teach a ranker of what comes next.",
    "popularity": "It orders the catalog by what was reviewed most lately, the same for everybody, "
    "since these reviews couldn't teach a better model.",
}
"""By the first words of a card's `model`."""

NOT_MEANT_FOR: Final = (
    "decisions about people, such as credit, prices, access or employment",
    "comparing users: scores order the items of one user and mean nothing beyond",
    "forecasts of demand: what is chosen next isn't how much of it will be sold",
    "another shop, or this one after it has changed: train on its own reviews",
)

ABOUT_PEOPLE: Final = """\
* Histories are personal data. `DELETE /users/{user}` removes a person from all answers, and
  `make pipeline` from what the next model learns from.
* The data tells neither age nor gender nor origin, so nobody could measure whether the model serves
  such groups alike. The subgroups above are what the data allows.
* What is shown is chosen more often, and what is chosen is shown: popular items may become more so.
  Watch the coverage; `diversity` and `max_per_category` vary lists.
* Reviewers are a part of the customers: what those like who write nothing is unknown."""

RECOMMENDATIONS: Final = """\
* Offline figures compare models on what people did without them. Whether a list changes what people
  do is seen only in an experiment with users: an A/B or an interleaving test.
* Measure again after each training: `make report`, or `python -m pipeline evaluate`."""


def model_card(card: Facts, metrics: Facts | None) -> str:
    """Write the model card.

    Args:
        card: What training wrote about the model; {} where that is unknown.
        metrics: What the evaluation measured of this very model; None where nothing was.
    """
    limits = "\n".join(filter(None, [_listed(_limits(card)), RECOMMENDATIONS]))
    parts = [
        "# Model card",
        "## Model details\n\n" + _listed(_details(card)),
        "## Intended use\n\n" + _use(card) + "\n\nIt isn't meant for:\n\n" + _listed(NOT_MEANT_FOR),
        *measured_sections(metrics),
        f"## People\n\n{ABOUT_PEOPLE}",
        f"## Limits and recommendations\n\n{limits}",
    ]
    return "\n\n".join(parts) + "\n"


def _details(card: Facts) -> list[str]:
    facts = [f"Model: {card.get('model', 'not described by a card')}"]
    facts += [
        f"No {name}: {refused.get('reason', '')} {refused.get('needed', '')}."
        for name, refused in _parts(card, "instead_of")
        if isinstance(refused, Mapping)
    ]
    split = dict(_parts(card, "split"))
    if "train_end_day" in split:
        facts.append(
            f"Split: training days end before {split['train_end_day']}, validation days before "
            f"{split.get('validation_end_day')}; {split.get('published', '')}"
        )
    if plan := _in_a_row(card, "plan"):
        facts.append(f"Settings: {plan}")
    if versions := _in_a_row(card, "versions"):
        facts.append(f"Made with: {versions}")
    if card.get("seconds"):
        facts.append(f"Training took {card['seconds']} seconds")
    return facts


def _use(card: Facts) -> str:
    model = str(card.get("model", ""))
    return next(
        (use for name, use in USES.items() if model.startswith(name)),
        "It scores the items of a catalog for a user; the service shows the first.",
    )


def _limits(card: Facts) -> list[str]:
    limits = card.get("limits", [])
    return [str(limit) for limit in limits] if isinstance(limits, list) else []


def _in_a_row(card: Facts, key: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in _parts(card, key))


def _parts(card: Facts, key: str) -> list[tuple[str, Any]]:
    part = card.get(key)
    return list(part.items()) if isinstance(part, Mapping) else []


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)

"""What a service says over HTTP about cases, to be held against what an evaluation measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask.testing import FlaskClient
from numpy.typing import NDArray

from pipeline.evaluate.models import Comparison
from pipeline.evaluate.timeline import Timeline


def ranks_and_scores(
    client: FlaskClient, timeline: Timeline, comparison: Comparison
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ask for the whole ranking of each user, and find each case's item in it.

    Returns:
        (n_cases,) ranks from 1, and (n_cases,) outputs of the model.
    """
    found = _told_of_cases(client, timeline, comparison)
    ranks, scores = ([item[key] for item in found] for key in ("rank", "score"))
    return np.array(ranks, dtype=float), np.array(scores)


def five_star_probabilities(
    client: FlaskClient, timeline: Timeline, comparison: Comparison
) -> NDArray[np.float64]:
    """Ask how likely each case's user is to give its item five stars, (n_cases,)."""
    found = _told_of_cases(client, timeline, comparison)
    return np.array([item["five_star_probability"] for item in found], dtype=float)


def _told_of_cases(
    client: FlaskClient, timeline: Timeline, comparison: Comparison
) -> list[dict[str, Any]]:
    cases, names = comparison.cutoff.cases, timeline.user_names
    asked = [names[user] for user in comparison.cutoff.users]
    body = {"users": asked, "n": timeline.n_items, "detail": True}
    answer = client.post("/recommendations", json=body)
    assert answer.status_code == 200, answer.text
    told = {
        user: {item["item"]: item for item in lists["items"]}
        for user, lists in answer.get_json().items()
    }
    return [
        told[names[user]][timeline.item_names[item]]
        for user, item in zip(cases.users, cases.items, strict=True)
    ]

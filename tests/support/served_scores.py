"""What a service says over HTTP about cases, to be held against what an evaluation measured."""

from __future__ import annotations

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
    cases, names = comparison.cutoff.cases, timeline.user_names
    asked = [names[user] for user in comparison.cutoff.users]
    body = {"users": asked, "n": timeline.n_items, "detail": True}
    answer = client.post("/recommendations", json=body)
    assert answer.status_code == 200, answer.text
    told = {
        user: {item["item"]: item for item in lists["items"]}
        for user, lists in answer.get_json().items()
    }
    found = [
        told[names[user]][timeline.item_names[item]]
        for user, item in zip(cases.users, cases.items, strict=True)
    ]
    ranks, scores = ([item[key] for item in found] for key in ("rank", "score"))
    return np.array(ranks, dtype=float), np.array(scores)

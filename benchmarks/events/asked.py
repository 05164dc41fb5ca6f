"""What is asked of users, in all forms in which their events may count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import numpy as np

from classes.app_data_processing import AppDataProcessor

N_TOGETHER: Final = 20
"""Users in a request for several."""


def paths_for(
    data: AppDataProcessor, known: Sequence[str], unknown: Sequence[str], rng: np.random.Generator
) -> list[str]:
    """Write what is asked of each known user, and requests for several users.

    What unknown users get depends on the counts of popularity, which a rebuild changes; of
    them it is only asked whether they are known.
    """
    paths = [path for user in known for path in _paths_of(data, user, rng)]
    for path, users in (("/recommendations", known), ("/check_users", [*known, *unknown])):
        for start in range(0, len(users), N_TOGETHER):
            some = urlencode([("users", user) for user in users[start : start + N_TOGETHER]])
            paths.append(f"{path}?{some}")
    return paths


def _paths_of(data: AppDataProcessor, user: str, rng: np.random.Generator) -> list[str]:
    items = data.item_names(rng.choice(data.n_items, 4, replace=False))
    row = data.user_row(user)
    own = items[0] if row is None or not len(data.history(row)) else data.item(data.history(row)[0])
    options: list[list[tuple[str, Any]]] = [
        [],
        [("detail", "true"), ("n", 20)],
        [*_category(data, rng), ("n", 20)],
        [("exclude_seen", "false"), ("n", 20)],
        [("history", items[0]), ("history", items[1])],
        [("history", items[2]), ("history", own), ("detail", "true")],
        [("without", items[3]), ("without", own), ("detail", "true")],
        [("diversity", 0.5), ("max_per_category", 2), ("n", 10)],
        [("explain", "true"), ("n", 2)],
    ]
    lists = [f"/recommendations?{urlencode([('users', user), *each])}" for each in options]
    about = f"/users/{quote(user, safe='')}?n=1000"
    explained = [f"/explain?{urlencode({'user': user, 'item': item})}" for item in (items[0], own)]
    return [*lists, about, *explained]


def _category(data: AppDataProcessor, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Draw a category to choose from, where items have any."""
    names = data.facts.category_names
    return [("category", names[int(rng.integers(len(names)))])] if names else [("price_min", "10")]

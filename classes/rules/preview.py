"""What rules would change, counted on a sample of the users."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from classes.options import RecommendationOptions
from classes.recommender import Recommender
from classes.rules.document import RuleDocument
from classes.rules.rule import Rule
from classes.rules.snapshot_rules import FixedRules, SnapshotRules
from classes.snapshot import Snapshot

USERS_SAMPLED: Final = 200
USERS_AT_ONCE: Final = 20
LONGEST_S: Final = 5.0
EXAMPLES_SHOWN: Final = 5


class ChangedList(NamedTuple):
    """A user's list, by names of items, under the rules in force and under the others."""

    user: str
    before: list[str]
    after: list[str]


class Preview(NamedTuple):
    """How the lists of a sample of users would change.

    Attributes:
        n_users_sampled: Users whose lists were compared.
        n_lists_changed: How many of the lists differ.
        examples: The first of those.
    """

    n_users_sampled: int
    n_lists_changed: int
    examples: list[ChangedList]


def preview(
    snapshot: Snapshot, in_force: RuleDocument, rules: Sequence[Rule], scenario: str | None
) -> Preview:
    """Compare the lists of users, evenly spread over all, for at most `LONGEST_S` seconds."""
    data, options = snapshot.data, RecommendationOptions(scenario=scenario)
    before, after = (
        Recommender(
            data,
            snapshot.model,
            rules=SnapshotRules(data, FixedRules(document)),
            users=snapshot.users,
        )
        for document in (in_force, RuleDocument(rules=tuple(rules)))
    )
    n_users = min(USERS_SAMPLED, data.n_users)
    rows = np.linspace(0, data.n_users - 1, n_users).astype(np.int64).tolist()
    n_sampled, changed = 0, list[ChangedList]()
    give_up_at = time.monotonic() + LONGEST_S
    for first in range(0, len(rows), USERS_AT_ONCE):
        if time.monotonic() > give_up_at:
            break
        names = [data.user(row) for row in rows[first : first + USERS_AT_ONCE]]
        users = [name for name in names if snapshot.users.find(name) is not None]
        old, new = before.recommend(users, options), after.recommend(users, options)
        changed += [
            ChangedList(user, old[user], new[user]) for user in users if old[user] != new[user]
        ]
        n_sampled += len(users)
    return Preview(n_sampled, len(changed), changed[:EXAMPLES_SHOWN])

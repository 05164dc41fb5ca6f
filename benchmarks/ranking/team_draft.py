"""Two rankings of the same items compared on users: lists drafted from both, or half of the users each."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import NamedTuple


class Drafted(NamedTuple):
    """A list that two rankings share.

    Attributes:
        items: Best first.
        teams: For each item 0 if the first ranking put it there, 1 if the second did.
    """

    items: list[str]
    teams: list[int]

    def credit(self, chosen: Collection[str]) -> int:
        """Count the chosen items of the second ranking's team, less those of the first's."""
        teams = [team for item, team in zip(self.items, self.teams, strict=True) if item in chosen]
        return sum(1 if team else -1 for team in teams)


def team_draft(
    first: Sequence[str], second: Sequence[str], n: int, user: str, experiment: str
) -> Drafted:
    """Let two rankings pick in turns, each its best item that isn't in the list yet.

    In each round a coin says which of them picks first, so neither is favored by places
    (Radlinski, Kurup and Joachims, CIKM 2008). The coins depend on user and experiment alone, so
    that a user finds the same list again.

    Args:
        first: Items, best first.
        second: Items, best first.
        n: Length of the list; shorter where both run out.
        user: Who gets it.
        experiment: The name of the test.

    >>> team_draft(["a", "b", "c"], ["b", "d", "a"], 3, "ann", "autumn")
    Drafted(items=['a', 'b', 'd'], teams=[0, 1, 1])
    """
    rankings, items, teams = (first, second), list[str](), list[int]()
    while len(items) < n and any(item not in items for ranking in rankings for item in ranking):
        begins = arm_of(f"{user}\n{len(items)}", experiment)
        for team in (begins, 1 - begins):
            left = next((item for item in rankings[team] if item not in items), None)
            if left is not None and len(items) < n:
                items.append(left)
                teams.append(team)
    return Drafted(items, teams)


def arm_of(user: str, experiment: str) -> int:
    """Give a user one of two arms, always the same one, and perhaps another in the next experiment.

    >>> [arm_of(user, "autumn") for user in ("ann", "bob", "eve")]
    [0, 0, 1]
    """
    digest = hashlib.blake2b(f"{experiment}\n{user}".encode()).digest()
    return digest[0] % 2

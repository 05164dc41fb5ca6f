"""Lists of the service for users whose last interactions come one after the other, as events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classes.app_data_processing import AppDataProcessor
from classes.lists.choice import Choice
from classes.live.found_user import FoundUser
from classes.live.live_user import LiveUser
from classes.model import Model
from classes.options import RecommendationOptions
from pipeline.evaluate.baselines.baseline import first_of_pair
from recsys.arrays import BoolArray, Rows
from recsys.interactions import Interactions, NewInteractions
from recsys.kinds import REVIEW

ONCE: Final = "once"
NIGHTLY: Final = "nightly"
LIVE: Final = "live"

KNOWN: Final[Mapping[str, Callable[[NDArray[np.int32]], int]]] = {
    ONCE: lambda _: 0,
    NIGHTLY: lambda days: int(np.searchsorted(days, days[-1])),
    LIVE: lambda days: len(days) - 1,
}
"""How many of a user's events the service knows when it is asked before the last of them, given
their days, (n,) ascending: none before the next load of data; with a reload each midnight those
of earlier days; with live events all that came before."""

K: Final = 10
_AT_ONCE: Final = 256


class Replay(NamedTuple):
    """What was asked, before each event about an item that is new to its user, and answered.

    Attributes:
        users: (n_cases,) the user of each case.
        in_data: (n_cases,) whether the data that was loaded knows the user.
        n_before: (n_cases,) events of the user before.
        ranks: The place of the event's item in the user's list, (n_cases,) float64, infinite
            where the list of `K` lacks it, by a name of `KNOWN`.
    """

    users: Rows
    in_data: BoolArray
    n_before: NDArray[np.int64]
    ranks: Mapping[str, NDArray[np.float64]]


class _Case(NamedTuple):
    """An event before which its user is asked for: rows of the user's events, this one the last."""

    user: int
    events: Rows


def replay(data: AppDataProcessor, model: Model, rows: Interactions, start_us: int) -> Replay:
    """Ask for users before each of their events.

    Args:
        data: Made of what was before the events.
        model: Fitted to what was before.
        rows: What was before, and the events; items are rows of `data`.
        start_us: The time of the first event.
    """
    cases = _cases(rows, start_us)
    users = np.array([case.user for case in cases], dtype=np.int64)
    in_data = {user: _user_row(data, str(rows.user_names[user])) for user in set(users.tolist())}
    targets = [int(rows.items[case.events[-1]]) for case in cases]
    choice, days = Choice(data, model, RecommendationOptions(n=K)), rows.days
    ranks = {}
    for name, how_many in KNOWN.items():
        found = [
            _found(data, rows, case, in_data[case.user], how_many(days[case.events]))
            for case in cases
        ]
        ranks[name] = _ranks(choice, found, targets)
    return Replay(
        users,
        np.array([in_data[case.user] is not None for case in cases], dtype=bool),
        np.array([len(case.events) - 1 for case in cases], dtype=np.int64),
        ranks,
    )


def _cases(rows: Interactions, start_us: int) -> list[_Case]:
    first, before = first_of_pair(rows), defaultdict[int, list[int]](list)
    cases = []
    for event in np.flatnonzero((rows.times >= start_us) & rows.known).tolist():
        user = int(rows.users[event])
        before[user].append(event)
        if first[event]:
            cases.append(_Case(user, np.array(before[user])))
    return cases


def _found(
    data: AppDataProcessor, rows: Interactions, case: _Case, user_row: int | None, n: int
) -> FoundUser | None:
    """Describe the user of a case as the service does that knows the first `n` of the events."""
    name = str(rows.user_names[case.user])
    if not n:
        return None if user_row is None else FoundUser(name, user_row)
    known = case.events[:n]
    kinds = rows.kinds[known] if len(rows.kinds) else np.full(n, REVIEW, dtype=np.uint8)
    items, ratings = rows.items[known].astype(np.int32), rows.ratings[known]
    newer = NewInteractions(items, kinds, rows.times[known], ratings)
    return FoundUser(name, user_row, LiveUser(data, user_row, newer))


def _ranks(
    choice: Choice, users: Sequence[FoundUser | None], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Find each target in the list of its user, None for an unknown one."""
    ranks = np.full(len(users), np.inf)
    for start in range(0, len(users), _AT_ONCE):
        part = users[start : start + _AT_ONCE]
        ranked = iter(choice.for_known([user for user in part if user is not None]))
        for case, user in enumerate(part, start):
            listed = (choice.for_unknown if user is None else next(ranked)).rows
            places = np.flatnonzero(listed == targets[case])
            if len(places):
                ranks[case] = places[0] + 1
    return ranks


def _user_row(data: AppDataProcessor, name: str) -> int | None:
    """Find a user as written; None also where only a cleaned form of the name is known."""
    row = data.user_row(name)
    return row if row is not None and data.user(row) == name else None

"""Recommendations with options: each user's items, where they come from, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from classes.candidates import choose
from classes.options import Options
from recsys.arrays import ItemRows

if TYPE_CHECKING:
    from classes.snapshot import Snapshot

PERSONALISED: Final = "personalised"
COLD_START: Final = "cold_start"
ListSource = Literal["personalised", "cold_start"]


@dataclass(frozen=True)
class Recommendation:
    """What one user gets.

    Attributes:
        rows: (k,) int32 item rows, best first.
        scores: (k,) float32, what the network puts out for them, probabilities where it
            ends in a sigmoid; None for the cold-start list, which has no scores.
        user_row: Whose they are; None for somebody who isn't known.
        source: Where they come from.
        n_candidates: How many items there were to choose from.
        n_without_price: How many items were left out because they have no price.
        reason: Why there are fewer items than asked for, if there are.
        unknown_items: Those items of the history that this list couldn't be made from.
    """

    rows: ItemRows
    scores: NDArray[np.float32] | None
    user_row: int | None
    source: ListSource
    n_candidates: int
    n_without_price: int
    reason: str | None
    unknown_items: tuple[str, ...] = ()


def recommend_to_visitor(snapshot: Snapshot, options: Options) -> Recommendation:
    """Give somebody without a name the best of the items that options allow.

    Raises:
        OptionError: The options don't fit the data.
    """
    found = _Choice(snapshot, options).for_unknown
    snapshot.count_user(found.source)
    return found


def recommend(
    snapshot: Snapshot, users: Sequence[str], options: Options
) -> dict[str, Recommendation]:
    """Give each distinct user, in the order asked, the best of the items that options allow.

    Users who aren't known are told apart only by the history, which is that of them all.

    Raises:
        OptionError: The options don't fit the data.
    """
    choice = _Choice(snapshot, options)
    rows = {user: snapshot.data.user_row(user) for user in users}
    known = [row for row in rows.values() if row is not None]
    personal = dict(zip(known, choice.for_known(known), strict=True))
    found = {
        user: choice.for_unknown if row is None else personal[row] for user, row in rows.items()
    }
    for each in found.values():
        snapshot.count_user(each.source)
    return found


class _Choice:
    """What options come to in one snapshot, worked out once for all users of a request."""

    def __init__(self, snapshot: Snapshot, options: Options) -> None:
        """Apply the filters, and find the rows of excluded items; unknown names do no harm."""
        self._snapshot = snapshot
        self._data = snapshot.data
        self._options = options
        self._candidates = choose(snapshot.data.facts, options)
        excluded = {snapshot.data.item_row(name) for name in options.exclude} - {None}
        self._excluded = np.array(sorted(excluded), dtype=np.int32)  # type: ignore[type-var]

    @cached_property
    def for_unknown(self) -> Recommendation:
        """What is best for somebody with the history, or most popular where there is none."""
        found = {name: self._data.item_row(name) for name in self._options.history}
        history = np.array([row for row in found.values() if row is not None], dtype=np.int32)
        made = self._for_visitor(history) if len(history) else self._popular()
        unknown = tuple(name for name, row in found.items() if row is None)
        return replace(made, unknown_items=unknown)

    def _for_visitor(self, history: ItemRows) -> Recommendation:
        excluded = self._excluded
        if self._options.exclude_seen:
            excluded = np.union1d(excluded, history)
        visitor, mask = self._data.visitor(history), self._candidates.mask
        model = self._snapshot.model
        found = model.top_k_of_visitor(visitor, self._options.n, excluded, mask)
        return self._made(found.rows, model.outputs(found.scores), PERSONALISED, excluded)

    def _popular(self) -> Recommendation:
        order = self._data.cold_start_items(self._data.n_items)
        if self._candidates.mask is not None:
            order = order[self._candidates.mask[order]]
        if len(self._excluded):
            order = order[~np.isin(order, self._excluded)]
        return self._made(order[: self._options.n], None, COLD_START, self._excluded)

    def for_known(self, user_rows: Sequence[int]) -> list[Recommendation]:
        """The best items of known users, in their order."""
        excluded = [self._excluded_for(user_row) for user_row in user_rows]
        model, n = self._snapshot.model, self._options.n
        ranked = model.top_k_of_many(user_rows, n, excluded, self._candidates.mask)
        return [
            self._made(found.rows, model.outputs(found.scores), PERSONALISED, rows, user_row)
            for user_row, found, rows in zip(user_rows, ranked, excluded, strict=True)
        ]

    def _excluded_for(self, user_row: int) -> ItemRows:
        if not self._options.exclude_seen:
            return self._excluded
        return np.union1d(self._excluded, self._data.seen_items(user_row))

    def _made(
        self,
        rows: ItemRows,
        scores: NDArray[np.float32] | None,
        source: ListSource,
        excluded: ItemRows,
        user_row: int | None = None,
    ) -> Recommendation:
        return Recommendation(
            rows,
            scores,
            user_row,
            source,
            self._candidates.without(excluded),
            self._candidates.n_without_price,
            self._reason(len(rows)),
        )

    def _reason(self, n_found: int) -> str | None:
        """Say why there are fewer items than asked for."""
        candidates = self._candidates
        if n_found >= self._options.n:
            return None
        filtered = (
            "" if candidates.mask is None else f", {candidates.n:,} of which pass the filters"
        )
        unpriced = candidates.n_without_price
        missing = f" ({unpriced:,} have no price)" if unpriced else ""
        left_out = candidates.n - n_found
        gone = f", and {left_out:,} of those are excluded or already reviewed" if left_out else ""
        return f"The catalog has {self._data.n_items:,} items{filtered}{missing}{gone}."

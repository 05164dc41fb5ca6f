"""Recommendations with options: each user's items, where they come from, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from classes.candidates import Candidates, choose
from classes.options import Options

if TYPE_CHECKING:
    from classes.snapshot import Snapshot

PERSONALISED: Final = "personalised"
COLD_START: Final = "cold_start"
ListSource = Literal["personalised", "cold_start"]

ItemRows = NDArray[np.int32]


@dataclass(frozen=True)
class Recommendation:
    """What one user gets.

    Attributes:
        rows: (k,) int32 item rows, best first.
        scores: (k,) float32, what the network puts out for them, probabilities where it
            ends in a sigmoid; None for the cold-start list, which has no scores.
        source: Where they come from.
        n_candidates: How many items there were to choose from.
        n_without_price: How many items were left out because they have no price.
        reason: Why there are fewer items than asked for, if there are.
    """

    rows: ItemRows
    scores: NDArray[np.float32] | None
    source: ListSource
    n_candidates: int
    n_without_price: int
    reason: str | None


def recommend(
    snapshot: Snapshot, users: Sequence[str], options: Options
) -> dict[str, Recommendation]:
    """Give each distinct user, in the order asked, the best of the items that options allow.

    Raises:
        OptionError: The options don't fit the data.
    """
    candidates = choose(snapshot.data.facts, options)
    excluded = item_rows(snapshot, options.exclude)
    return {user: _one(snapshot, user, options, candidates, excluded) for user in users}


def item_rows(snapshot: Snapshot, names: Sequence[str]) -> ItemRows:
    """Find the rows of items, ascending and distinct; unknown names are left out."""
    found = {snapshot.data.item_row(name) for name in names} - {None}
    return np.array(sorted(found), dtype=np.int32)  # type: ignore[type-var]


def _one(
    snapshot: Snapshot, user: str, options: Options, candidates: Candidates, excluded: ItemRows
) -> Recommendation:
    data, model = snapshot.data, snapshot.model
    user_row = data.user_row(user)
    source: ListSource = COLD_START if user_row is None else PERSONALISED
    snapshot.count_user(source)
    scores = None
    if user_row is None:
        rows = _first_allowed(data.cold_start_items(data.n_items), options.n, candidates, excluded)
    else:
        if options.exclude_seen:
            excluded = np.union1d(excluded, data.seen_items(user_row))
        ranking = model.top_k(user_row, options.n, excluded, candidates.mask)
        rows, scores = ranking.rows, model.outputs(ranking.scores)
    n_candidates = candidates.without(excluded)
    return Recommendation(
        rows,
        scores,
        source,
        n_candidates,
        candidates.n_without_price,
        _reason(len(rows), options, candidates, len(data.facts.prices)),
    )


def _first_allowed(order: ItemRows, n: int, candidates: Candidates, excluded: ItemRows) -> ItemRows:
    """Take the first n rows of an order that pass the filters and aren't excluded."""
    if candidates.mask is not None:
        order = order[candidates.mask[order]]
    return order[~np.isin(order, excluded)][:n] if len(excluded) else order[:n]


def _reason(n_found: int, options: Options, candidates: Candidates, n_items: int) -> str | None:
    """Say why there are fewer items than asked for."""
    if n_found >= options.n:
        return None
    filtered = "" if candidates.mask is None else f", {candidates.n:,} of which pass the filters"
    missing = (
        f" ({candidates.n_without_price:,} have no price)" if candidates.n_without_price else ""
    )
    left_out = candidates.n - n_found
    gone = f", and {left_out:,} of those are excluded or already reviewed" if left_out else ""
    return f"The catalogue has {n_items:,} items{filtered}{missing}{gone}."

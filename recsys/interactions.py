"""Who did what with which item, and when: `clean_df.pq` as numbers, read in one way.

A *user* is somebody who can be recognized: a name that isn't missing, empty or anonymous
("amazon customer"), and that has features or rows with an item of the catalog. Everybody
else has the row -1: their reviews count for items, and are nobody's history.

A `remove` takes back what its user did with its item before, in order of time and, at equal
times, of the file: those rows are as if they had never been, but that their user is one.

Users with features come first, in the order of the features; the others follow by name. So
a row below the number of users with features is a row of the features, and `of_first_users`
leaves only those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys import columns
from recsys.arrays import BoolArray, FloatArray, ItemRows, Names, Rows
from recsys.cleaning.text import anonymous_mask
from recsys.history import History, histories
from recsys.kinds import NO_KINDS, REMOVE, REVIEW, VIEW, Kinds, is_chosen, kind_codes

FIVE_STARS: Final = 5.0
"""The highest rating; whoever gives it liked the item."""

_US_A_DAY: Final = 86_400_000_000


@dataclass(frozen=True)
class Interactions:
    """Interactions in order of time, those of equal time in the order of the file.

    Attributes:
        users: (n,) row of `user_names`, -1 for nobody.
        items: (n,) row of the catalog, -1 for an item that isn't in it.
        times: (n,) int64, microseconds since 1970-01-01 UTC.
        ratings: (n,) float32, 1 to 5 for a review, else NaN.
        file_rows: (n,) the row of the file that each comes from.
        user_names: (n_users,) see the module for who they are and in which order.
        kinds: (n,) uint8 of `recsys.kinds`; empty if all are reviews.
    """

    users: Rows
    items: Rows
    times: NDArray[np.int64]
    ratings: NDArray[np.float32]
    file_rows: Rows
    user_names: Names
    kinds: Kinds = field(default_factory=lambda: NO_KINDS)

    @property
    def n_users(self) -> int:
        """Users, with and without interactions."""
        return len(self.user_names)

    @cached_property
    def days(self) -> NDArray[np.int32]:
        """Whole days since 1970-01-01 UTC, (n,)."""
        return (self.times // _US_A_DAY).astype(np.int32)

    @property
    def known(self) -> BoolArray:
        """Rows of a user with an item of the catalog, (n,)."""
        return (self.users >= 0) & (self.items >= 0)

    @property
    def liked(self) -> BoolArray:
        """Whether the rating is five stars, (n,)."""
        return np.asarray(self.ratings == FIVE_STARS)

    def histories(self) -> History:
        """List the newest distinct items of each user."""
        return histories(self.users, self.items, self.times, self.n_users, kinds=self.kinds)

    def where(self, mask: BoolArray | slice) -> Interactions:
        """Keep the rows of `mask`, in order, and all users; those of a range aren't copied."""
        names = {each.name for each in fields(self)} - {"user_names"}
        if not len(self.kinds):
            names -= {"kinds"}
        return replace(self, **{name: getattr(self, name)[mask] for name in names})

    def chosen(self) -> Interactions:
        """Keep the reviews and purchases, and all users."""
        return self.where(is_chosen(self.kinds)) if len(self.kinds) else self

    def seen(self) -> Interactions:
        """Keep what lists needn't show again, all but views, and all users."""
        return self.where(self.kinds != VIEW) if len(self.kinds) else self

    def rated(self) -> Interactions:
        """Keep what has a rating, and all users."""
        rated = np.isfinite(self.ratings)
        return self if rated.all() else self.where(rated)

    def without_removes(self) -> Interactions:
        """Keep what isn't a `remove`, and all users."""
        if not (self.kinds == REMOVE).any():
            return self
        rest = self.where(self.kinds != REMOVE)
        return rest if (rest.kinds != REVIEW).any() else replace(rest, kinds=NO_KINDS)

    def of_first_users(self, n_users: int) -> Interactions:
        """Keep all rows, but only the first users; the others become nobody."""
        users = np.where(self.users < n_users, self.users, -1)
        return replace(self, users=users, user_names=self.user_names[:n_users])

    def of_present_users(self) -> Interactions:
        """Keep all rows and the users who have one, in their order, numbered anew."""
        present = np.unique(self.users[self.users >= 0])
        rows = np.full(self.n_users + 1, -1)  # the last one stands for nobody
        rows[present] = np.arange(len(present))
        return replace(self, users=rows[self.users], user_names=self.user_names[present])

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.users)

    def __repr__(self) -> str:
        """Say how many rows there are, and how many of them have a user and an item."""
        return f"<Interactions {len(self):,} rows, {int(self.known.sum()):,} known>"


class NewInteractions(NamedTuple):
    """What one user did, in the order in which it arrived.

    Attributes:
        items: (n,) int32 item rows, none of them -1.
        kinds: (n,) uint8 of `recsys.kinds`.
        times: (n,) int64, microseconds since 1970-01-01 UTC.
        ratings: (n,) float32, 1 to 5 for a review, else NaN.
    """

    items: ItemRows
    kinds: Kinds
    times: NDArray[np.int64]
    ratings: FloatArray


NOTHING_NEWER: Final = NewInteractions(
    np.empty(0, np.int32), NO_KINDS, np.empty(0, np.int64), np.empty(0, np.float32)
)


def interactions_of(
    clean: pd.DataFrame, items: pd.Index, first_users: Sequence[Any] | Names = ()
) -> Interactions:
    """Read a cleaned frame as numbers, without what was taken back.

    Args:
        clean: Users, items, times, ratings and, where not all rows are reviews, kinds, as
            `storage.artifacts.read_clean` gives them.
        items: Names of the catalog, (n_items,).
        first_users: Names of the users with features.
    """
    return recorded_interactions(clean, items, first_users).without_removes()


def recorded_interactions(
    clean: pd.DataFrame, items: pd.Index, first_users: Sequence[Any] | Names = ()
) -> Interactions:
    """Read a cleaned frame as `interactions_of` does, but keep the last `remove` of each pair.

    Rows may come later that are older than a `remove`; it takes them back too.
    """
    times = clean[columns.REVIEW_TIME].to_numpy(dtype="datetime64[us]").astype(np.int64)
    item_rows = rows_of(clean[columns.ITEM], items)
    codes, distinct = pd.factorize(clean[columns.USER].astype("str"))
    present = np.zeros(len(distinct) + 1, dtype=bool)
    present[codes[item_rows >= 0]] = True
    rows, names = _user_rows(pd.Index(distinct), present[:-1], pd.Index(first_users, dtype="str"))
    user_rows = np.append(rows, -1)[codes]  # the code of a missing name is -1
    ratings, kinds = _ratings_and_kinds(clean)
    order = np.argsort(times, kind="stable")
    if len(kinds):
        order = order[~taken_back(user_rows[order], item_rows[order], kinds[order])]
    return Interactions(
        users=user_rows[order],
        items=item_rows[order],
        times=times[order],
        ratings=ratings[order],
        file_rows=order.astype(np.int64),
        user_names=names,
        kinds=kinds[order] if len(kinds) else kinds,
    )


def taken_back(users: Rows, items: Rows, kinds: Kinds) -> BoolArray:
    """Mark the interactions, (n,), that a later `remove` of the same user and item takes back.

    Args:
        users: (n,) in order of time, -1 for nobody, who takes nothing back.
        items: (n,) rows, -1 for an unknown item.
        kinds: (n,)
    """
    known = (users >= 0) & (items >= 0)
    # Back to front, so that the last `remove` of each pair is the first found.
    removes = np.flatnonzero(known & (kinds == REMOVE))[::-1]
    if not len(removes):
        return np.zeros(len(users), dtype=bool)
    own = users.astype(np.int64) * (int(items.max()) + 1) + items
    pairs, last = np.unique(own[removes], return_index=True)
    place = np.minimum(np.searchsorted(pairs, own), len(pairs) - 1)
    earlier = np.arange(len(own)) < removes[last][place]
    return np.asarray(known & (pairs[place] == own) & earlier)


def _ratings_and_kinds(clean: pd.DataFrame) -> tuple[FloatArray, Kinds]:
    """Read the ratings (n,) and the kinds, (n,) or empty if all are reviews."""
    ratings = clean[columns.RATING].to_numpy(dtype=np.float32)
    kinds = kind_codes(clean[columns.KIND]) if columns.KIND in clean else NO_KINDS
    if not (kinds != REVIEW).any():
        return ratings, NO_KINDS
    return np.where(kinds == REVIEW, ratings, np.float32(np.nan)), kinds


def rows_of(names: pd.Series, index: pd.Index) -> Rows:
    """Find the position of each name in `index`, (n,), -1 where it isn't there."""
    return np.asarray(index.get_indexer(pd.Index(names)), dtype=np.int64)


def identifies(names: Sequence[Any] | Names | pd.Index) -> BoolArray:
    """Say of each name, (n,), whether it stands for somebody: not missing, empty or anonymous."""
    texts = pd.Series(names, dtype="str")
    return (texts.notna() & (texts != "") & ~anonymous_mask(texts)).to_numpy(dtype=bool)


def _user_rows(names: pd.Index, present: BoolArray, first: pd.Index) -> tuple[Rows, Names]:
    """Number distinct names, (n,), given who has rows with an item of the catalog; name all users."""
    named = identifies(names)
    rows = np.where(named, first.get_indexer(names), -1)
    others = np.flatnonzero(named & present & (rows < 0))
    others = others[names[others].argsort()]
    rows[others] = len(first) + np.arange(len(others))
    return rows, first.append(names[others]).to_numpy(dtype=object)

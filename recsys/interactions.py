"""Who reviewed what, when, and how they rated it: `clean_df.pq` as numbers, read in one way.

A *user* is somebody who can be recognized: a name that isn't missing, empty or anonymous
("amazon customer"), and that has features or has reviewed an item of the catalog. Everybody
else has the row -1: their reviews count for items, and are nobody's history.

Users with features come first, in the order of the features; the others follow by name. So
a row below the number of users with features is a row of the features, and `of_first_users`
leaves only those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys import columns
from recsys.arrays import BoolArray, Names, Rows
from recsys.cleaning.text import anonymous_mask
from recsys.history import History, histories

FIVE_STARS: Final = 5.0
"""The highest rating; whoever gives it liked the item."""

_US_A_DAY: Final = 86_400_000_000


@dataclass(frozen=True)
class Interactions:
    """Reviews in order of time, those of equal time in the order of the file.

    Attributes:
        users: (n,) row of `user_names`, -1 for nobody.
        items: (n,) row of the catalog, -1 for an item that isn't in it.
        times: (n,) int64, microseconds since 1970-01-01 UTC.
        ratings: (n,) float32, 1 to 5.
        file_rows: (n,) the row of the file that each comes from.
        user_names: (n_users,) see the module for who they are and in which order.
    """

    users: Rows
    items: Rows
    times: NDArray[np.int64]
    ratings: NDArray[np.float32]
    file_rows: Rows
    user_names: Names

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
        return histories(self.users, self.items, self.times, self.n_users)

    def where(self, mask: BoolArray) -> Interactions:
        """Keep the rows of `mask`, in order, and all users."""
        columns_of_rows = [field.name for field in fields(self) if field.name != "user_names"]
        return replace(self, **{name: getattr(self, name)[mask] for name in columns_of_rows})

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


def interactions_of(
    clean: pd.DataFrame, items: pd.Index, first_users: Sequence[Any] | Names = ()
) -> Interactions:
    """Read a cleaned frame as numbers.

    Args:
        clean: Users, items, times and ratings, as `storage.artifacts.read_clean` gives them.
        items: Names of the catalog, (n_items,).
        first_users: Names of the users with features.
    """
    times = clean[columns.REVIEW_TIME].to_numpy(dtype="datetime64[us]").astype(np.int64)
    item_rows = rows_of(clean[columns.ITEM], items)
    codes, distinct = pd.factorize(clean[columns.USER].astype("str"))
    reviewed = np.zeros(len(distinct) + 1, dtype=bool)
    reviewed[codes[item_rows >= 0]] = True
    rows, names = _user_rows(pd.Index(distinct), reviewed[:-1], pd.Index(first_users, dtype="str"))
    order = np.argsort(times, kind="stable")
    return Interactions(
        users=np.append(rows, -1)[codes][order],  # the code of a missing name is -1
        items=item_rows[order],
        times=times[order],
        ratings=clean[columns.RATING].to_numpy(dtype=np.float32)[order],
        file_rows=order.astype(np.int64),
        user_names=names,
    )


def rows_of(names: pd.Series, index: pd.Index) -> Rows:
    """Find the position of each name in `index`, (n,), -1 where it isn't there."""
    return np.asarray(index.get_indexer(pd.Index(names)), dtype=np.int64)


def identifies(names: Sequence[Any] | Names | pd.Index) -> BoolArray:
    """Say of each name, (n,), whether it stands for somebody: not missing, empty or anonymous."""
    texts = pd.Series(names, dtype="str")
    return (texts.notna() & (texts != "") & ~anonymous_mask(texts)).to_numpy(dtype=bool)


def _user_rows(names: pd.Index, reviewed: BoolArray, first: pd.Index) -> tuple[Rows, Names]:
    """Number distinct names, (n,), given who reviewed an item of the catalog; name all users."""
    named = identifies(names)
    rows = np.where(named, first.get_indexer(names), -1)
    others = np.flatnonzero(named & reviewed & (rows < 0))
    others = others[names[others].argsort()]
    rows[others] = len(first) + np.arange(len(others))
    return rows, first.append(names[others]).to_numpy(dtype=object)

"""What the embed stage takes from the cleaned reviews: the catalog, and users' histories."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from recsys import columns
from recsys.arrays import Rows
from recsys.cleaning.text import anonymous_mask
from recsys.features.user_vectors import newest_positions
from recsys.split import TRAIN, TemporalCuts, review_days, split_labels, temporal_cuts
from storage.artifacts import read_clean


@dataclass(frozen=True)
class Catalog:
    """The candidate items, ascending by name.

    Attributes:
        names: (n_items,) the item order of all files.
        texts: (n_items,) str, "" where nothing is written about an item.
        prices: (n_items,) float64, NaN where unknown.
    """

    names: pd.Index
    texts: NDArray[np.object_]
    prices: NDArray[np.float64]


@dataclass(frozen=True)
class Histories:
    """The training reviews of known users.

    Attributes:
        user_names: (n_users,) ascending.
        users: (n,) row of `user_names`.
        items: (n,) row of the catalog.
        times: (n,) datetime64.
        texts: (n,) str, "" where a review has no text.
        cuts: Where the training days end.
    """

    user_names: pd.Index
    users: Rows
    items: Rows
    times: NDArray[Any]
    texts: NDArray[np.object_]
    cuts: TemporalCuts

    def newest_written(self, reviews_per_user: int) -> Rows:
        """Choose the rows of each user's newest reviews that have a text.

        Of reviews of equal time, that of the item later in the catalog counts as newer
        (then that of the text later in the alphabet), whatever the order of the rows.

        Returns:
            Row numbers by user, the newest first.
        """
        written = np.flatnonzero(self.texts != "")
        text_order = pd.factorize(self.texts[written], sort=True)[0]
        keys = (self.users[written], self.times[written], self.items[written], text_order)
        positions = newest_positions(*keys)
        order = np.lexsort((positions, self.users[written]))
        return written[order[positions[order] < reviews_per_user]]


def read_catalog(clean_path: Path) -> Catalog:
    """Gather the items of the cleaned reviews, with the text and the price of each.

    The text is the description; else the title; else, where there are no titles because
    items go by their readable names, the name. Files of other makers may hold several
    descriptions of an item (the first in the alphabet is taken) or prices (their mean).

    Raises:
        storage.artifacts.ArtifactError: The file can't be read or lacks a column.
        PipelineError: It has no rows.
    """
    wanted = (columns.ITEM, columns.DESCRIPTION, columns.PRICE, columns.TITLE)
    rows = read_clean(clean_path, wanted).dropna(subset=columns.ITEM)
    if rows.empty:
        raise PipelineError(
            f"{clean_path} has no reviews; expected at least one. Clean a reviews file first."
        )
    rows[columns.ITEM] = rows[columns.ITEM].astype("str")
    names = pd.Index(rows[columns.ITEM].unique()).sort_values()
    texts = _text_by_item(rows, columns.DESCRIPTION, names)
    if columns.TITLE in rows:
        texts = texts.where(texts != "", _text_by_item(rows, columns.TITLE, names))
    else:
        texts = texts.where(texts != "", names.to_series())
    prices = rows.sort_values(columns.PRICE).groupby(columns.ITEM)[columns.PRICE].mean()
    prices_by_name = prices.reindex(names).to_numpy(dtype=np.float64)
    return Catalog(names, texts.to_numpy(dtype=object), prices_by_name)


def read_histories(clean_path: Path, item_names: pd.Index) -> Histories:
    """Gather the training reviews of everybody who is a person.

    Raises:
        storage.artifacts.ArtifactError: The file can't be read or lacks a column.
        recsys.split.SplitError: It spans fewer than two days.
        PipelineError: No training review is by a known user.
    """
    wanted = (columns.USER, columns.ITEM, columns.REVIEW_TIME, columns.REVIEW_TEXT)
    rows = read_clean(clean_path, wanted).dropna(subset=columns.ITEM)
    days = review_days(rows[columns.REVIEW_TIME])
    cuts = temporal_cuts(days)
    rows = rows[split_labels(days, cuts) == TRAIN]
    users = rows[columns.USER].astype("str")
    is_person = users.notna() & (users != "") & ~anonymous_mask(users)
    if not is_person.any():
        raise PipelineError(
            f"{clean_path} has {len(rows):,} training reviews, none of them by a named user; "
            f"expected at least one. Another key may help: clean with --user-column."
        )
    rows = rows[is_person]
    codes, names = pd.factorize(users[is_person], sort=True)
    return Histories(
        user_names=pd.Index(names),
        users=codes.astype(np.int64),
        items=item_names.get_indexer(rows[columns.ITEM].astype("str")).astype(np.int64),
        times=rows[columns.REVIEW_TIME].to_numpy(),
        texts=rows[columns.REVIEW_TEXT].astype("str").fillna("").to_numpy(dtype=object),
        cuts=cuts,
    )


def _text_by_item(rows: pd.DataFrame, column: str, names: pd.Index) -> pd.Series:
    """The first text in the alphabet of each item, "" where it has none."""
    known = rows.loc[rows[column].notna() & (rows[column] != ""), [columns.ITEM, column]]
    known = known.drop_duplicates().sort_values([columns.ITEM, column])
    by_item = known.drop_duplicates(columns.ITEM).set_index(columns.ITEM)[column]
    return by_item.astype("str").reindex(names).fillna("")

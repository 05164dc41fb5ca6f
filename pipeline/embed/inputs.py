"""What the stage `embed` takes from the cleaned reviews: the items, and users' training reviews."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from recsys import catalog, columns
from recsys.arrays import Names, Rows
from recsys.features.user_vectors import newest_positions
from recsys.interactions import Interactions, interactions_of
from recsys.split import TRAIN, TemporalCuts, cuts_from_day_counts, split_labels
from storage.artifacts import read_clean

ITEM_COLUMNS: Final = (columns.ITEM, columns.DESCRIPTION, columns.PRICE, columns.TITLE)
REVIEW_COLUMNS: Final = (
    columns.USER,
    columns.ITEM,
    columns.REVIEW_TIME,
    columns.RATING,
    columns.REVIEW_TEXT,
)


@dataclass(frozen=True)
class CandidateItems:
    """The candidate items, ascending by name.

    Attributes:
        names: (n_items,) the item order of all files.
        texts: (n_items,) str, "" where nothing is written about an item.
        prices: (n_items,) float64, NaN where unknown.
    """

    names: pd.Index
    texts: Names
    prices: NDArray[np.float64]


@dataclass(frozen=True)
class TrainingReviews:
    """The reviews of the training days by users, who are those with such a review.

    Attributes:
        interactions: Their rows.
        texts: (n,) str, "" where a review has no text.
        cuts: Where the training days end.
        all_days: Whether every day counts as a training day, since a split would leave no
            user with a training review.
    """

    interactions: Interactions
    texts: Names
    cuts: TemporalCuts
    all_days: bool

    def newest_written(self, reviews_per_user: int) -> Rows:
        """Choose the rows of each user's newest reviews that have a text.

        Returns:
            Row numbers by user, the newest first.
        """
        written = np.flatnonzero(self.texts != "")
        users = self.interactions.users[written]
        positions = newest_positions(users)
        order = np.lexsort((positions, users))
        return written[order[positions[order] < reviews_per_user]]


def read_items(clean_path: Path) -> CandidateItems:
    """List the items of the cleaned reviews, with the text and the price of each.

    The text is the description; else the title; else, where there are no titles because
    items go by their readable names, the name.

    Raises:
        storage.artifacts.ArtifactError: The file can't be read or lacks a column.
        PipelineError: It has no rows.
    """
    items = candidate_items(read_clean(clean_path, ITEM_COLUMNS))
    if items.names.empty:
        raise PipelineError(
            f"{clean_path} has no reviews; expected at least one. Clean a reviews file first."
        )
    return items


def candidate_items(clean: pd.DataFrame) -> CandidateItems:
    """List the items of any reviews that hold all of their items; see `read_items`."""
    names = pd.Index(clean[columns.ITEM].dropna().astype("str").unique()).sort_values()
    described = catalog.item_texts(clean, columns.DESCRIPTION, names)
    others = names.tolist()
    if columns.TITLE in clean:
        others = catalog.item_texts(clean, columns.TITLE, names)
    texts = [text or other for text, other in zip(described, others, strict=True)]
    return CandidateItems(names, np.array(texts, dtype=object), catalog.item_prices(clean, names))


def read_training_reviews(clean_path: Path, item_names: pd.Index) -> TrainingReviews:
    """Read the reviews of the training days by users.

    Where the reviews are of a single day, or users come after the training days only, all
    days are training days: users are known, and nothing is left to measure by.

    Raises:
        storage.artifacts.ArtifactError: The file can't be read or lacks a column.
        PipelineError: No review is by a user.
    """
    clean = read_clean(clean_path, REVIEW_COLUMNS)
    everything = interactions_of(clean, item_names).chosen()
    return training_reviews(clean, everything, training_days(count_days(everything), clean_path))


class DayCounts(NamedTuple):
    """How many reviews are of each day: (k,) ascending days, all reviews, and those by users."""

    days: NDArray[np.int64]
    n_rows: NDArray[np.int64]
    n_known: NDArray[np.int64]


class TrainingDays(NamedTuple):
    """Where the training days end, and whether every day counts as one nevertheless."""

    cuts: TemporalCuts
    all_days: bool


def count_days(reviews: Interactions) -> DayCounts:
    """Count the reviews of each day; counts of parts may be added up."""
    days, place = np.unique(reviews.days.astype(np.int64), return_inverse=True)
    known = np.bincount(place, weights=reviews.known, minlength=len(days))
    return DayCounts(days, np.bincount(place, minlength=len(days)), known.astype(np.int64))


def training_days(counts: DayCounts, clean_path: Path) -> TrainingDays:
    """Choose the training days.

    Raises:
        PipelineError: No review is by a user.
    """
    if not counts.n_known.any():
        raise PipelineError(
            f"{clean_path} has {counts.n_rows.sum():,} reviews, none of them by a named user; "
            f"expected at least one. Another key may help: clean with --user-column."
        )
    if len(counts.days) > 1:
        cuts = cuts_from_day_counts(counts.days, counts.n_rows)
    else:
        cuts = TemporalCuts(int(counts.days[0]) + 1, int(counts.days[0]) + 1)
    teach = split_labels(counts.days, cuts) == TRAIN
    return TrainingDays(cuts, not counts.n_known[teach].any() or bool(teach.all()))


def training_reviews(
    clean: pd.DataFrame, everything: Interactions, days: TrainingDays
) -> TrainingReviews:
    """Take the reviews of the training days by users, of any reviews that hold all of their users.

    Args:
        clean: The reviews, `REVIEW_COLUMNS`.
        everything: The same as numbers.
        days: Which days are training days.
    """
    cuts, all_days = days
    in_training = split_labels(everything.days, cuts) == TRAIN
    training = everything if all_days else everything.where(in_training)
    by_users = training.where(training.known).of_present_users()
    texts = clean[columns.REVIEW_TEXT].astype("str").fillna("").to_numpy(dtype=object)
    return TrainingReviews(by_users, texts[by_users.file_rows], cuts, all_days)

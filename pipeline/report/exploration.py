"""What there is to know about a data set before any model: numbers and sentences for eda.ipynb."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config import Config
from recsys import columns
from recsys.arrays import Rows
from recsys.catalog import item_prices
from recsys.interactions import FIVE_STARS, interactions_of
from recsys.split import TEST, TRAIN, cuts_or_all_training, split_labels
from storage.artifacts import ArtifactPaths, read_clean

RAW_NAMES: Final = ("amazon_reviews.csv", "amazon_reviews.csv.gz", "amazon_reviews.parquet")


@dataclass(frozen=True)
class Exploration:
    """A cleaned data set, counted.

    Attributes:
        ratings: (n_rated,) 1 to 5, in order of time.
        words: (n,) words of each review text.
        prices: (n_priced_items,) USD, one an item that has a price.
        reviews_by_user: Reviews of each user, most first.
        reviews_by_item: Reviews of each item, most first.
        months: One row a calendar month, by its first day: reviews, and active users and items.
        parts: (n,) TRAIN, VALIDATION or TEST.
        part_starts: First day of validation and of test.
        known_test_share: Share of test reviews whose writer also wrote in the training days; 0
            where no day is a test day.
        anonymous_share: Share of reviews by nobody who can be recognized.
    """

    ratings: NDArray[np.float32]
    words: NDArray[np.int64]
    prices: NDArray[np.float64]
    reviews_by_user: NDArray[np.int64]
    reviews_by_item: NDArray[np.int64]
    months: pd.DataFrame
    parts: NDArray[np.int8]
    part_starts: tuple[np.datetime64, np.datetime64]
    known_test_share: float
    anonymous_share: float

    def __repr__(self) -> str:
        """Say how much there is."""
        users, items = len(self.reviews_by_user), len(self.reviews_by_item)
        return f"<Exploration of {len(self.words):,} reviews, {users:,} users, {items:,} items>"


def explore(config: Config) -> Exploration:
    """Count the cleaned reviews of the configured folder.

    Raises:
        storage.artifacts.ArtifactError: `clean_df.pq` is missing or bad.
    """
    paths = ArtifactPaths.in_folders(config.data_path, config.embeddings_path, config.model_path)
    clean = read_clean(paths.clean, columns.CLEAN_COLUMNS)
    items = pd.Index(clean[columns.ITEM].dropna().unique())
    rows = interactions_of(clean, items).chosen()
    clean = clean.iloc[np.sort(rows.file_rows)]
    cuts = cuts_or_all_training(rows.days)
    parts = split_labels(rows.days, cuts)
    known = np.isin(rows.users, rows.users[(parts == TRAIN) & (rows.users >= 0)])
    prices = item_prices(clean, items)
    return Exploration(
        ratings=rows.rated().ratings,
        words=_words(clean[columns.REVIEW_TEXT]),
        prices=prices[np.isfinite(prices)],
        reviews_by_user=_sizes(rows.users[rows.users >= 0]),
        reviews_by_item=_sizes(rows.items),
        months=_by_month(clean),
        parts=parts,
        part_starts=(
            np.datetime64(cuts.train_end_day, "D"),
            np.datetime64(cuts.validation_end_day, "D"),
        ),
        known_test_share=float(known[parts == TEST].mean()) if (parts == TEST).any() else 0.0,
        anonymous_share=float((rows.users < 0).mean()),
    )


def cleaning_table(config: Config) -> pd.DataFrame:
    """Clean the raw reviews beside `clean_df.pq` once more and count what each rule did.

    Returns:
        Columns "rows" and "share", one row a rule that did something; a row that says so where
        the folder holds no raw file.
    """
    from pipeline.clean.stage import clean_reviews
    from recsys.cleaning.rows import RULES, Keys

    raw = next((path for path in _raw_paths(config) if path.exists()), None)
    if raw is None:
        return pd.DataFrame(
            {"rows": ["-"], "share": ["-"]}, index=["no raw reviews in this folder"]
        )
    with tempfile.TemporaryDirectory() as folder:
        report = clean_reviews(raw, Path(folder) / "clean_df.pq", Keys())
    rows = {"rows read": report.n_rows_read}
    rows |= {RULES[name]: report.counts[name] for name in RULES if report.counts[name]}
    rows |= {"rows kept": report.n_rows_kept}
    frame = pd.DataFrame({"rows": rows})
    shares = frame["rows"] / max(report.n_rows_read, 1)
    return frame.assign(
        rows=[f"{count:,}" for count in frame["rows"]], share=[f"{share:.1%}" for share in shares]
    )


def findings(found: Exploration) -> str:
    """Say in words what the charts show, as Markdown; true of whatever data were read."""
    five, users, items = found.ratings == FIVE_STARS, found.reviews_by_user, found.reviews_by_item
    top = max(1, len(items) // 100)
    sentences = [
        (
            f"**{five.mean():.0%} of the {len(five):,} ratings are 5 stars.** A model that always "
            f"says so is right as often; accuracy means little without that number beside it."
        ),
        (
            f"**How well users are known:** {_share(users <= 2)} of the {len(users):,} users "
            f"wrote one or two reviews, the median is {np.median(users):.0f}. "
            f"{found.anonymous_share:.1%} of the reviews come from anonymous customers, who are "
            f"nobody's history."
        ),
        (
            f"**How attention is spread:** the most reviewed 1% of the {len(items):,} items "
            f"({top:,}) hold {items[:top].sum() / items.sum():.0%} of the reviews; half of the "
            f"items have {np.median(items):.0f} or fewer."
        ),
        _about_prices(found),
        _about_words(found),
        _about_returning(found),
    ]
    return "\n".join(f"* {sentence}" for sentence in sentences)


def _about_returning(found: Exploration) -> str:
    if not (found.parts == TEST).any():
        return "**All reviews are of one day,** so nobody can be seen to come back."
    return (
        f"**Who comes back:** {found.known_test_share:.0%} of the reviews in "
        f"the test period are by people who also wrote in the training period. For the rest "
        f"there is only the cold-start list."
    )


def _about_prices(found: Exploration) -> str:
    if len(found.prices) == 0:
        return "**No item has a price,** so every price is imputed."
    low, middle, high = np.quantile(found.prices, (0.25, 0.5, 0.75))
    missing = 1 - len(found.prices) / len(found.reviews_by_item)
    return (
        f"**Half of the priced items cost between ${low:,.2f} and ${high:,.2f}** (median "
        f"${middle:,.2f}); {missing:.0%} of the items have no price and get one from similar "
        f"items."
    )


def _about_words(found: Exploration) -> str:
    written = found.words[found.words > 0]
    if len(written) == 0:
        return "**No review has text,** so the vectors of users come from items alone."
    return (
        f"**Length of reviews:** half of those with text have at most "
        f"{np.median(written):.0f} words, one in ten more than {np.quantile(written, 0.9):.0f}."
    )


def _by_month(clean: pd.DataFrame) -> pd.DataFrame:
    months = clean[columns.REVIEW_TIME].to_numpy(dtype="datetime64[M]").astype("datetime64[s]")
    groups = clean.groupby(months)
    counts: Any = {
        "reviews": groups.size(),
        "users": groups[columns.USER].nunique(),
        "items": groups[columns.ITEM].nunique(),
    }
    every = pd.date_range(months.min(), months.max(), freq="MS")
    return pd.DataFrame(counts).reindex(every, fill_value=0)


def _words(texts: pd.Series) -> NDArray[np.int64]:
    return np.array([len(text.split()) for text in texts.fillna("").astype(str)], dtype=np.int64)


def _sizes(rows: Rows) -> NDArray[np.int64]:
    return np.sort(np.unique(rows, return_counts=True)[1])[::-1]


def _raw_paths(config: Config) -> list[Path]:
    return [config.data_path / name for name in RAW_NAMES]


def _share(mask: NDArray[np.bool_]) -> str:
    return f"{mask.mean():.0%}"

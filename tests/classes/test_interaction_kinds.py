"""What a snapshot makes of purchases, views, hidden items, added rows and forgotten users."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.artifact_arrays import artifact_arrays
from recsys import columns
from recsys.arrays import Names
from recsys.cleaning.forgotten import NEVER_FORGOTTEN
from recsys.features.user_profile import RATING_PSEUDO_COUNTS
from storage.artifacts import MEAN_RATING_NOTE, ArtifactPaths, read_note, write_frame
from tests.support.artifacts import FIRST_DAY, tiny_item_names, tiny_user_names, write_tiny_data
from tests.support.rankers import write_tiny_affinities

USERS, ITEMS = tiny_user_names(), tiny_item_names()


@pytest.fixture
def paths(tmp_path: Path) -> ArtifactPaths:
    paths = write_tiny_data(tmp_path)
    write_tiny_affinities(paths)
    return paths


def rows(*done: tuple[str, int, str]) -> pd.DataFrame:
    """What users did with items, on the hundredth day."""
    users, items, kinds = zip(*done, strict=True)
    return pd.DataFrame(
        {
            columns.USER: users,
            columns.ITEM: [ITEMS[item] for item in items],
            columns.REVIEW_TIME: FIRST_DAY + pd.Timedelta(days=100),
            columns.RATING: [5.0 if kind == "review" else np.nan for kind in kinds],
            columns.KIND: kinds,
        }
    )


def test_reviews_and_purchases_count_for_items_and_views_and_hidden_items_do_not(
    paths: ArtifactPaths,
) -> None:
    done = rows(("a", 19, "view"), ("b", 19, "hide"), ("c", 18, "purchase"), ("d", 17, "review"))
    before, data = (AppDataProcessor.from_artifacts(paths, added=each) for each in (None, done))
    changed = data.facts.n_ratings - before.facts.n_ratings
    assert np.flatnonzero(changed).tolist() == [17, 18]
    assert data.facts.mean_rating(17) == 5
    assert data.facts.mean_rating(18) is None
    assert data.shelf_facts.dated.counts(len(ITEMS))[[17, 18, 19]].tolist() == [1, 1, 0]
    assert data.shelf_facts.dated.counts_of_liked(len(ITEMS))[[17, 18]].tolist() == [1, 0]
    assert data.arrays["cold_start_counts"][[17, 18, 19]].tolist() == [1, 0, 0]


def test_what_was_viewed_is_listed_again_and_what_was_hidden_is_not(paths: ArtifactPaths) -> None:
    done = rows((USERS[0], 9, "view"), (USERS[0], 10, "hide"), (USERS[0], 11, "purchase"))
    data = AppDataProcessor.from_artifacts(paths, added=done)
    assert data.reviews.seen_items(0).tolist() == [0, 1, 2, 10, 11]
    assert data.reviews.hidden_items(0).tolist() == [10]
    assert data.history(0).tolist() == [11, 10, 9, 2, 1, 0]
    assert data.history_weights(0).tolist() == pytest.approx([1, -1, 0.3, 1, 1, 1])


def test_only_kinds_other_than_reviews_take_room(paths: ArtifactPaths) -> None:
    plain = AppDataProcessor.from_artifacts(paths).arrays
    bought = AppDataProcessor.from_artifacts(paths, added=rows(("a", 1, "purchase"))).arrays
    viewed = AppDataProcessor.from_artifacts(paths, added=rows(("a", 1, "view"))).arrays
    assert bought.keys() - plain.keys() == {"review_kinds"}
    assert viewed.keys() - plain.keys() == {"review_kinds", "history_weights"}


def test_a_forgotten_user_is_unknown_and_others_keep_all_they_have(paths: ArtifactPaths) -> None:
    now = pd.Timestamp("2030-01-01").value // 1_000

    def until(names: Names) -> np.ndarray:
        return np.where(names == USERS[3], now, NEVER_FORGOTTEN)

    before = AppDataProcessor.from_artifacts(paths)
    data = AppDataProcessor(artifact_arrays(paths, 365, forgotten_until=until))
    assert data.user_row(USERS[3]) is None
    assert data.n_users == before.n_users - 1
    for name in set(USERS) - {USERS[3]}:
        row, old = data.user_row(name), before.user_row(name)
        assert row is not None
        assert old is not None
        assert data.history(row).tolist() == before.history(old).tolist()
        assert (data.inputs.user_item[row] == before.inputs.user_item[old]).all()
    assert data.facts.n_ratings.sum() == before.facts.n_ratings.sum() - 3


def test_who_comes_back_after_being_forgotten_is_somebody_new(paths: ArtifactPaths) -> None:
    day_five = (FIRST_DAY + pd.Timedelta(days=5)).value // 1_000

    def until(names: Names) -> np.ndarray:
        return np.where(names == USERS[4], day_five, NEVER_FORGOTTEN)

    done = rows((USERS[4], 9, "purchase"))
    data = AppDataProcessor(artifact_arrays(paths, 365, done, until))
    row = data.user_row(USERS[4])
    assert row is not None
    # Of the reviews on the days 4 to 6 only the last is newer; the embeddings are gone.
    assert data.history(row).tolist() == [9, 6]
    assert not data.inputs.user_review[row].any()


def test_the_mean_rating_that_training_noted_is_kept(paths: ArtifactPaths) -> None:
    assert read_note(paths.item_price, MEAN_RATING_NOTE) is None
    of_data = AppDataProcessor.from_artifacts(paths)
    write_frame(pd.read_parquet(paths.item_price), paths.item_price, {MEAN_RATING_NOTE: "2.5"})
    noted = AppDataProcessor.from_artifacts(paths)
    # Each user rated 5, 4 and 3.
    assert noted.inputs.user_profile is not None
    assert noted.inputs.user_profile[0, 1] == pytest.approx(3 * 1.5 / (3 + RATING_PSEUDO_COUNTS))
    assert of_data.inputs.user_profile is not None
    assert of_data.inputs.user_profile[0, 1] != noted.inputs.user_profile[0, 1]


def test_whether_all_names_are_clean_is_known(paths: ArtifactPaths) -> None:
    assert AppDataProcessor.from_artifacts(paths).has_clean_user_names
    named = rows(("Ann O'Hara", 1, "view"))
    assert not AppDataProcessor.from_artifacts(paths, added=named).has_clean_user_names

"""Users with newer interactions are what a rebuild with the same rows makes of them."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

import numpy as np
import pandas as pd
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.live.live_user import LiveUser, chosen_now
from recsys import columns
from recsys.history import MAX_HISTORY_ITEMS
from recsys.interactions import NOTHING_NEWER, NewInteractions
from recsys.kinds import HIDE, KINDS, PURCHASE, REMOVE, REVIEW, VIEW
from scoring.inputs import Visitor
from storage.artifacts import ArtifactPaths, write_frame
from tests.support.artifacts import BUNDLED

NOTHING = np.empty(0, dtype=np.int32)
SECOND = 1_000_000


@pytest.fixture(scope="module")
def data() -> AppDataProcessor:
    return AppDataProcessor.from_artifacts(BUNDLED)


def drawn_events(data: AppDataProcessor, seed: int) -> pd.DataFrame:
    """Events of every kind in order of arrival, by old and new users, many at equal times."""
    random = np.random.default_rng(seed)
    known = random.choice(data.n_users, 250, replace=False)
    names = [*map(data.user, known), *(f"new user {number}" for number in range(60))]
    rows = []
    for name in names:
        row = data.user_row(name)
        old = np.empty(0, np.int64) if row is None else data.reviews.of(row).times
        own = np.empty(0, np.int32) if row is None else data.reviews.of(row).items
        pool = np.concatenate([own, random.choice(data.n_items, 6)])
        n = int(random.integers(1, 14))
        if random.random() < 0.1:  # more than a history holds
            n, pool = 180, np.arange(data.n_items)
        latest = int(old[0]) if len(old) else 1_600_000_000 * SECOND
        times = np.concatenate([old, latest + SECOND * random.integers(-3, 4, size=6)])
        rows += [
            (name, int(item), int(kind), int(time))
            for item, kind, time in zip(
                random.choice(pool, n),
                random.choice(len(KINDS), n, p=[0.2, 0.2, 0.3, 0.15, 0.15]),
                random.choice(times, n),
                strict=True,
            )
        ]
    random.shuffle(rows)
    frame = pd.DataFrame(rows, columns=[columns.USER, "row", "code", "time"])
    ratings = random.integers(1, 6, len(frame)).astype(np.float64)
    return frame.assign(rating=np.where(frame["code"] == REVIEW, ratings, np.nan))


def as_rows(events: pd.DataFrame, data: AppDataProcessor) -> pd.DataFrame:
    """The events as rows of `clean_df.pq`."""
    return pd.DataFrame(
        {
            columns.USER: events[columns.USER],
            columns.ITEM: data.item_names(events["row"].to_numpy()),
            columns.REVIEW_TIME: events["time"].to_numpy().astype("datetime64[us]"),
            columns.RATING: events["rating"],
            columns.KIND: [KINDS[code] for code in events["code"]],
        }
    )


def newer(events: pd.DataFrame) -> NewInteractions:
    return NewInteractions(
        events["row"].to_numpy(np.int32),
        events["code"].to_numpy(np.uint8),
        events["time"].to_numpy(np.int64),
        events["rating"].to_numpy(np.float32),
    )


def assert_same(found: Visitor, expected: Visitor) -> None:
    for name, one, other in zip(Visitor._fields, found, expected, strict=True):
        assert one.dtype == other.dtype, name
        assert one.tobytes() == other.tobytes(), name


def assert_is_what_a_rebuild_says(live: LiveUser, rebuilt: AppDataProcessor, row: int) -> None:
    found, expected = live.reviews, rebuilt.reviews.of(row)
    for name in ("items", "ratings", "times", "kinds"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    assert live.seen_items.tobytes() == rebuilt.reviews.seen_items(row).tobytes()
    assert live.hidden_items.tobytes() == rebuilt.reviews.hidden_items(row).tobytes()
    whole = live.person(NOTHING)
    # A snapshot holds weights for all histories or none; 1 throughout is the same as none.
    stored = rebuilt.person(row)
    if not len(whole.history_weights):
        assert (stored.history_weights == 1).all()
        stored = stored._replace(history_weights=whole.history_weights)
    assert_same(whole, stored)
    some = whole.history[::3]
    assert_same(live.person(some), rebuilt.person(row, some))


@pytest.mark.parametrize("seed", range(3))
def test_users_with_newer_interactions_are_what_a_rebuild_makes_of_them(
    data: AppDataProcessor, seed: int
) -> None:
    events = drawn_events(data, seed)
    rebuilt = AppDataProcessor.from_artifacts(BUNDLED, added=as_rows(events, data))
    longest = 0
    for name, own in events.groupby(columns.USER):
        live = LiveUser(data, data.user_row(name), newer(own))
        row = rebuilt.user_row(name)
        assert row is not None
        assert_is_what_a_rebuild_says(live, rebuilt, row)
        longest = max(longest, len(live.person(NOTHING).history))
    assert longest > MAX_HISTORY_ITEMS  # hidden items beside the others


def test_half_of_the_interactions_may_be_in_the_snapshot_already(data: AppDataProcessor) -> None:
    events = drawn_events(data, 3)
    half = len(events) // 2
    rows = as_rows(events, data)
    before = AppDataProcessor.from_artifacts(BUNDLED, added=rows.iloc[:half])
    rebuilt = AppDataProcessor.from_artifacts(BUNDLED, added=rows)
    for name, own in events.groupby(columns.USER):
        row = rebuilt.user_row(name)
        assert row is not None
        live = LiveUser(before, before.user_row(name), newer(own[own.index >= half]))
        assert_is_what_a_rebuild_says(live, rebuilt, row)


def test_rows_in_the_file_count_as_added_rows_do(data: AppDataProcessor, tmp_path: Path) -> None:
    paths = ArtifactPaths.in_folders(tmp_path, tmp_path, tmp_path)
    for name in ("item_desc", "item_price", "user_review", "user_item", "item_affinity"):
        copyfile(getattr(BUNDLED, name), getattr(paths, name))
    rows = as_rows(drawn_events(data, 4), data)
    write_frame(pd.concat([pd.read_parquet(BUNDLED.clean), rows], ignore_index=True), paths.clean)
    of_file = AppDataProcessor.from_artifacts(paths).arrays
    added = AppDataProcessor.from_artifacts(BUNDLED, added=rows).arrays
    assert of_file.keys() == added.keys()
    for name in of_file:
        assert of_file[name].tobytes() == added[name].tobytes(), name


def test_only_popularity_changes_for_users_who_did_nothing(data: AppDataProcessor) -> None:
    events = drawn_events(data, 5)
    rebuilt = AppDataProcessor.from_artifacts(BUNDLED, added=as_rows(events, data))
    idle = sorted(set(map(data.user, range(data.n_users))) - set(events[columns.USER]))
    for name in idle[::20]:
        live, row = LiveUser(data, data.user_row(name), NOTHING_NEWER), rebuilt.user_row(name)
        assert row is not None
        assert_is_what_a_rebuild_says(live, rebuilt, row)


def by_hand(*interactions: tuple[int, int]) -> NewInteractions:
    """Interactions (item, kind) a second apart; reviews give four stars."""
    items, kinds = (np.array(column) for column in zip(*interactions, strict=True))
    ratings = np.where(kinds == REVIEW, np.float32(4), np.float32(np.nan))
    times = SECOND * np.arange(len(items))
    return NewInteractions(items.astype(np.int32), kinds.astype(np.uint8), times, ratings)


def of_new_user(data: AppDataProcessor, *interactions: tuple[int, int]) -> LiveUser:
    return LiveUser(data, None, by_hand(*interactions))


def test_a_view_counts_less_and_only_where_nothing_else_was_done(data: AppDataProcessor) -> None:
    live = of_new_user(data, (3, PURCHASE), (4, VIEW), (3, VIEW), (5, HIDE))
    person = live.person(NOTHING)
    assert person.history.tolist() == [5, 4, 3]
    assert person.history_weights.tolist() == pytest.approx([-1, 0.3, 1])
    assert live.seen_items.tolist() == [3, 5]
    assert live.hidden_items.tolist() == [5]
    assert person.user_profile[0, 0] == pytest.approx(np.log1p(1.3))


def test_what_is_taken_back_leaves_no_trace(data: AppDataProcessor) -> None:
    live = of_new_user(data, (3, REVIEW), (4, PURCHASE), (3, REMOVE), (5, HIDE), (5, REMOVE))
    assert live.reviews.items.tolist() == [4]
    assert live.person(NOTHING).history.tolist() == [4]
    assert not len(live.person(NOTHING).history_weights)
    assert live.seen_items.tolist() == [4]


def test_what_is_hidden_and_chosen_later_is_wanted_again(data: AppDataProcessor) -> None:
    live = of_new_user(data, (3, HIDE), (4, HIDE), (3, PURCHASE), (4, VIEW))
    assert live.hidden_items.tolist() == [4]
    assert live.person(NOTHING).history.tolist() == [3, 4]


def test_a_request_s_history_is_newer_than_all_else(data: AppDataProcessor) -> None:
    before = by_hand((3, PURCHASE), (4, PURCHASE))
    live = LiveUser(data, None, chosen_now(before, np.int32([9, 3])))
    assert live.person(NOTHING).history.tolist() == [9, 3, 4]

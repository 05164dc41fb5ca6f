"""Both engines make the same artifacts, row for row and number for number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from config import Config
from pipeline.train.ranker import data, nearest
from pipeline.train.ranker.nearest import Cosines, Product
from pipeline.train.ranker.similarities import vector_similarity, word_similarity
from recsys import columns
from recsys.cleaning.rows import Keys
from storage.artifacts import ArtifactPaths, read_clean, read_embeddings, read_note
from storage.events.configured import open_events
from storage.events.event import Event
from storage.snapshot_folder import EVENTS_THROUGH
from storage.sources import artifact_paths
from tests.support.artifacts import BUNDLED
from tests.support.building import open_store_here
from tests.support.counting_encoder import CountingEncoder
from tests.support.dying_worker import die_once
from tests.support.services import config_in
from tests.support.stages import run_stage

pytestmark = [
    pytest.mark.scale,
    pytest.mark.slow,  # begun first, as it takes longest
    pytest.mark.timeout(900),
]
pytest.importorskip("ray")

N_REVIEWS = 4_000
ON_RAY = ("--engine", "ray")


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Ray on this machine, with buckets so small that the sample needs several."""
    from pipeline.distributed import by_time, embed, exchange
    from pipeline.distributed.cluster import connected

    with pytest.MonkeyPatch.context() as patch, connected():
        patch.setattr(exchange, "ROWS_A_BUCKET", 1_000)
        patch.setattr(by_time, "ROWS_A_PART", 1_000)
        patch.setattr(embed, "ITEMS_A_BUCKET", 1_000)
        patch.setattr(embed, "USERS_A_BUCKET", 1_000)
        yield


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = config_in(tmp_path_factory.mktemp("raw"))
    words = ("sample", "--rows", str(N_REVIEWS), "--users", "700", "--items", "300")
    assert run_stage(config, *words) == 0
    return config.data_path / "amazon_reviews.csv"


@pytest.fixture(scope="module")
def cleaned(
    reviews: Path, cluster: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Config, Config]:
    """The reviews cleaned by pandas and by Ray."""
    by_pandas, by_ray = (config_in(tmp_path_factory.mktemp(name)) for name in ("pandas", "ray"))
    assert run_stage(by_pandas, "clean", "--reviews", str(reviews)) == 0
    assert run_stage(by_ray, "clean", "--reviews", str(reviews), *ON_RAY) == 0
    return by_pandas, by_ray


@pytest.fixture(scope="module")
def embedded(cleaned: tuple[Config, Config]) -> tuple[Config, Config]:
    """The same with vectors of letters."""
    from pipeline.distributed.embed import embed as embed_on_ray
    from pipeline.embed.stage import embed

    by_pandas, by_ray = cleaned
    embed(CountingEncoder(), by_pandas, Console(quiet=True))
    embed_on_ray(CountingEncoder(), by_ray, Console(quiet=True))
    return by_pandas, by_ray


def test_cleaned_reviews_are_the_same_row_for_row(cleaned: tuple[Config, Config]) -> None:
    expected, found = (artifact_paths(config).clean for config in cleaned)
    assert len(list(found.iterdir())) > 2
    pd.testing.assert_frame_equal(read_clean(found), read_clean(expected))


def test_nothing_is_left_beside_the_results(cleaned: tuple[Config, Config]) -> None:
    assert [each.name for each in cleaned[1].data_path.iterdir()] == ["clean_df.pq"]


def refuse_other_vectors(found: ArtifactPaths, expected: ArtifactPaths, name: str) -> None:
    key = columns.ITEM if name.startswith("item") else columns.USER
    ours, theirs = (read_embeddings(getattr(paths, name), key) for paths in (found, expected))
    assert ours.names.tolist() == theirs.names.tolist()
    np.testing.assert_allclose(ours.vectors, theirs.vectors, atol=1e-6)


def refuse_other_tables(found: data.ReviewTables, expected: data.ReviewTables) -> None:
    # Neither where a row stood in the file is read nor what it is, as reviews and purchases count alike.
    for name in {field.name for field in fields(expected.interactions)} - {"file_rows", "kinds"}:
        ours, theirs = (getattr(each.interactions, name) for each in (found, expected))
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    np.testing.assert_array_equal(found.texts, expected.texts)
    np.testing.assert_array_equal(found.prices, expected.prices)


@pytest.fixture(scope="module")
def with_events(
    reviews: Path, cleaned: tuple[Config, Config], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Config, Config]:
    """The reviews with 400 events of the service, which has forgotten somebody, cleaned by both."""
    folder, before = tmp_path_factory.mktemp("events"), read_clean(artifact_paths(cleaned[0]).clean)
    by_pandas, by_ray = (
        config_in(folder / name, events_folder=str(folder / "events")) for name in ("pandas", "ray")
    )
    store, drawn = open_events(by_pandas), before.sample(400, random_state=7, replace=True)
    rows = drawn[[columns.USER, columns.ITEM, columns.REVIEW_TIME]].itertuples(index=False)
    store.append(
        [
            Event(user, item, 1 + number % 4, int(time.value // 1_000))
            for number, (user, item, time) in enumerate(rows)
        ]
    )
    store.forget(before[columns.USER].mode()[0])
    for config, words in ((by_pandas, ()), (by_ray, ON_RAY)):
        assert run_stage(config, "clean", "--reviews", str(reviews), "--events", *words) == 0
    return by_pandas, by_ray


def test_events_are_taken_in_and_forgotten_users_left_out_alike(
    cleaned: tuple[Config, Config], with_events: tuple[Config, Config]
) -> None:
    expected, found = (artifact_paths(config).clean for config in with_events)
    rows = read_clean(expected)
    pd.testing.assert_frame_equal(read_clean(found), rows)
    assert set(rows[columns.KIND].dropna()) == {"purchase", "view", "hide", "remove"}
    forgotten = read_clean(artifact_paths(cleaned[0]).clean)[columns.USER].mode()[0]
    assert forgotten not in set(rows[columns.USER])
    last_event = read_note(expected, EVENTS_THROUGH)
    assert last_event is not None
    assert read_note(found, EVENTS_THROUGH) == last_event


def test_vectors_and_tables_of_reviews_with_events_are_the_same(
    with_events: tuple[Config, Config], tmp_path: Path
) -> None:
    from pipeline.distributed.embed import embed as embed_on_ray
    from pipeline.distributed.training_tables import read_tables, write_tables
    from pipeline.embed.stage import embed

    by_pandas, by_ray = with_events
    embed(CountingEncoder(), by_pandas, Console(quiet=True))
    embed_on_ray(CountingEncoder(), by_ray, Console(quiet=True))
    expected, found = (artifact_paths(config) for config in with_events)
    for name in ("item_price", "user_item", "user_review"):
        refuse_other_vectors(found, expected, name)
    names = pd.Index(read_embeddings(expected.item_desc, columns.ITEM).names)
    write_tables(found.clean, names, tmp_path, Console(quiet=True))
    refuse_other_tables(read_tables(tmp_path, names), data.read_tables(expected.clean, names))


@pytest.mark.parametrize("name", ["item_desc", "item_price", "user_item", "user_review"])
def test_vectors_are_the_same(embedded: tuple[Config, Config], name: str) -> None:
    expected, found = (artifact_paths(config) for config in embedded)
    refuse_other_vectors(found, expected, name)


def test_a_killed_worker_changes_nothing(
    cleaned: tuple[Config, Config], reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.distributed import clean

    died, again = tmp_path / "died", tmp_path / "clean_df.pq"
    dying = partial(die_once, died, clean._unify_bucket)
    monkeypatch.setattr(clean, "_unify_bucket", dying)
    report = clean.clean_reviews(reviews, again, Keys())
    assert died.exists()
    pd.testing.assert_frame_equal(read_clean(again), read_clean(artifact_paths(cleaned[0]).clean))
    assert report.n_rows_kept == len(read_clean(again))


def test_a_failed_run_leaves_the_old_table(
    cleaned: tuple[Config, Config], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, nothing = cleaned[1], tmp_path / "no_rating.csv"
    nothing.write_text("userName,itemName,reviewTime\nAnn,Tea,2020-01-01\n")
    before = read_clean(artifact_paths(config).clean)
    assert run_stage(config, "clean", "--reviews", str(nothing), *ON_RAY) == 2
    assert "lacks the column rating" in capsys.readouterr().err
    pd.testing.assert_frame_equal(read_clean(artifact_paths(config).clean), before)
    assert [each.name for each in config.data_path.iterdir()] == ["clean_df.pq"]


@pytest.fixture(scope="module")
def trained(embedded: tuple[Config, Config]) -> tuple[Config, Config]:
    """The same with a model."""
    by_pandas, by_ray = embedded
    assert run_stage(by_pandas, "train", "--seed", "3") == 0
    assert run_stage(by_ray, "train", "--seed", "3", *ON_RAY) == 0
    return by_pandas, by_ray


def test_item_similarities_and_columns_are_the_same(trained: tuple[Config, Config]) -> None:
    for name in ("item_affinity", "item_price"):
        expected, found = (
            pd.read_parquet(getattr(artifact_paths(config), name)) for config in trained
        )
        pd.testing.assert_frame_equal(found, expected, atol=1e-6, rtol=1e-6)


def test_the_same_seed_gives_the_same_model(trained: tuple[Config, Config]) -> None:
    import keras

    expected, found = (
        keras.models.load_model(artifact_paths(config).model).get_weights() for config in trained
    )
    for theirs, ours in zip(expected, found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_the_lists_of_all_users_are_the_same(
    trained: tuple[Config, Config], tmp_path: Path
) -> None:
    outputs = [tmp_path / name for name in ("pandas.parquet", "ray.parquet")]
    for config, output, engine in zip(trained, outputs, ((), ON_RAY), strict=True):
        open_store_here(config).ensure(lambda _: None)
        assert run_stage(config, "recommend", "--out", str(output), "--n", "7", *engine) == 0
    expected, found = map(pd.read_parquet, outputs)
    assert outputs[1].is_dir()
    pd.testing.assert_frame_equal(found, expected, atol=1e-6, rtol=1e-6)


def test_texts_are_grouped_where_no_user_of_some_buckets_wrote_any(
    cluster: None, tmp_path: Path
) -> None:
    from pipeline.distributed.parts import write_part
    from pipeline.distributed.texts import ITEM, USER, group_texts, text_table

    n_texts, nobody = 10_000, np.arange(0)  # the shuffle takes fewer rows for one block
    folders = [tmp_path / "items", tmp_path / "users"]
    for folder in folders:
        folder.mkdir()
    places = np.arange(n_texts)
    texts = [f"text {place}" for place in places]
    write_part(text_table(ITEM, 0, places, 0 * places, texts), folders[0], 0)
    for bucket in range(7):
        write_part(text_table(USER, bucket, nobody, nobody, []), folders[1], bucket)
    groups = group_texts(folders, n_texts, tmp_path / "groups")
    found = pd.concat([pd.read_parquet(group) for group in groups])
    assert sorted(found["text"]) == sorted(texts)


def test_what_training_reads_of_the_whole_sample_is_the_same(cluster: None, tmp_path: Path) -> None:
    from pipeline.distributed.training_tables import read_tables, write_tables

    names = pd.Index(read_embeddings(BUNDLED.item_desc, columns.ITEM).names)
    write_tables(BUNDLED.clean, names, tmp_path, Console(quiet=True))
    refuse_other_tables(read_tables(tmp_path, names), data.read_tables(BUNDLED.clean, names))


@pytest.mark.parametrize("kind", ["words", "vectors"])
def test_the_nearest_items_of_the_whole_sample_are_the_same(
    cluster: None, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.distributed.train import across_workers

    items = read_embeddings(BUNDLED.item_desc, columns.ITEM)
    similarity: Product | Cosines = vector_similarity(items.vectors)
    if kind == "words":
        names = pd.Index(items.names)
        similarity = word_similarity(data.read_tables(BUNDLED.clean, names).texts.tolist())
    monkeypatch.setattr(nearest, "_BLOCK_ENTRIES", 200 * len(items.names))
    expected = nearest.nearest(similarity)
    spans = list(nearest.blocks(len(items.names)))
    found = nearest.joined(list(across_workers(similarity, nearest.NEIGHBORS, spans)))
    for theirs, ours in zip(expected, found, strict=True):
        np.testing.assert_array_equal(ours, theirs)

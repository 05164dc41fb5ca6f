from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.replicas.object_server import ObjectServer
from config import Config
from storage.artifacts import ArtifactError
from storage.remote.artifacts import fetch_artifacts
from storage.remote.object_store import Listed, ObjectStore
from storage.snapshot_folder import SnapshotFolder
from storage.sources import artifact_paths, required_data_files
from tests.support.building import open_store_here

pytestmark = pytest.mark.scale

FILES = {
    "data/clean_df.pq": b"reviews",
    "data/amazon_reviews.csv": b"raw",
    "embeddings/item_desc_emb_df.pq/part-0.parquet": b"first part",
    "embeddings/item_desc_emb_df.pq/part-1.parquet": b"second part",
    "models/best_model.keras": b"model",
}


@pytest.fixture(params=["s3", "file"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """Settings whose three folders are URLs of the files above."""
    if request.param == "file":
        urls = {
            name: (tmp_path / "store" / name).as_uri() for name in ("data", "embeddings", "models")
        }
    else:
        server: ObjectServer = request.getfixturevalue("server")
        urls = {
            name: server.url(f"{tmp_path.name}/{name}") for name in ("data", "embeddings", "models")
        }
    config = Config.from_environment(
        {
            "DATA_PATH": urls["data"],
            "EMBEDDINGS_PATH": urls["embeddings"],
            "MODEL_PATH": urls["models"],
            "SNAPSHOT_PATH": str(tmp_path / "snapshots"),
        }
    )
    for path, content in FILES.items():
        put(config, path, content)
    return config


def store_of(config: Config, path: str) -> tuple[ObjectStore, str]:
    name, _, key = path.partition("/")
    folder = {
        "data": config.data_path,
        "embeddings": config.embeddings_path,
        "models": config.model_path,
    }[name]
    return ObjectStore(config.remotes[folder]), key


def put(config: Config, path: str, content: bytes) -> None:
    store, key = store_of(config, path)
    store.upload(key, content)


def fetch(config: Config) -> list[str]:
    """Fetch, and return the names of what was fetched."""
    said: list[str] = []
    fetch_artifacts(config, said.append)
    return sorted(sentence.split()[1] for sentence in said)


def test_artifacts_are_fetched_by_name_and_nothing_else_is(config: Config) -> None:
    assert fetch(config) == [
        "best_model.keras",
        "clean_df.pq",
        "item_desc_emb_df.pq/part-0.parquet",
        "item_desc_emb_df.pq/part-1.parquet",
    ]
    assert (config.data_path / "clean_df.pq").read_bytes() == b"reviews"
    parts = config.embeddings_path / "item_desc_emb_df.pq"
    assert (parts / "part-1.parquet").read_bytes() == b"second part"
    assert not (config.data_path / "amazon_reviews.csv").exists()


def test_only_what_has_changed_is_fetched_again(config: Config) -> None:
    fetch(config)
    assert fetch(config) == []
    put(config, "models/best_model.keras", b"newer")
    assert fetch(config) == ["best_model.keras"]
    assert (config.model_path / "best_model.keras").read_bytes() == b"newer"


def test_what_is_removed_or_becomes_one_file_is_so_here_too(config: Config) -> None:
    fetch(config)
    for path in list(FILES):
        if path.startswith(("embeddings", "models")):
            store, key = store_of(config, path)
            store.delete([key])
    put(config, "embeddings/item_desc_emb_df.pq", b"whole")
    assert fetch(config) == ["item_desc_emb_df.pq"]
    assert (config.embeddings_path / "item_desc_emb_df.pq").read_bytes() == b"whole"
    assert not (config.model_path / "best_model.keras").exists()


def test_files_that_change_while_they_are_fetched_are_refused(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, n_calls = ObjectStore.head, 0

    def changing(self: ObjectStore, key: str) -> Listed | None:
        nonlocal n_calls
        n_calls += key == "clean_df.pq"
        if key == "clean_df.pq" and n_calls == 2:
            put(config, "data/clean_df.pq", b"newer reviews")
        return head(self, key)

    monkeypatch.setattr(ObjectStore, "head", changing)
    with pytest.raises(ArtifactError, match="changed while they were fetched"):
        fetch_artifacts(config, lambda _: None)


def test_urls_survive_the_way_through_the_environment_of_a_child(config: Config) -> None:
    assert Config.from_environment(config.as_environment()) == config
    assert "secret" not in repr(config)


def put_in_parts(config: Config, name: str, path: Path, folder: Path) -> None:
    """Put the first rows of a table and the others into the store, as two parts of it."""
    table = pq.read_table(path)
    for number, rows in enumerate((table.slice(0, 7), table.slice(7))):
        pq.write_table(rows, folder / "part.parquet")
        put(config, f"{name}/part-{number}.parquet", (folder / "part.parquet").read_bytes())


def arrays_in_service(config: Config) -> dict[str, bytes]:
    folder = SnapshotFolder(config.snapshot_path)
    pointer = folder.pointer.read()
    assert pointer is not None
    generation = folder.generation(pointer.generation)
    found = {str(path.relative_to(generation)): path for path in generation.rglob("*.npy")}
    return {name: path.read_bytes() for name, path in found.items()}


def test_parts_in_a_store_become_the_arrays_that_single_files_become(
    config: Config, published: Config, tmp_path: Path
) -> None:
    here = artifact_paths(published)
    store, key = store_of(config, "data/clean_df.pq")
    store.delete([key])
    for path in required_data_files(here):
        put_in_parts(config, f"{path.parent.name}/{path.name}", path, tmp_path)
    put(config, "models/best_model.keras", here.model.read_bytes())
    open_store_here(config).ensure(lambda _: None)
    assert (config.data_path / "clean_df.pq").is_dir()
    found, expected = arrays_in_service(config), arrays_in_service(published)
    assert "model/item_half.npy" in expected
    assert found == expected

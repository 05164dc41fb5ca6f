from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.replicas.object_server import SECRET_KEY, ObjectServer
from storage.remote.client import StoreError
from storage.remote.object_store import ObjectMovedError, ObjectStore

pytestmark = pytest.mark.scale


@pytest.fixture(params=["s3", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store of each kind that can be run here."""
    if request.param == "file":
        return ObjectStore((tmp_path / "store").as_uri())
    server: ObjectServer = request.getfixturevalue("server")
    return ObjectStore(server.url(tmp_path.name))


def test_an_object_is_replaced_only_in_the_version_that_was_seen(store: ObjectStore) -> None:
    first = store.replace("current", b"one", None)
    second = store.replace("current", b"two", first)
    for expected in (None, first):
        with pytest.raises(ObjectMovedError):
            store.replace("current", b"three", expected)
    found = store.read("current")
    assert found is not None
    assert (found.content, found.version) == (b"two", second)


def test_of_many_writers_at_once_one_wins(store: ObjectStore) -> None:
    version = store.replace("current", b"before", None)

    def write(number: int) -> bool:
        try:
            store.replace("current", f"writer {number}".encode(), version)
        except ObjectMovedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    found = store.read("current")
    assert found is not None
    assert won.count(True) == 1
    assert found.content == f"writer {won.index(True)}".encode()


def test_an_object_that_has_not_changed_is_not_sent_again(store: ObjectStore) -> None:
    version = store.replace("current", b"one", None)
    assert store.read("current", unless=version) is None
    store.replace("current", b"two", version)
    assert store.read("current", unless=version) is not None


def test_an_object_of_many_parts_comes_back_as_it_went(store: ObjectStore, tmp_path: Path) -> None:
    content = bytes(range(256)) * 2**17  # 32 MiB: four parts
    (tmp_path / "large").write_bytes(content)
    store.upload("folder/large", tmp_path / "large")
    assert b"".join(store.download("folder/large", len(content))) == content
    [listed] = store.list("folder")
    assert (listed.key, listed.n_bytes) == ("folder/large", len(content))
    store.delete(["folder/large"])
    assert store.list("folder") == []
    assert store.head("folder/large") is None


def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.read("nothing")


def test_a_store_that_never_answers_costs_seconds_and_no_more() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        store = ObjectStore(
            f"s3://shop/x?endpoint=http://127.0.0.1:{port}&access_key_id=a&secret_access_key=b"
        )
        started = time.monotonic()
        with pytest.raises(StoreError, match=r"^s3://shop/x can't be used"):
            store.read("current")
        assert time.monotonic() - started < 20


def test_no_secret_is_in_a_message(server: ObjectServer) -> None:
    wrong = server.url("x").replace(SECRET_KEY, "another-s3cret")
    with pytest.raises(StoreError) as refused:
        ObjectStore(wrong).read("current")
    with pytest.raises(StoreError) as unknown:
        ObjectStore(server.url("x") + "&nonsense=s3cret")
    for caught in (refused, unknown):
        assert "s3cret" not in str(caught.value)

"""What the client of each cloud does, with a server over plain HTTP that knows no conditions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from storage.remote.client import StoreError
from storage.remote.object_store import ObjectStore

pytestmark = pytest.mark.scale
pytest.importorskip("obstore")

ENDPOINTS = {"s3": "AWS_ENDPOINT_URL", "gs": "GOOGLE_BASE_URL", "az": "AZURE_STORAGE_ENDPOINT"}
OPTIONS = {"s3": "endpoint", "gs": "base_url", "az": "endpoint"}
OBJECT = b"one"


class _Careless(BaseHTTPRequestHandler):
    """Sends one object whatever the condition, and has no bucket to write to."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Fri, 27 Nov 2026 07:15:07 GMT")
        self.send_header("Content-Length", str(len(OBJECT)))
        self.end_headers()
        self.wfile.write(OBJECT)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Careless)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=list(ENDPOINTS))
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kind of store, with the name of an account for the one that needs it."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "shop")
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "token")
    for variable in ("AWS_SKIP_SIGNATURE", "GOOGLE_SKIP_SIGNATURE", "AZURE_SKIP_SIGNATURE"):
        monkeypatch.setenv(variable, "true")
    return str(request.param)


def test_plain_http_is_spoken_where_the_url_says_so(kind: str, endpoint: str) -> None:
    store = ObjectStore(f"{kind}://shop/x?{OPTIONS[kind]}={endpoint}")
    found = store.read("current")
    assert found is not None
    assert found.content == OBJECT


def test_plain_http_is_spoken_where_a_variable_says_so(
    kind: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINTS[kind], endpoint)
    found = ObjectStore(f"{kind}://shop/x").read("current")
    assert found is not None
    assert found.content == OBJECT


def test_what_is_sent_again_against_its_condition_has_not_changed(kind: str, endpoint: str) -> None:
    store = ObjectStore(f"{kind}://shop/x?{OPTIONS[kind]}={endpoint}")
    found = store.read("current")
    assert found is not None
    assert store.read("current", unless=found.version) is None
    assert store.read("current", unless={"e_tag": '"0"'}) is not None


def test_a_missing_bucket_is_named_and_nobody_else_is_blamed(
    kind: str, endpoint: str, tmp_path: Path
) -> None:
    store = ObjectStore(f"{kind}://shop/x?{OPTIONS[kind]}={endpoint}")
    (tmp_path / "file").write_bytes(OBJECT)
    expected = rf"^{kind}://shop/x can't be used: there is no such bucket or container"
    with pytest.raises(StoreError, match=expected):
        store.upload("file", tmp_path / "file")
    with pytest.raises(StoreError, match=expected):
        store.replace("current", OBJECT, None)

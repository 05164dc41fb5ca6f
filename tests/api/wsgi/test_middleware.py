"""What every request and response gets, on the fast path and through Flask."""

from __future__ import annotations

import json
import logging

import pytest
from flask.testing import FlaskClient

from api.wsgi.middleware import REQUEST_ID_HEADER
from app import create_app
from classes.recommender import Recommender
from classes.snapshot_store import SnapshotStore
from config import Config
from tests.support.problem import assert_problem
from tests.support.recording_store import RecordingStore

FAST, SLOW = "/recommendations?users=zoe", "/check_users?users=zoe"
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def client_with(store: SnapshotStore, **settings: object) -> FlaskClient:
    return create_app(Config(**settings), RecordingStore(store.current())).test_client()  # type: ignore[arg-type]


@pytest.mark.parametrize("path", [FAST, SLOW, "/nothing"])
def test_every_answer_has_an_id_of_its_own(client: FlaskClient, path: str) -> None:
    ids = [client.get(path).headers[REQUEST_ID_HEADER] for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(each.isalnum() for each in ids)


@pytest.mark.parametrize("path", [FAST, SLOW, "/nothing"])
@pytest.mark.parametrize("sent", ["a", "3f1c-77", "Root=1-67891233-abcdef", "x" * 128])
def test_a_sane_id_of_the_caller_is_kept(client: FlaskClient, path: str, sent: str) -> None:
    assert client.get(path, headers={REQUEST_ID_HEADER: sent}).headers[REQUEST_ID_HEADER] == sent


@pytest.mark.parametrize("sent", ["", " ", "a b", "x" * 129, '{"a":1}', "é", "<b>", "a,b"])
def test_any_other_id_is_replaced(client: FlaskClient, sent: str) -> None:
    answer = client.get(FAST, headers={REQUEST_ID_HEADER: sent})
    assert answer.headers[REQUEST_ID_HEADER] not in ("", sent)


@pytest.mark.parametrize("path", [FAST, SLOW, "/nothing", "/", "/metrics", "/health/live"])
def test_every_answer_has_the_headers_that_keep_browsers_careful(
    client: FlaskClient, path: str
) -> None:
    headers = client.get(path).headers
    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert headers.get_all("Referrer-Policy") == ["no-referrer"]
    assert headers.get_all("Cache-Control") == ["no-store"]
    assert "Access-Control-Allow-Origin" not in headers
    if headers["Content-Type"].startswith("text/html"):
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", [FAST, SLOW])
def test_a_client_over_its_rate_is_told_when_to_try_again(store: SnapshotStore, path: str) -> None:
    client = client_with(store, rate_limit="3/minute")
    statuses = [client.get(path).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    answer = client.get(path)
    assert_problem(answer, 429, "Too many requests", "20 s")
    assert answer.headers["Retry-After"] == "20"
    assert answer.headers[REQUEST_ID_HEADER]
    assert client.get(path, environ_base=ELSEWHERE).status_code == 200


def test_the_rate_is_one_for_all_paths_but_probes(store: SnapshotStore) -> None:
    client = client_with(store, rate_limit="2/hour")
    assert [client.get(path).status_code for path in (FAST, SLOW, FAST)] == [200, 200, 429]
    probes = ["/health/live", "/health/ready", "/metrics"] * 3
    assert {client.get(path).status_code for path in probes} == {200}


def test_refused_requests_are_counted(store: SnapshotStore) -> None:
    client = client_with(store, rate_limit="1/hour")
    for _ in range(3):
        client.get(FAST)
    text = client.get("/metrics").text
    assert 'requests_total{method="GET",route="unmatched",status="429"} 2.0' in text


@pytest.mark.parametrize("path", [FAST, SLOW])
def test_pages_of_configured_origins_may_read_and_no_others(
    store: SnapshotStore, path: str
) -> None:
    client = client_with(store, cors_origins="https://shop.example, https://other.example/")
    for origin in ("https://shop.example", "https://other.example"):
        headers = client.get(path, headers={"Origin": origin}).headers
        assert headers["Access-Control-Allow-Origin"] == origin
        assert "X-Generation" in headers["Access-Control-Expose-Headers"]
    for origin in ("https://evil.example", "null", ""):
        headers = client.get(path, headers={"Origin": origin}).headers
        assert "Access-Control-Allow-Origin" not in headers
        assert headers["Vary"] == "Origin"


def test_a_preflight_is_answered_but_never_allows_the_token(store: SnapshotStore) -> None:
    client = client_with(store, cors_origins="*")
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    answer = client.options("/recommendations", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert "authorization" not in answer.headers["Access-Control-Allow-Headers"].lower()


def answered(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [each.__dict__ for each in caplog.records if each.name == "api.wsgi.middleware"]


def test_only_slow_requests_are_logged_by_default(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.get(FAST)
    client.get(SLOW)
    assert answered(caplog) == []


def test_every_request_can_be_logged(
    store: SnapshotStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = client_with(store, log_slow_ms=0)
    client.get(FAST)
    client.get("/nothing/here?users=zoe")
    client.post("/reload")
    found = [(each["method"], each["route"], each["status"]) for each in answered(caplog)]
    assert found == [
        ("GET", "/recommendations", 200),
        ("GET", "unmatched", 404),
        ("POST", "/reload", 200),
    ]
    assert all(each["ms"] >= 0 for each in answered(caplog))  # type: ignore[operator]


def test_neither_names_nor_token_reach_the_log(
    store: SnapshotStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_with(store, log_slow_ms=0, admin_token="s3cret-token")
    client.get("/recommendations?users=kelly+sullivan,zoe")
    client.get("/check_users?users=kelly+sullivan")
    client.get("/kelly%20sullivan")
    for token in ("s3cret-token", "s3cret-wrong"):
        client.post("/reload", headers={"Authorization": f"Bearer {token}"})
    monkeypatch.setattr(Recommender, "recommend", lambda *args, **kwargs: 1 / 0)
    assert client.get("/recommendations?users=kelly+sullivan").status_code == 500
    written = json.dumps([[each.getMessage(), str(each.__dict__)] for each in caplog.records])
    assert "ZeroDivisionError" in written
    for secret in ("s3cret", "kelly", "sullivan", "zoe"):
        assert secret not in written.lower()

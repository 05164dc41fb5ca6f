from __future__ import annotations

import json
import logging

import pytest
from flask.testing import FlaskClient

from app import create_app
from classes.errors import (
    NoSnapshotError,
    NothingToRollBackError,
    ReloadBusyError,
    ReloadConflictError,
    ReloadFailedError,
    ReloadRefusedError,
    ServiceError,
)
from classes.snapshot_store import SnapshotStore
from config import Config
from tests.support.problem import assert_problem
from tests.support.recording_store import RecordingStore

PATHS = ("/reload_data", "/reload_model", "/reload", "/rollback")
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}
TOKEN = "s3cret-tökén"


@pytest.fixture
def recording(store: SnapshotStore) -> RecordingStore:
    return RecordingStore(store.current())


@pytest.fixture
def client(recording: RecordingStore) -> FlaskClient:
    return create_app(Config(), recording).test_client()


@pytest.fixture
def guarded(recording: RecordingStore) -> FlaskClient:
    return create_app(Config(admin_token=TOKEN), recording).test_client()


@pytest.mark.parametrize(
    ("path", "call", "status"),
    [
        ("/reload_data", {"data": True, "model": False}, "Data reloaded successfully."),
        ("/reload_model", {"data": False, "model": True}, "Model reloaded successfully."),
    ],
)
def test_reload_data_and_reload_model_answer_exactly_as_agreed(
    client: FlaskClient, recording: RecordingStore, path: str, call: object, status: str
) -> None:
    answer = client.post(path)
    assert answer.status_code == 200
    assert json.loads(answer.data) == {"status": status}
    assert recording.calls == [call]


@pytest.mark.parametrize(
    ("path", "call", "status"),
    [
        ("/reload", {"data": True, "model": True}, "Data and model reloaded successfully."),
        ("/rollback", "rollback", "Rolled back successfully."),
    ],
)
def test_reload_of_both_and_rollback_also_name_the_generation(
    client: FlaskClient, recording: RecordingStore, path: str, call: object, status: str
) -> None:
    answer = client.post(path)
    generation = recording.current().generation
    assert json.loads(answer.data) == {"status": status, "generation": generation}
    assert recording.calls == [call]


@pytest.mark.parametrize("path", PATHS)
def test_every_change_names_the_new_generation_in_its_header(
    client: FlaskClient, recording: RecordingStore, path: str
) -> None:
    assert client.post(path).headers["X-Generation"] == recording.current().generation


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ReloadRefusedError("item_price_df.pq is missing."), 422),
        (ReloadConflictError("The model takes 8 columns, the data has 9."), 409),
        (ReloadFailedError("No space left."), 503),
        (NothingToRollBackError("There is no earlier generation."), 409),
        (NoSnapshotError("Nothing is published."), 503),
    ],
)
def test_a_failed_reload_says_why_with_its_status(
    error: ServiceError, status: int, path: str
) -> None:
    client = create_app(Config(), RecordingStore(error=error)).test_client()
    assert_problem(client.post(path), status, str(error))


def test_a_second_reload_is_told_when_to_try_again() -> None:
    busy = RecordingStore(error=ReloadBusyError("Another reload is running.", retry_after_s=7))
    answer = create_app(Config(), busy).test_client().post("/reload_data")
    assert_problem(answer, 409, "Another reload is running.")
    assert answer.headers["Retry-After"] == "7"


def test_a_reload_is_logged_with_counts_and_duration_but_no_names(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.post("/reload_data")
    [record] = [each for each in caplog.records if each.name == "api.routes.reload"]
    assert "Loaded data in 0.0 s" in record.getMessage()
    assert "12 users, 20 items" in record.getMessage()


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_other_machines_are_refused_and_told_what_to_set(
    client: FlaskClient, recording: RecordingStore, path: str
) -> None:
    assert_problem(client.post(path, environ_base=ELSEWHERE), 403, "ADMIN_TOKEN")
    assert recording.calls == []


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_may_reload(client: FlaskClient, address: str) -> None:
    answer = client.post("/reload_data", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 200


@pytest.mark.parametrize("address", ["", "10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "localhost"])
def test_without_a_token_any_other_address_is_refused(client: FlaskClient, address: str) -> None:
    answer = client.post("/reload_data", environ_base={"REMOTE_ADDR": address})
    assert_problem(answer, 403)


def test_a_forwarded_address_is_never_believed(client: FlaskClient) -> None:
    headers = {"X-Forwarded-For": "127.0.0.1"}
    assert_problem(client.post("/reload", headers=headers, environ_base=ELSEWHERE), 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Origin": "https://example.com"},
    ],
)
def test_without_a_token_a_proxy_or_web_page_on_this_machine_is_refused(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert_problem(client.post("/reload", headers=headers), 403, "direct")


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "127.0.0.2:80"])
def test_without_a_token_this_machines_host_names_are_accepted(
    client: FlaskClient, host: str
) -> None:
    assert client.post("/reload", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["example.com", "localhost.example.com:8080", "[::1", "10.0.0.1"])
def test_without_a_token_a_foreign_host_name_is_refused(client: FlaskClient, host: str) -> None:
    assert_problem(client.post("/reload", headers={"Host": host}), 403, "direct")


@pytest.mark.parametrize("path", PATHS)
def test_with_a_token_its_holder_may_reload_from_anywhere(guarded: FlaskClient, path: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}".encode().decode("latin-1")}
    assert guarded.post(path, headers=headers, environ_base=ELSEWHERE).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("sent", [None, "", "Basic czpz", "Bearer", "Bearer ", "Bearer wrong"])
def test_with_a_token_everybody_else_is_refused_this_machine_too(
    guarded: FlaskClient, recording: RecordingStore, path: str, sent: str | None
) -> None:
    headers = {} if sent is None else {"Authorization": sent}
    answer = guarded.post(path, headers=headers)
    assert_problem(answer, 401, "ADMIN_TOKEN")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert TOKEN not in answer.text
    assert recording.calls == []


@pytest.mark.parametrize("path", PATHS)
def test_reload_endpoints_answer_to_post_only(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert_problem(answer, 405, "GET", "POST")
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_a_reload_takes_no_parameter_but_refresh(
    client: FlaskClient, recording: RecordingStore
) -> None:
    assert_problem(client.post("/reload_data?force=1"), 400, "'force'", "allowed: refresh")
    assert recording.calls == []


@pytest.mark.parametrize("body", [b"", b"{}", b" null "])
def test_an_empty_json_body_is_accepted(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/reload_data", data=body, content_type="application/json")
    assert answer.status_code == 200


def test_a_body_of_another_type_is_a_415(client: FlaskClient, recording: RecordingStore) -> None:
    answer = client.post("/reload_data", data={"data": "yes"})
    assert_problem(answer, 415, "application/x-www-form-urlencoded", "application/json")
    assert_problem(client.post("/reload_data", data=b"x"), 415)
    assert recording.calls == []


@pytest.mark.parametrize("body", [b'{"data": true}', b"{", b"[" * 10_000, b"\xff"])
def test_a_body_that_is_not_empty_is_a_400(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/reload_data", data=body, content_type="application/json")
    assert_problem(answer, 400, "body")


def test_a_body_too_large_is_a_413(client: FlaskClient, recording: RecordingStore) -> None:
    answer = client.post("/reload_data", data=b" " * 20_000, content_type="application/json")
    assert_problem(answer, 413)
    assert recording.calls == []

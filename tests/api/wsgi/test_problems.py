from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import ImATeapot

from app import create_app
from classes.errors import NoSnapshotError, ServiceError
from config import Config
from tests.support.problem import assert_problem
from tests.support.recording_store import RecordingStore

READING = ("/", "/recommendations?users=zoe", "/random_users", "/check_users?users=zoe")


@pytest.mark.parametrize("path", ["/nothing", "/recommendations/", "/static/x", "/a//b"])
def test_a_path_that_is_not_there_is_a_404_problem(client: FlaskClient, path: str) -> None:
    assert_problem(client.get(path), 404, "GET /")


@pytest.mark.parametrize("path", READING)
def test_a_wrong_method_is_a_405_problem_with_allow(client: FlaskClient, path: str) -> None:
    answer = client.delete(path)
    assert_problem(answer, 405, "DELETE")
    assert set(answer.headers["Allow"].split(", ")) - {"POST"} == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", READING)
def test_options_says_what_is_allowed(client: FlaskClient, path: str) -> None:
    answer = client.options(path)
    assert answer.status_code == 204
    assert answer.data == b""
    assert set(answer.headers["Allow"].split(", ")) - {"POST"} == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", READING)
def test_without_a_snapshot_everything_is_a_503_problem(path: str) -> None:
    empty = RecordingStore(error=NoSnapshotError("Nothing is published; POST /reload."))
    client = create_app(Config(), empty).test_client()
    assert_problem(client.get(path), 503, "POST /reload")


@pytest.mark.parametrize("path", READING)
def test_an_unexpected_error_is_a_500_problem_without_details_and_logged_with_them(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(RecordingStore):
        def current(self) -> None:
            raise RuntimeError("the secret reason")

    answer = create_app(Config(), Broken()).test_client().get(path)
    assert_problem(answer, 500, "log")
    assert "secret" not in answer.text
    [record] = caplog.records
    assert record.name == "api.wsgi.problems"
    assert "the secret reason" in str(record.exc_info)
    assert "zoe" not in record.getMessage()


def test_a_service_error_without_a_status_of_its_own_is_a_500_problem() -> None:
    store = RecordingStore(error=ServiceError("Something else."))
    client = create_app(Config(), store).test_client()
    assert_problem(client.get("/random_users"), 500, "Something else.")


def test_whatever_flask_refuses_is_a_problem_too() -> None:
    app = create_app(Config(), RecordingStore())

    @app.get("/teapot")
    def teapot() -> None:
        raise ImATeapot

    assert_problem(app.test_client().get("/teapot"), 418)


def test_no_answer_of_the_service_is_html_but_the_pages(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = client.open(
                rule.rule, method=method, environ_base={"REMOTE_ADDR": "192.0.2.1"}
            )
            assert answer.status_code < 500
            if (rule.rule, method) not in (("/", "GET"), ("/docs", "GET"), ("/console", "GET")):
                assert "html" not in answer.headers.get("Content-Type", "")

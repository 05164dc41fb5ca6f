"""The real server: processes and sockets, on the tiny artifacts."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import Config
from log_setup import LOG_FILE
from tests.support.artifacts import write_tiny_artifacts
from tests.support.process import Server, say_raw, serving, until
from tests.support.services import N_WORKERS, copy_of


@pytest.fixture(scope="module")
def server(published: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = copy_of(published, tmp_path_factory.mktemp("served"), max_users_per_request=50)
    with serving(config) as running:
        yield running


def generations(server: Server, n_requests: int = 40) -> set[str]:
    """Ask over many connections, so that every worker gets some."""
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: server.get("/recommendations?users=zoe"), range(n_requests))
        return {answer.headers["X-Generation"] for answer in answers}


def test_the_start_says_one_line_with_the_address_and_an_example_that_works(server: Server) -> None:
    [line] = [line for line in server.stderr().splitlines() if line.startswith("Ready at")]
    assert line.startswith(f"Ready at {server.url} ")
    example = line.partition("curl '")[2].rstrip("'")
    answer = server.get(example.removeprefix(server.url)).json()
    assert [len(items) for items in answer.values()] == [5]


def test_as_many_workers_as_set_answer(server: Server) -> None:
    until(lambda: len(server.workers()) == N_WORKERS)


def test_the_five_kinds_of_answers_come_over_the_wire(server: Server) -> None:
    [user] = server.get("/random_users").json()
    assert server.get("/check_users", params={"users": f"{user},zoe"}).json() == {
        user: True,
        "zoe": False,
    }
    answer = server.get("/recommendations", params={"users": f"{user},Zoë"})
    assert list(answer.json()) == [user, "Zoë"]
    assert server.get("/").headers["Content-Type"] == "text/html; charset=utf-8"
    assert server.get("/nothing").json()["status"] == 404


def test_workers_hold_no_tensorflow(server: Server) -> None:
    generations(server)
    for worker in server.workers():
        assert "tensorflow" not in Path(f"/proc/{worker}/maps").read_text()


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET /recommendations?users=%FF%00 HTTP/1.1", 200),
        ("GET /recommendations?users=%zz HTTP/1.1", 200),
        ("GET /recommendations HTTP/1.1", 400),
        ("GET /../etc/passwd HTTP/1.1", 404),
        ("GET /%2e%2e/etc/passwd HTTP/1.1", 404),
        ("BREW / HTTP/1.1", 405),
        ("TRACE /recommendations HTTP/1.1", 405),
        ("GET /recommendations?users=" + "x" * 60_001 + " HTTP/1.1", 414),
    ],
    ids=lambda each: str(each)[:40],
)
def test_odd_requests_get_json_with_the_right_status(
    server: Server, request_line: str, status: int
) -> None:
    head = f"{request_line}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    line, headers, body = say_raw(server, head.encode())
    assert line.split(" ")[1] == str(status)
    assert headers["content-type"].endswith("json")
    assert status == 200 or json.loads(body)["error"]


def test_head_over_the_wire_has_the_length_but_no_body(server: Server) -> None:
    request = b"HEAD /recommendations?users=zoe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    line, headers, body = say_raw(server, request)
    assert (line, body) == ("HTTP/1.1 200 OK", b"")
    assert int(headers["content-length"]) > 0


def test_a_body_of_megabytes_is_refused_and_the_server_goes_on(server: Server) -> None:
    answer = server.post(
        "/reload", data=b" " * 5_000_000, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert server.get("/random_users").status_code == 200


def test_a_reload_under_load_reaches_every_worker_fails_nobody_and_can_be_undone(
    published: Config, tmp_path: Path
) -> None:
    with serving(copy_of(published, tmp_path)) as server, ThreadPoolExecutor(2) as pool:
        [before] = generations(server)
        write_tiny_artifacts(tmp_path, seed=7, n_users=11)
        reload = pool.submit(server.post, "/reload")
        seen: dict[str, set[str]] = {}
        while not reload.done():
            answer = server.get("/recommendations?users=kelly+sullivan")
            assert answer.status_code == 200
            seen.setdefault(answer.headers["X-Generation"], set()).add(answer.text)
        after = reload.result().json()["generation"]
        assert before != after == reload.result().headers["X-Generation"]
        assert generations(server) == {after}
        assert set(seen) <= {before, after}
        assert all(len(answers) == 1 for answers in seen.values())
        assert len(server.get("/random_users?n=12").json()) == 11
        assert server.post("/rollback").json()["generation"] == before
        assert generations(server) == {before}


def test_of_two_reloads_at_once_only_the_first_succeeds(server: Server) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(server.post, ["/reload_data", "/reload_data"]))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert int(refused.headers["Retry-After"]) > 0
    assert "one runs at a time" in refused.json()["error"]


def test_a_failed_reload_says_why_and_leaves_everything_as_it_was(
    published: Config, tmp_path: Path
) -> None:
    config = copy_of(published, tmp_path)
    with serving(config) as server:
        before = generations(server)
        (config.embeddings_path / "item_price_df.pq").write_bytes(b"PAR1, and no more")
        answer = server.post("/reload_data")
        assert answer.status_code == 422
        assert "item_price_df.pq" in answer.json()["error"]
        assert generations(server) == before


def test_a_killed_worker_is_replaced(published: Config, tmp_path: Path) -> None:
    with serving(copy_of(published, tmp_path)) as server:
        before = server.workers()
        os.kill(before[0], signal.SIGKILL)
        until(lambda: len(set(server.workers()) - {before[0]}) == N_WORKERS)
        assert set(before[1:]) < set(server.workers())
        assert generations(server)


def test_every_line_of_a_server_that_logs_json_is_json(published: Config, tmp_path: Path) -> None:
    config = copy_of(published, tmp_path, log_format="json", log_slow_ms=0)
    with serving(config) as server:
        answer = server.get("/recommendations?users=kelly+sullivan")
        until(lambda: "100 %" in server.stderr())  # the top lists' own process logs too
        server.post("/reload_data")
        assert server.stop() == 0
    stderr = [json.loads(line) for line in server.stderr().splitlines()]
    file = [json.loads(line) for line in (config.log_path / LOG_FILE).read_text().splitlines()]
    ids = {each.get("request_id") for each in file if each["message"] == "answered"}
    assert answer.headers["X-Request-ID"] in ids
    assert {each["message"] for each in file} == {each["message"] for each in stderr}
    assert "kelly" not in server.stderr()


def test_the_log_file_is_set_aside_while_the_server_runs(published: Config, tmp_path: Path) -> None:
    config = copy_of(published, tmp_path, log_max_mb=1, log_slow_ms=0)
    with serving(config) as server:
        path = config.log_path / LOG_FILE
        with path.open("a") as file:
            file.write("x" * 1_000_000 + "\n")
        until(lambda: path.with_name(f"{LOG_FILE}.1").exists())
        generations(server)
        until(lambda: path.exists() and path.read_text().count(" answered ") >= 40)

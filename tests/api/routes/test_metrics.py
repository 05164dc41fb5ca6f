from __future__ import annotations

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from app import create_app
from classes.errors import NoSnapshotError, ReloadRefusedError
from classes.service_counters import ServiceCounters
from classes.snapshot_store import SnapshotStore
from config import Config
from processes.start_build import open_store
from tests.support.process import Server, serving, until
from tests.support.recording_store import RecordingStore
from tests.support.services import copy_of

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
N_WORKERS = 4


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found.get((f"recommender_{name}", frozenset(labels.items())), 0.0)


@pytest.fixture
def client(published: Config) -> FlaskClient:
    """An application with all counters at zero."""
    return create_app(published, open_store(published, ServiceCounters())).test_client()


def scrape(client: FlaskClient) -> Samples:
    return samples(client.get("/metrics").text)


def test_requests_are_counted_by_method_route_and_status(client: FlaskClient) -> None:
    for target in ("/recommendations?users=zoe", "/recommendations", "/check_users?users=a"):
        client.get(target)
    client.get("/check_users?users=b")
    client.get("/nothing/here")
    client.open("/check_users", method="BREW")
    client.head("/check_users?users=b")
    found = scrape(client)

    def requests(method: str, route: str, status: str) -> float:
        return value(found, "requests_total", method=method, route=route, status=status)

    assert requests("GET", "/recommendations", "200") == 1  # the fast path
    assert requests("GET", "/recommendations", "400") == 1  # through Flask
    assert requests("GET", "/check_users", "200") == 2
    assert requests("HEAD", "/check_users", "200") == 1
    assert requests("GET", "unmatched", "404") == 1
    assert requests("other", "unmatched", "405") == 1


def test_users_are_counted_by_where_their_items_came_from(client: FlaskClient) -> None:
    client.get("/recommendations?users=kelly+sullivan,zoe,amir+haddad,yan,yves")
    found = scrape(client)
    counted = {
        source: value(found, "users_scored_total", source=source)
        for source in ("personalised", "top_list", "cold_start")
    }
    assert counted == {"personalised": 2, "top_list": 0, "cold_start": 3}


def test_the_histogram_of_a_route_adds_up(client: FlaskClient) -> None:
    for _ in range(7):
        client.get("/recommendations?users=zoe")
    found = scrape(client)
    labels = {"method": "GET", "route": "/recommendations"}
    assert value(found, "request_seconds_count", **labels) == 7
    assert value(found, "request_seconds_bucket", **labels, le="+Inf") == 7
    ends = sorted(
        (float(dict(key)["le"]), number)
        for (name, key), number in found.items()
        if name == "recommender_request_seconds_bucket" and ("route", "/recommendations") in key
    )
    assert [number for _, number in ends] == sorted(number for _, number in ends)
    assert 0 < value(found, "request_seconds_sum", **labels) < 7 * 60


def test_the_snapshot_is_described(client: FlaskClient, store: SnapshotStore) -> None:
    found = scrape(client)
    snapshot = store.current()
    engine = snapshot.model.describe()
    assert value(found, "snapshot_loaded") == 1
    assert value(found, "generation_info", generation=snapshot.generation, engine=engine) == 1
    assert (value(found, "users"), value(found, "items")) == (12, 20)
    assert value(found, "build_seconds") > 0
    assert value(found, "top_lists_ratio") == 0


def test_without_a_snapshot_the_metrics_still_answer_and_say_so() -> None:
    empty = RecordingStore(error=NoSnapshotError("Nothing is published."))
    client = create_app(Config(), empty).test_client()
    assert value(scrape(client), "snapshot_loaded") == 0


def test_reloads_are_counted_by_what_and_how_they_ended(published: Config) -> None:
    def refuse_data(*_: object, data: bool, **__: object) -> None:
        if data:
            raise ReloadRefusedError("A file is missing.")

    store = SnapshotStore(published, ServiceCounters(), build=refuse_data)
    client = create_app(published, store).test_client()
    client.post("/reload_data")
    client.post("/reload")
    client.post("/reload_model")
    client.post("/rollback")
    found = scrape(client)
    assert value(found, "reloads_total", what="data", outcome="refused") == 1
    assert value(found, "reloads_total", what="data_and_model", outcome="refused") == 1
    assert value(found, "reloads_total", what="model", outcome="done") == 1
    assert value(found, "reloads_total", what="rollback", outcome="nothing") == 1


def test_both_text_formats_parse_and_follow_the_naming_rules(client: FlaskClient) -> None:
    client.get("/recommendations?users=zoe")
    client.post("/rollback")
    plain = client.get("/metrics")
    assert plain.content_type.startswith("text/plain; version=")
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    open_metrics = client.get("/metrics", headers=accept)
    assert open_metrics.content_type.startswith("application/openmetrics-text")
    assert list(parse_openmetrics(open_metrics.text))
    lint(plain.text)


def lint(text: str) -> None:
    """What `promtool check metrics` looks at: names, units, help, and no family twice."""
    families = list(parse(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert re.fullmatch(r"recommender_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        assert family.type in {"counter", "gauge", "histogram"}
        assert not family.name.endswith(("_count", "_sum", "_bucket", "_total"))
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples)
        if "second" in family.name:
            assert family.name.endswith("_seconds")


def test_the_sums_are_right_over_four_workers_one_of_them_killed_and_replaced(
    published: Config, tmp_path: Path
) -> None:
    config = copy_of(published, tmp_path, workers=N_WORKERS)
    with serving(config) as server:
        before = samples(server.get("/metrics").text)
        ask(server, 120)
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        # A process that is there has not yet started: the counter says when it has.
        until(lambda: starts(server) == N_WORKERS + 1)
        assert len(server.workers()) == N_WORKERS
        assert victim not in server.workers()
        ask(server, 80)
        scrapes = [samples(server.get("/metrics").text) for _ in range(12)]
    counted = [
        value(each, "requests_total", method="GET", route="/recommendations", status="200")
        - value(before, "requests_total", method="GET", route="/recommendations", status="200")
        for each in scrapes
    ]
    assert counted == [200] * 12  # whichever worker is asked
    assert value(scrapes[0], "users_scored_total", source="cold_start") == 200
    assert value(scrapes[0], "worker_starts_total") == N_WORKERS + 1
    labels = {"method": "GET", "route": "/recommendations"}
    assert value(scrapes[0], "request_seconds_count", **labels) == 200


def starts(server: Server) -> float:
    """Return the starts counted, or 0 if the request was waiting for the killed worker."""
    try:
        text = server.get("/metrics").text
    except requests.ConnectionError:
        return 0
    return value(samples(text), "worker_starts_total")


def ask(server: Server, n_requests: int) -> None:
    """Send each request on its own connection, so that every worker gets some."""
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: server.get("/recommendations?users=zoe"), range(n_requests))
        assert {answer.status_code for answer in answers} == {200}


def test_a_start_counts_from_zero(published: Config, tmp_path: Path) -> None:
    config = copy_of(published, tmp_path)
    for _ in range(2):
        with serving(config) as server:
            ask(server, 5)
            found = samples(server.get("/metrics").text)
            assert value(found, "users_scored_total", source="cold_start") == 5
            assert server.stop() == 0

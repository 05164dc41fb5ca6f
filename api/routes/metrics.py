"""GET /metrics: the counters of all workers together, for Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from api.contract.endpoint import ALWAYS, Endpoint, SuccessResponse
from api.contract.openapi import VERSION
from api.service import Service
from classes.errors import NoSnapshotError
from classes.publication.store_state import EVENTS_FILE, StoreState, StoreStateFile
from classes.service_counters import (
    BUCKETS_S,
    EVENTS,
    RELOADS,
    REQUESTS,
    SECONDS,
    STARTS,
    SUM,
    USERS,
)
from classes.snapshot_store import SnapshotStore
from storage.counters import Name
from storage.events.event import EventStoreError
from storage.events.store import EventStore

PREFIX: Final = "recommender"

logger = logging.getLogger(__name__)

_METRICS: Final = Endpoint(
    method="GET",
    path="/metrics",
    tag="operations",
    summary="The counters of all workers together, for Prometheus",
    description="In Prometheus' text format, or in OpenMetrics if the Accept header asks for it.",
    response=SuccessResponse("The metrics.", media_type="text/plain"),
    problems=ALWAYS,
)
_LOADED: Final = "1 while a snapshot is loaded."


def register(app: Flask, service: Service) -> None:
    """Add the route."""
    registry = CollectorRegistry()
    state_file = StoreStateFile(service.config.run_path) if service.config.snapshot_url else None
    run_path = service.config.run_path
    database_file = StoreStateFile(run_path, EVENTS_FILE) if service.config.events_url else None
    registry.register(_Metrics(service.store, state_file, database_file))

    @_METRICS.on(app)
    def metrics() -> Response:
        """Collect and encode the metrics."""
        _METRICS.query()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type)


class _Metrics(Collector):
    """Collects all metrics anew for each scrape."""

    def __init__(
        self,
        store: SnapshotStore,
        state_file: StoreStateFile | None,
        database_file: StoreStateFile | None,
    ) -> None:
        self._store = store
        self._database_file = database_file
        self._state_file = state_file

    def collect(self) -> Iterator[Metric]:
        """List the counters of all workers and the state of the current snapshot."""
        totals = self._store.counters.totals()
        yield InfoMetricFamily(f"{PREFIX}_build", "The program.", value={"version": VERSION})
        yield from _counted(totals)
        yield _latency(totals)
        yield from self._snapshot()
        yield from _stored_events(self._store.events)
        state = self._state_file.read() if self._state_file else None
        if state is not None:
            yield from _shared_store(state)
        database = self._database_file.read() if self._database_file else None
        if database is not None:
            yield from _database(database)

    def describe(self) -> Iterator[Metric]:
        """List nothing, since the metrics depend on what has been counted."""
        return iter(())

    def _snapshot(self) -> Iterator[Metric]:
        """Describe the current snapshot, or only that there is none."""
        try:
            snapshot = self._store.current()
        except NoSnapshotError:
            yield GaugeMetricFamily(f"{PREFIX}_snapshot_loaded", _LOADED, value=0)
            return
        yield GaugeMetricFamily(f"{PREFIX}_snapshot_loaded", _LOADED, value=1)
        yield InfoMetricFamily(
            f"{PREFIX}_generation",
            "The snapshot in service and the engine that scores.",
            value={"generation": snapshot.generation, "engine": snapshot.model.describe()},
        )
        about = snapshot.manifest
        for name, meaning, value in (
            ("users", "Known users.", snapshot.data.n_users),
            ("items", "Candidate items.", snapshot.data.n_items),
            (
                "top_lists_ratio",
                "Share of users whose list is precomputed.",
                snapshot.recommender.progress,
            ),
            ("build_seconds", "How long building the snapshot took.", about.get("build_seconds")),
            ("built_timestamp_seconds", "When it was built.", about.get("built_at")),
            ("data_read_timestamp_seconds", "When its data was read.", about.get("data_read_at")),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"{PREFIX}_{name}", meaning, value=value)


def _shared_store(state: StoreState) -> Iterator[Metric]:
    """Describe the object store that machines share."""
    for name, meaning, value in (
        ("up", "1 while the object store can be reached.", state.reachable),
        ("behind", "1 while it is known to have another generation.", state.behind),
        ("state_since_seconds", "Since when it can be reached, or can't.", state.since),
    ):
        yield GaugeMetricFamily(f"{PREFIX}_store_{name}", meaning, value=float(value))


def _database(state: StoreState) -> Iterator[Metric]:
    """Describe the database that machines share events through."""
    for name, meaning, value in (
        ("up", "1 while events of other machines are followed.", state.reachable),
        ("state_since_seconds", "Since when they are followed, or aren't.", state.since),
    ):
        yield GaugeMetricFamily(f"{PREFIX}_events_database_{name}", meaning, value=float(value))


def _stored_events(events: EventStore) -> Iterator[Metric]:
    """Describe the store of events, or only that it can't be read."""
    up, found = f"{PREFIX}_events_up", None
    try:
        found = events.n_events, events.last_seq
    except EventStoreError as error:
        logger.warning("%s", error)
    yield GaugeMetricFamily(up, "1 while the events can be read.", value=float(found is not None))
    if found is not None:
        yield GaugeMetricFamily(f"{PREFIX}_events_stored", "Events in the store.", value=found[0])
        yield GaugeMetricFamily(
            f"{PREFIX}_events_last_sequence", "Number of the last event here.", value=found[1]
        )


def _counted(totals: dict[Name, int]) -> Iterator[Metric]:
    """Convert the plain counters to metrics."""
    for kind, metric, meaning, labels in (
        (REQUESTS, "requests", "Requests answered.", ("method", "route", "status")),
        (USERS, "users_scored", "Users that items were recommended to.", ("source",)),
        (RELOADS, "reloads", "Reloads and rollbacks attempted.", ("what", "outcome")),
        (EVENTS, "events", "Events of requests, by what became of them.", ("outcome",)),
        (STARTS, "worker_starts", "Worker processes started.", ()),
    ):
        family = CounterMetricFamily(f"{PREFIX}_{metric}", meaning, labels=labels)
        for name, value in sorted(totals.items()):
            if name[0] == kind:
                family.add_metric(name[1:], value)
        yield family


def _latency(totals: dict[Name, int]) -> Metric:
    """Convert the count of each bucket to the running sums of a histogram."""
    family = HistogramMetricFamily(
        f"{PREFIX}_request_seconds",
        "Time from a request's arrival in the application to its complete response.",
        labels=("method", "route"),
    )
    histograms = {name[1:-1] for name in totals if name[0] == SECONDS}
    for labels in sorted(histograms):
        running, buckets = 0, []
        for end in (*map(str, BUCKETS_S), str(float("inf"))):
            running += totals.get((SECONDS, *labels, end), 0)
            buckets.append(("+Inf" if end == "inf" else end, running))
        seconds = totals.get((SECONDS, *labels, SUM), 0) / 1e9
        family.add_metric(labels, buckets, sum_value=seconds)
    return family

"""What the service counts about itself: requests, users scored, events, reloads, starts."""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from typing import Final, Literal

from storage.counters import Counters, Name

REQUESTS: Final = "requests"
SECONDS: Final = "seconds"
USERS: Final = "users"
RELOADS: Final = "reloads"
STARTS: Final = "starts"
EVENTS: Final = "events"

BUCKETS_S: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0),
)
"""Upper ends of the latency histogram's buckets in seconds; one more holds what is above."""

SUM: Final = "sum_ns"
_BUCKETS_NS: Final = tuple(round(end * 1e9) for end in BUCKETS_S)

ListSource = Literal["personalised", "top_list", "cold_start"]
"""Where a list comes from: scored now, looked up, or popularity where nothing is known."""

PERSONALIZED: Final = "personalised"
TOP_LIST: Final = "top_list"
COLD_START: Final = "cold_start"
SOURCES: Final[tuple[ListSource, ...]] = (PERSONALIZED, TOP_LIST, COLD_START)


class ServiceCounters:
    """Counts on the path of a request for less than a microsecond, across all workers."""

    def __init__(self, folder: Path | None = None) -> None:
        """Join the counters in `folder`; without one, count for this process alone."""
        self._counters = Counters(folder)
        self._lock = self._counters.lock
        self._values = self._counters.values
        self._of_request: dict[tuple[str, str, str], tuple[int, int]] = {}
        self._of_source = {each: self._counters.place((USERS, each)) for each in SOURCES}

    def count_start(self) -> None:
        """Count the start of a worker."""
        self._counters.add((STARTS,))

    def count_request(self, method: str, route: str, status: str, nanoseconds: int) -> None:
        """Count an answered request, and how long it took."""
        key = method, route, status
        places = self._of_request.get(key) or self._places_of_request(key)
        bucket = places[1] + 1 + bisect_left(_BUCKETS_NS, nanoseconds)
        with self._lock:
            self._values[places[0]] += 1
            self._values[places[1]] += nanoseconds
            self._values[bucket] += 1

    def count_list(self, source: ListSource) -> None:
        """Count a list by its source."""
        with self._lock:
            self._values[self._of_source[source]] += 1

    def count_reload(self, what: str, outcome: str) -> None:
        """Count a reload or rollback by how it ended."""
        self._counters.add((RELOADS, what, outcome))

    def count_events(self, outcome: str, n_events: int) -> None:
        """Count events of requests by what became of them: taken, repeated, refused or failed."""
        if n_events:
            self._counters.add((EVENTS, outcome), n_events)

    def totals(self) -> dict[Name, int]:
        """Return the sums over all workers since the service started."""
        return self._counters.totals()

    def _places_of_request(self, key: tuple[str, str, str]) -> tuple[int, int]:
        method, route, status = key
        histogram = [
            (SECONDS, method, route, end) for end in (SUM, *map(str, BUCKETS_S), str(float("inf")))
        ]
        places = (
            self._counters.place((REQUESTS, method, route, status)),
            self._counters.place(*histogram),
        )
        self._of_request[key] = places
        return places

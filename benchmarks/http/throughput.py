"""Requests a second and response times over HTTP, endpoints in turns on running services."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from urllib.parse import quote_plus

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.http.client import ask, get

N_CONNECTIONS = 8
SECONDS = 2.0


@dataclass
class Load:
    """How an endpoint did, turn by turn.

    Attributes:
        rates: Answers a second in each turn.
        seconds: Response times in each turn.
        client_share: Share of a core that the client itself took in each turn.
        n_failed: Answers other than 200 and 202.
    """

    rates: list[float] = field(default_factory=list)
    seconds: list[NDArray[np.float64]] = field(default_factory=list)
    client_share: list[float] = field(default_factory=list)
    n_failed: int = 0

    def percentile_ms(self, percent: float) -> float:
        """Percentile of the response times of all turns, in milliseconds."""
        return float(1e3 * np.percentile(np.concatenate(self.seconds), percent))


@dataclass(frozen=True)
class LoadTarget:
    """A key of the results, and the requests that are sent in turns."""

    name: str
    port: int
    requests: Sequence[bytes]


def recommendation_requests(users: Sequence[str]) -> list[bytes]:
    """Write one request for each user."""
    return [get(f"/recommendations?users={quote_plus(user)}") for user in users]


def load_in_turns(
    endpoints: Sequence[LoadTarget], n_turns: int, n_connections: int = N_CONNECTIONS
) -> dict[str, Load]:
    """Keep `n_connections` requests in flight to each endpoint, `SECONDS` long in each turn."""
    loads = {endpoint.name: Load() for endpoint in endpoints}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as client:
        what = f"{len(endpoints)} endpoints in turns, {n_connections} requests in flight"
        for turn in track(range(-1, n_turns), what):
            for endpoint in endpoints:
                asked: Future[tuple[NDArray[np.float64], float, float, int]] = client.submit(
                    _ask_for, endpoint.port, endpoint.requests, n_connections, SECONDS
                )
                times, elapsed, own, n_failed = asked.result()
                if turn >= 0:  # the first one warms up
                    load = loads[endpoint.name]
                    load.rates.append(len(times) / elapsed)
                    load.seconds.append(times)
                    load.client_share.append(own / elapsed)
                    load.n_failed += n_failed
    return loads


def _ask_for(
    port: int, requests: Sequence[bytes], n_connections: int, seconds: float
) -> tuple[NDArray[np.float64], float, float, int]:
    """Ask from the client's process.

    Returns:
        Response times and elapsed time, both in seconds, the client's own processor seconds,
        and how many answers failed.
    """
    started, own = time.monotonic_ns(), _own_seconds()
    end = started + int(seconds * 1e9)
    taken, n_failed = [], 0
    for answer in ask(port, requests, n_connections):
        taken.append(answer.ended - answer.begun)
        n_failed += not answer.raw.startswith(b"HTTP/1.1 20")
        if answer.ended > end:
            break
    elapsed = (answer.ended - started) / 1e9
    return np.array(taken) / 1e9, elapsed, _own_seconds() - own, n_failed


def _own_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

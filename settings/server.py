"""The address, the workers, and what they wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from settings.setting import Setting


@dataclass(frozen=True)
class ServerSettings:
    """The address, the workers, and what they wait for."""

    host: Annotated[str, Setting("HOST", "Address that the server listens on.")] = "127.0.0.1"
    port: Annotated[int, Setting("PORT", "Port that the server listens on.", 1, 65_535)] = 8080
    workers: Annotated[
        int, Setting("WORKERS", "Number of processes that answer requests.", 1, 256)
    ] = 2
    threads_per_worker: Annotated[
        int,
        Setting(
            "THREADS_PER_WORKER",
            "Requests that a worker handles at the same time; a reload occupies one of them.",
            2,
            256,
        ),
    ] = 2  # more only wait for each other's interpreter lock, measured
    shutdown_timeout_s: Annotated[
        int,
        Setting(
            "SHUTDOWN_TIMEOUT_S",
            "Seconds that requests in flight have to finish when the server is told to stop.",
            1,
            3_600,
        ),
    ] = 30
    drain_s: Annotated[
        int,
        Setting(
            "DRAIN_S",
            "Seconds that the server keeps answering when told to stop while `/health/ready` "
            "returns 503, so that load balancers stop sending requests.",
            0,
            3_600,
        ),
    ] = 0
    body_timeout_s: Annotated[
        int,
        Setting(
            "BODY_TIMEOUT_S",
            "Seconds within which a request body must arrive, and a large response be read.",
            1,
            3_600,
        ),
    ] = 30
    worker_timeout_s: Annotated[
        int,
        Setting(
            "WORKER_TIMEOUT_S",
            "Seconds without a sign of life after which a worker is replaced.",
            5,
            3_600,
        ),
    ] = 20

"""Requests that carry events, sent as fast as they are taken or at a steady rate."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final

import numpy as np

from recsys.kinds import KINDS, PURCHASE, VIEW

N_A_BATCH: Final = 100
_ACCEPTED: Final = 202
_TIMEOUT_S: Final = 120
_TIME: Final = "2024-05-01T09:30:00Z"


def batches(
    users: Sequence[str], items: Sequence[str], n_events: int, n_a_batch: int, seed: int = 0
) -> list[bytes]:
    """Write the bodies of requests with events: views and purchases of users and items at random."""
    rng = np.random.default_rng(seed)
    who, what = rng.integers(len(users), size=n_events), rng.integers(len(items), size=n_events)
    pairs = [(users[a], items[b]) for a, b in zip(who.tolist(), what.tolist(), strict=True)]
    return bodies_of(pairs, n_a_batch, seed)


def bodies_of(pairs: Sequence[tuple[str, str]], n_a_batch: int, seed: int = 0) -> list[bytes]:
    """Write the bodies of requests with a view or purchase for each pair of user and item."""
    kinds = np.random.default_rng(seed).choice([VIEW, PURCHASE], size=len(pairs)).tolist()
    events = [
        {"user": user, "item": item, "kind": KINDS[kind], "time": _TIME}
        for (user, item), kind in zip(pairs, kinds, strict=True)
    ]
    return [
        json.dumps({"events": events[start : start + n_a_batch]}).encode()
        for start in range(0, len(events), n_a_batch)
    ]


def as_request(body: bytes) -> bytes:
    """Write the whole request with a body."""
    head = (
        "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send_all(port: int, bodies: Sequence[bytes]) -> None:
    """Send one request after the other.

    Raises:
        RuntimeError: One was answered otherwise than by 202.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    for body in bodies:
        _send(connection, body)
    connection.close()


@contextmanager
def sending(port: int, bodies: Sequence[bytes], batches_per_s: float) -> Iterator[list[float]]:
    """Send requests in turns at a steady rate, from another process, until the block ends.

    Yields:
        An empty list, which in the end has the requests a second that were sent.
    """
    spawn = get_context("spawn")
    control, other = spawn.Pipe()
    sender = spawn.Process(target=_keep_sending, args=(port, bodies, batches_per_s, other))
    sender.start()
    control.recv()  # once it sends
    rates: list[float] = []
    try:
        yield rates
    finally:
        control.send("stop")
        rates.append(control.recv())
        sender.join()


def _keep_sending(
    port: int, bodies: Sequence[bytes], batches_per_s: float, control: Connection
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    _send(connection, bodies[0])
    control.send("sending")
    began, n_sent = time.monotonic(), 0
    while not control.poll(max(0.0, began + n_sent / batches_per_s - time.monotonic())):
        _send(connection, bodies[n_sent % len(bodies)])
        n_sent += 1
    control.send(n_sent / (time.monotonic() - began))


def _send(connection: http.client.HTTPConnection, body: bytes) -> None:
    connection.request("POST", "/events", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != _ACCEPTED:
        raise RuntimeError(f"{answer.status}: {content.decode()[:300]}")

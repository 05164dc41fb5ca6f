"""Reload again and again on one of several services that share a store, and judge every answer.

Each service is asked all the time. A reload goes to each of them in turn; the others have to
follow. What `reload_trial.judge` says of one service holds for each of them: no answer may
fail, differ from what its generation answers, or come from a generation that wasn't in service.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import requests

from benchmarks.http.reload_trial import Change, Load, Verdict, body_of, judge, reload
from benchmarks.replicas.object_server import ObjectServer

PAUSE_S: Final = 0.01
"""After an answer of each service; all of them, and the builds, share one machine here."""

FOLLOW_TIMEOUT_S: Final = 60
_LOOK_INTERVAL_S: Final = 0.02
_LONGEST_OUTAGE_S: Final = 60


@dataclass(frozen=True)
class Outage:
    """What was seen while the store was away.

    Attributes:
        seconds: How long it was.
        reload_status: Status of a reload meanwhile.
        said_so: Whether every service reported the store as unreachable, and stayed ready.
        recovered: Whether every service reported it as reachable afterwards.
    """

    seconds: float
    reload_status: int
    said_so: bool
    recovered: bool


@dataclass(frozen=True)
class Trial:
    """A series of reloads: a verdict on each service's answers, and figures.

    Attributes:
        verdicts: One for each service.
        reload_s: Seconds that each reload took.
        follow_s: Seconds from a reload's answer to the first answer of another service from the
            new generation, for each of the others.
        outage: What happened while the store was away.
    """

    verdicts: list[Verdict]
    reload_s: list[float]
    follow_s: list[float]
    outage: Outage


def run_trial(
    ports: Sequence[int],
    store: ObjectServer,
    place: Sequence[Callable[[], object]],
    paths: Sequence[str],
    order: Sequence[int],
    report: Callable[[int, float, float], None] = lambda _number, _seconds, _follow: None,
) -> Trial:
    """Reload under steady load on all services, each time on the next, with an outage halfway.

    Args:
        ports: Ports of the services.
        store: The store that they share.
        place: Functions, each of which puts its set of files where the services read them.
        paths: Paths to ask; the body of each must differ between the sets of files.
        order: Which set each reload takes, after each has been loaded once to learn its bodies.
        report: Called with the number of each reload, its seconds, and the others' most seconds.
    """
    known: dict[tuple[str, int], bytes] = {}
    for number, put in enumerate(place):
        put()
        port = ports[number % len(ports)]
        generation = reload(port).generation
        known |= {(generation, i): body_of(port, path) for i, path in enumerate(paths)}
    for port in ports:
        _first_answer_from(port, generation)
    changes: list[list[Change]] = [[Change(0, 0, generation)] for _ in ports]
    reload_s, follow_s = [], []
    outage = None
    with ExitStack() as held:
        loads = [held.enter_context(Load(port, paths, PAUSE_S)) for port in ports]
        for number, chosen in enumerate(order):
            if number == len(order) // 2:
                outage = _interrupt(store, ports)
            place[chosen]()
            done, followed = _reload_one(ports, number % len(ports), changes)
            reload_s.append((done.answered - done.asked) / 1e9)
            follow_s += followed
            report(number + 1, reload_s[-1], max(followed))
        watched = [load.end() for load in loads]
    verdicts = [judge(*each, known) for each in zip(watched, changes, strict=True)]
    return Trial(verdicts, reload_s, follow_s, outage or _interrupt(store, ports))


def _reload_one(
    ports: Sequence[int], which: int, changes: list[list[Change]]
) -> tuple[Change, list[float]]:
    """Reload on one service, wait until the others have followed, and note when each did."""
    others = [i for i in range(len(ports)) if i != which]
    done = reload(ports[which])
    changes[which].append(done)
    with ThreadPoolExecutor(len(others)) as pool:
        seen = list(pool.map(lambda i: _first_answer_from(ports[i], done.generation), others))
    for i, moment in zip(others, seen, strict=True):
        # The store's pointer moved before the answer, so the others may have been first.
        changes[i].append(Change(done.asked, max(moment, done.answered), done.generation))
    return done, [max(0.0, (moment - done.answered) / 1e9) for moment in seen]


def _first_answer_from(port: int, generation: str) -> int:
    """Ask until an answer comes from a generation; return when, in monotonic nanoseconds.

    Raises:
        TimeoutError: It didn't happen.
    """
    deadline = time.monotonic() + FOLLOW_TIMEOUT_S
    with requests.Session() as session:
        while time.monotonic() < deadline:
            answer = session.get(
                f"http://127.0.0.1:{port}/recommendations?users=nobody", timeout=30
            )
            moment = time.monotonic_ns()
            if answer.headers.get("X-Generation") == generation:
                return moment
            time.sleep(_LOOK_INTERVAL_S)
    raise TimeoutError(f"The service on port {port} has not followed to {generation}.")


def _interrupt(store: ObjectServer, ports: Sequence[int]) -> Outage:
    """Kill the store, look at what the services say, and start it again."""
    began = time.monotonic()
    store.kill()
    said_so = all(_comes_to_say(port, reachable=False) for port in ports)
    status = requests.post(f"http://127.0.0.1:{ports[0]}/reload", timeout=600).status_code
    store.start()
    seconds = time.monotonic() - began
    recovered = all(_comes_to_say(port, reachable=True) for port in ports)
    return Outage(seconds, status, said_so, recovered)


def _comes_to_say(port: int, *, reachable: bool) -> bool:
    """Wait until a service, ready all the time, says of the store whether it can be reached."""
    deadline = time.monotonic() + _LONGEST_OUTAGE_S
    while time.monotonic() < deadline:
        answer = requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=30)
        if not answer.ok:
            return False
        store: Any = answer.json()["store"]
        if store is not None and store["reachable"] is reachable:
            return True
        time.sleep(_LOOK_INTERVAL_S)
    return False

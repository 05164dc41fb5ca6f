"""Users who do something, and look at once whether it counts, on a worker drawn at random."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from threading import Event as Flag
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import numpy as np

from benchmarks.events.drawn import SECOND_US, as_sent
from benchmarks.events.workers import Workers
from recsys.kinds import HIDE, KINDS, PURCHASE, REMOVE, REVIEW, VIEW
from storage.events.event import Event

FIRST_TIME_US: Final = 1_700_000_000 * SECOND_US
"""After all reviews, so that events can be told from them by their times."""

N_LISTED: Final = 5
_FIRST_TIME: Final = "2023-11-14T22:13:20Z"
_SHARE_OF_KINDS: Final = {REVIEW: 0.2, PURCHASE: 0.25, VIEW: 0.2, HIDE: 0.2, REMOVE: 0.15}
_SHARE_SENT_TWICE: Final = 0.2
_ACCEPTED: Final = 202
_OK: Final = 200


class Done(NamedTuple):
    """What a user did, as `GET /users/{user}` lists it."""

    item: str
    kind: str
    rating: float | None
    time_s: int


@dataclass
class Findings:
    """What was looked at, and what was wrong.

    Attributes:
        n_events: Events that were taken.
        n_lists: Lists that were asked for right after an event.
        n_histories: Histories that were, too.
        n_wrong_lists: Lists with an item that the user had bought, reviewed or hidden.
        n_lost: Events that weren't in a history.
        n_twice: Entries of histories that the user never did, or not so often.
        n_failed: Requests that were answered otherwise than they should be.
        examples: What was answered to some of the wrong ones.
    """

    n_events: int = 0
    n_lists: int = 0
    n_histories: int = 0
    n_wrong_lists: int = 0
    n_lost: int = 0
    n_twice: int = 0
    n_failed: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all was wrong."""
        return not (self.n_wrong_lists or self.n_lost or self.n_twice or self.n_failed)

    def judge_history(self, expected: Sequence[Done], found: Sequence[Done]) -> None:
        """Compare what a user did with what is listed."""
        missing, surplus = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
        self.n_histories += 1
        self.n_lost += missing.total()
        self.n_twice += surplus.total()
        if missing or surplus:
            self.examples.append(f"missing {[*missing]}, surplus {[*surplus]}")

    def judge_list(self, gone: set[str], listed: Sequence[str]) -> None:
        """Look whether a list has items that it mustn't have."""
        self.n_lists += 1
        wrong = gone & set(listed)
        if wrong:
            self.n_wrong_lists += 1
            self.examples.append(f"listed {sorted(wrong)}")

    def add(self, other: Findings) -> None:
        """Add what somebody else found."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Shopper:
    """One user, who is nobody else's."""

    def __init__(self, name: str) -> None:
        """Begin with nothing done."""
        self.name = name
        self.done: list[Done] = []
        self._n_sent = 0

    @property
    def gone(self) -> set[str]:
        """Items that the user's lists mustn't have."""
        return {each.item for each in self.done if each.kind != KINDS[VIEW]}

    def next_event(self, listed: Sequence[str], rng: np.random.Generator) -> Event:
        """Draw what the user does next with one of the items of a list, or takes back."""
        kind = int(rng.choice([*_SHARE_OF_KINDS], p=[*_SHARE_OF_KINDS.values()]))
        if not self.done and kind == REMOVE:
            kind = PURCHASE
        earlier = [each.item for each in self.done]
        item = str(rng.choice(earlier if kind == REMOVE else listed[:N_LISTED]))
        value = float(rng.integers(1, 6)) if kind == REVIEW else None
        self._n_sent += 1
        time_us = FIRST_TIME_US + self._n_sent * SECOND_US
        return Event(self.name, item, kind, time_us, value, f"{self.name}, {self._n_sent}")

    def do(self, event: Event) -> None:
        """Note an event that was taken."""
        if event.kind == REMOVE:
            self.done = [each for each in self.done if each.item != event.item]
            return
        kind, second = KINDS[event.kind], event.time_us // SECOND_US
        self.done.append(Done(event.item, kind, event.value, second))


def shop(
    shoppers: Sequence[Shopper],
    workers: Workers,
    rng: np.random.Generator,
    stop: Flag,
    pause_s: float,
) -> Findings:
    """Let users do something in turns until `stop` is set, and look at what is answered."""
    client = _Client(workers, rng, Findings())
    for shopper in cycle(shoppers):
        _step(shopper, client)
        if stop.wait(pause_s):
            break
    return client.findings


def look(shoppers: Sequence[Shopper], workers: Workers, rng: np.random.Generator) -> Findings:
    """Ask every worker what all users have done."""
    client = _Client(workers, rng, Findings())
    for shopper in shoppers:
        for worker in range(len(workers)):
            client.look_at_history(shopper, worker)
    return client.findings


def _step(shopper: Shopper, client: _Client) -> None:
    listed = client.list_of(shopper)
    if not listed:
        return
    event = shopper.next_event(listed, client.rng)
    if not client.send(event, taken=1):
        return
    shopper.do(event)
    client.findings.n_events += 1
    client.list_of(shopper)
    if client.rng.random() < _SHARE_SENT_TWICE:
        client.send(event, taken=0)
    client.look_at_history(shopper)


class _Client:
    """Asks workers at random, and keeps what was found."""

    def __init__(self, workers: Workers, rng: np.random.Generator, findings: Findings) -> None:
        self.rng = rng
        self.findings = findings
        self._workers = workers

    def send(self, event: Event, *, taken: int) -> bool:
        """Send an event, and return whether it was answered as it should be."""
        body = {"events": [as_sent(event)]}
        response = self._workers.post(self._any(), "/events", body)
        expected = {"taken": taken, "repeated": 1 - taken, "refused": []}
        fine = response.status == _ACCEPTED and json.loads(response.body) == expected
        if not fine:
            self._failed(response.body)
        return fine

    def list_of(self, shopper: Shopper) -> list[str]:
        """Ask for a list, and look at it; empty where none came."""
        asked = urlencode({"users": shopper.name, "n": 20})
        answer = self._get(self._any(), f"/recommendations?{asked}")
        listed = [] if answer is None else answer[shopper.name]
        if listed:
            self.findings.judge_list(shopper.gone, listed)
        return [str(item) for item in listed]

    def look_at_history(self, shopper: Shopper, worker: int | None = None) -> None:
        """Ask what a user did, and compare it with what the user did."""
        chosen = self._any() if worker is None else worker
        answer = self._get(chosen, f"/users/{quote(shopper.name)}?n=1000")
        if answer is None:
            return
        found = [
            Done(each["item"], each["kind"], each["rating"], _second(each["time"]))
            for each in answer["reviews"]
            if each["time"] > _FIRST_TIME
        ]
        self.findings.judge_history(shopper.done, found)

    def _get(self, worker: int, path: str) -> Any:
        response = self._workers.get(worker, path)
        if response.status == _OK:
            return json.loads(response.body)
        self._failed(response.body)
        return None

    def _failed(self, body: bytes) -> None:
        self.findings.n_failed += 1
        self.findings.examples.append(body.decode()[:300])

    def _any(self) -> int:
        return int(self.rng.integers(len(self._workers)))


def _second(time: str) -> int:
    return int(np.datetime64(time.removesuffix("Z"), "s").astype(np.int64))

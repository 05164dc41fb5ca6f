"""POST /events: what users have just done, which counts in the next answer."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, Response, request

from api.contract.endpoint import (
    FOR_EVENT_SOURCES,
    KNOWN_ITEM,
    KNOWN_USER,
    WITH_BODY,
    Endpoint,
    RequestExample,
    SuccessResponse,
)
from api.contract.event_list import MOST_EVENTS, EventList, Refusal, SentEvent
from api.contract.schemas import COUNT, list_of, record, reference
from api.service import Service
from api.wsgi.auth import require_event_source
from api.wsgi.problems import problem
from api.wsgi.responses import json_response, to_json
from classes.live.canonical import canonical
from classes.snapshot import Snapshot
from recsys.cleaning.text import is_anonymous
from storage.events.event import Appended, Event, EventStoreError
from storage.events.store import EventStore

_EXAMPLES: Final = [
    {"user": KNOWN_USER, "item": KNOWN_ITEM, "kind": "view", "time": "2024-05-01T09:30:00Z"},
    {
        "user": KNOWN_USER,
        "item": KNOWN_ITEM,
        "kind": "review",
        "value": 5,
        "time": "2024-05-01T09:31:00Z",
        "id": "order 77, review",
    },
]
_EVENTS: Final = EventList(
    name="events",
    meaning="What users did, in any order.",
    example=_EXAMPLES[:1],
    required=True,
    suggested=True,
)
_ENDPOINT: Final = Endpoint(
    method="POST",
    path="/events",
    tag="users",
    summary="Take what users have just done",
    description=(
        f"At most {MOST_EVENTS:,} events. From the response on, every worker's answers for these "
        "users take them into account, and users who weren't known are. Good events are taken even "
        "if others of the request are refused. They are on the disk before the response."
    ),
    response=SuccessResponse(
        "How many events were taken, how many were there before (by their `id`), and why others "
        "were refused.",
        record(taken=COUNT, repeated=COUNT, refused=list_of(reference("RefusedEvent"))),
        status=202,
    ),
    problems=FOR_EVENT_SOURCES
    | WITH_BODY
    | {
        422: "Every event was refused; `refused` says why.",
        503: "The events can't be stored now, and none was taken (see Retry-After); or no snapshot "
        "is loaded yet.",
    },
    body=(_EVENTS,),
    for_event_sources=True,
    examples=(
        RequestExample(
            "two", "Somebody looks at an item, and rates it", "/events", {"events": _EXAMPLES}
        ),
    ),
)


def register(app: Flask, service: Service) -> None:
    """Add the route."""
    store, counters = service.store.events, service.store.counters

    @_ENDPOINT.on(app)
    def take_events() -> Response:
        """Store events durably, and say what became of each."""
        require_event_source(request, service.config.events_token)
        _ENDPOINT.query()
        sent = _ENDPOINT.json_body(service.config.max_body_bytes).read(_EVENTS)
        snapshot = service.store.current()
        events, refused = _sorted_out(sent, snapshot, store)
        try:
            appended = store.append(events) if events else Appended(0, 0)
        except EventStoreError:
            counters.count_events("failed", len(events))
            raise
        counters.count_events("taken", appended.n_taken)
        counters.count_events("repeated", appended.n_repeated)
        counters.count_events("refused", len(refused))
        if not events:
            return _all_refused(refused)
        payload = {"taken": appended.n_taken, "repeated": appended.n_repeated, "refused": refused}
        return json_response(to_json(payload), snapshot.generation, 202)


def _sorted_out(
    sent: list[SentEvent | Refusal], snapshot: Snapshot, store: EventStore
) -> tuple[list[Event], list[dict[str, Any]]]:
    """Find users and items by name, and describe by "RefusedEvent" what can't be taken."""
    events: list[Event] = []
    refused: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for index, each in enumerate(sent):
        found = _event(each, snapshot, store, names)
        if isinstance(found, Event):
            events.append(found)
        else:
            refused.append({"index": index, "problem": found.problem})
    return events, refused


def _event(
    sent: SentEvent | Refusal, snapshot: Snapshot, store: EventStore, names: dict[str, str]
) -> Event | Refusal:
    """Find user and item; `names` has the canonical names of users found before."""
    if isinstance(sent, Refusal):
        return sent
    if snapshot.data.item_row(sent.item) is None:
        return Refusal(
            f"There is no item {sent.item[:60]!r}; expected a name exactly as in responses."
        )
    if sent.user not in names:
        anonymous = is_anonymous(sent.user)
        names[sent.user] = "" if anonymous else canonical(snapshot.data, store, sent.user)
    if not names[sent.user]:
        return Refusal(
            f"The user {sent.user[:60]!r} identifies nobody; expected the name or id of one person."
        )
    return Event(names[sent.user], *sent[1:])


def _all_refused(refused: list[dict[str, Any]]) -> Response:
    message = f"No event was taken; `refused` says why of each. The first: {refused[0]['problem']}"
    return problem(422, message, refused=refused)

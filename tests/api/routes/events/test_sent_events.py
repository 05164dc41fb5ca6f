"""Events over HTTP: what is taken, and what is refused and why."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.contract.event_list import LONGEST_ID, MOST_EVENTS
from classes.live.canonical import canonical
from classes.snapshot_store import SnapshotStore
from config import Config
from recsys.kinds import HIDE, REVIEW, VIEW
from storage.events.event import Event
from tests.support.problem import assert_problem
from tests.support.sent_events import WHEN, event, send

WHEN_US = 1_714_555_800_000_000


def refusal(client: FlaskClient, sent: Any) -> str:
    """Send one event that is refused, and return why."""
    answer = send(client, sent, status=422)
    [refused] = answer["refused"]
    assert refused["index"] == 0
    assert refused["problem"] in answer["detail"] == answer["error"]
    return str(refused["problem"])


def stored(store: SnapshotStore, user: str) -> list[Event]:
    return [each._replace(seq=0) for each in store.events.of_user(user)]


def test_events_are_stored_as_sent(client: FlaskClient, store: SnapshotStore) -> None:
    answer = send(
        client,
        event(),
        event(kind="review", value=4.5, id="an id", time=WHEN_US / 1e6),
        event(kind="hide", item="red lamp", time="2024-05-01T11:30:00.000007+02:00", id=None),
    )
    assert answer == {"taken": 3, "repeated": 0, "refused": []}
    assert stored(store, "zoe") == [
        Event("zoe", "blue kettle", VIEW, WHEN_US),
        Event("zoe", "blue kettle", REVIEW, WHEN_US, 4.5, "an id"),
        Event("zoe", "red lamp", HIDE, WHEN_US + 7),
    ]


def test_good_events_are_taken_and_others_are_refused_by_their_places(
    client: FlaskClient, store: SnapshotStore
) -> None:
    bad = [event(item="no such item"), "no event", event(kind="click")]
    answer = send(client, event(id="a"), bad[0], event(id="a"), *bad[1:], event(id="b"))
    assert (answer["taken"], answer["repeated"]) == (2, 1)
    assert [each["index"] for each in answer["refused"]] == [1, 3, 4]
    assert "no item 'no such item'" in answer["refused"][0]["problem"]
    assert len(stored(store, "zoe")) == 2
    assert send(client, event(id="a")) == {"taken": 0, "repeated": 1, "refused": []}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": ...}, "member 'user' is missing"),
        ({"item": None}, "member 'item' is missing"),
        ({"time": ...}, "member 'time' is missing"),
        ({"when": WHEN}, "'when' is unknown; allowed: user, item, kind, time, value, id"),
        ({"user": 7}, "'user' is 7; expected text"),
        ({"user": " \t"}, "expected text that isn't blank"),
        ({"user": "x" * 513}, "'user' has 513 characters; at most 512"),
        ({"user": "x" * 1_000_000}, "1,000,000 characters"),
        ({"user": "\ud800"}, "without null characters and halves of characters"),
        ({"user": "a\0b"}, "without null characters"),
        ({"user": "<b>Amazon</b> Customer"}, "identifies nobody"),
        ({"user": "?!"}, "identifies nobody"),
        ({"item": "blue kettle\0"}, "without null characters"),
        ({"item": "BLUE KETTLE"}, "no item 'BLUE KETTLE'"),
        ({"kind": "bought"}, "expected one of review, purchase, view, hide, remove"),
        ({"kind": []}, "expected one of review"),
        ({"time": "2024-05-01"}, "expected seconds since 1970, or a time with its zone"),
        ({"time": "2024-05-01T09:30:00"}, "a time with its zone"),
        ({"time": "2024-02-30T09:30:00Z"}, "a time with its zone"),
        ({"time": True}, "expected seconds since 1970"),
        ({"time": 1e300}, "at most 5 minutes from now"),
        ({"time": 10**400}, "at most 5 minutes from now"),
        ({"time": WHEN_US}, "at most 5 minutes from now"),
        ({"time": 0}, "expected a time since 1995"),
        ({"time": "1994-12-31T23:59:59Z"}, "expected a time since 1995"),
        ({"value": 5}, "'value' is 5; expected none, since only a review has one"),
        ({"kind": "review"}, "'value' is missing; expected a rating from 1 to 5"),
        ({"kind": "review", "value": 0.9}, "from 1 to 5"),
        ({"kind": "review", "value": 5.1}, "from 1 to 5"),
        ({"kind": "review", "value": "5"}, "from 1 to 5"),
        ({"kind": "review", "value": True}, "from 1 to 5"),
        ({"id": ""}, "'id' is ''; expected text"),
        ({"id": 7}, "'id' is 7; expected text"),
        ({"id": "x" * (LONGEST_ID + 1)}, "'id' has 201 characters; at most 200"),
    ],
)
def test_an_event_that_is_wrong_is_refused_with_what_came_and_what_is_expected(
    client: FlaskClient, store: SnapshotStore, changes: dict[str, Any], words: str
) -> None:
    problem = refusal(client, event(**changes))
    assert words in problem
    assert len(problem) < 300
    assert store.events.n_events == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("member", ["time", "value"])
def test_numbers_that_json_lacks_are_refused(client: FlaskClient, member: str, number: str) -> None:
    sent = event(**{"kind": "review", "value": 5, member: "?"})
    body = json.dumps({"events": [sent]}).replace('"?"', number)
    answer = client.post("/events", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert f"'{member}' is" in answer.get_json()["refused"][0]["problem"]


def test_a_clock_may_be_five_minutes_ahead_and_no_more(client: FlaskClient) -> None:
    now = time.time()
    assert send(client, event(time=now + 290))["taken"] == 1
    later = (datetime.now(UTC) + timedelta(seconds=310)).isoformat()
    assert "at most 5 minutes from now" in refusal(client, event(time=later))


@pytest.mark.parametrize("sent", [None, {}, "x", []])
def test_a_request_without_a_list_of_events_is_a_400(client: FlaskClient, sent: Any) -> None:
    assert_problem(client.post("/events", json={"events": sent}), 400, "a list of events")


def test_a_request_takes_a_thousand_events_and_no_more(client: FlaskClient) -> None:
    assert send(client, *[event()] * MOST_EVENTS)["taken"] == 1_000
    answer = client.post("/events", json={"events": [event()] * (MOST_EVENTS + 1)})
    assert_problem(answer, 400, "has 1,001 events; at most 1,000")


def test_bodies_that_are_no_events_are_refused(client: FlaskClient, config: Config) -> None:
    assert_problem(client.post("/events", json=[event()]), 400, "not a JSON object")
    assert_problem(client.post("/events", json={}), 400, "'events' is missing")
    more = {"events": [event()], "force": True}
    assert_problem(client.post("/events", json=more), 400, "'force' is unknown; allowed: events")
    assert_problem(client.post("/events?n=1", json={"events": [event()]}), 400, "'n' is unknown")
    assert_problem(client.post("/events", data="{"), 415, "expected application/json")
    answer = client.post("/events", data="{", content_type="application/json")
    assert_problem(answer, 400, "not JSON in UTF-8")
    large = json.dumps({"events": [event(user="x" * config.max_body_bytes)]})
    answer = client.post("/events", data=large, content_type="application/json")
    assert_problem(answer, 413, "larger than 2,097,152 bytes")


def test_users_are_kept_by_the_name_that_they_are_known_by(
    client: FlaskClient, store: SnapshotStore
) -> None:
    send(client, event(user="Kelly SULLIVAN"), event(user="  Zoë <b>Quist</b> Jr. "))
    assert len(stored(store, "kelly sullivan")) == 1
    assert len(stored(store, "zoë quist jr")) == 1
    data = store.current().data
    assert data.has_clean_user_names
    for written, name in (
        ("Kelly Sullivan", "kelly sullivan"),
        ("ZOË QUIST, JR", "zoë quist jr"),
        ("Somebody New", "somebody new"),
        ("?!", ""),
    ):
        assert canonical(data, store.events, written) == name


def test_where_names_are_ids_new_users_are_kept_as_written(
    client: FlaskClient, store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = store.current().data
    monkeypatch.setattr(type(data), "has_clean_user_names", False)
    send(client, event(user="A1B-2"), event(user="Kelly Sullivan"), event(user="?!"))
    assert len(stored(store, "A1B-2")) == len(stored(store, "?!")) == 1
    assert len(stored(store, "kelly sullivan")) == 1
    assert canonical(data, store.events, "A1B-2") == "A1B-2"
    assert canonical(data, store.events, "a1b2") == "a1b2"

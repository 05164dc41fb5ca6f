"""Events as a shop sends them over HTTP."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

WHEN = "2024-05-01T09:30:00Z"


def event(**changes: Any) -> dict[str, Any]:
    """A view of the blue kettle by zoe but for what is changed; `...` leaves a member out."""
    made = {"user": "zoe", "item": "blue kettle", "kind": "view", "time": WHEN, **changes}
    return {name: value for name, value in made.items() if value is not ...}


def send(client: FlaskClient, *events: Any, status: int = 202) -> Any:
    """Send events, and return the answer, which has the status that is expected."""
    answer = client.post("/events", json={"events": list(events)})
    assert answer.status_code == status, answer.text
    return answer.get_json()

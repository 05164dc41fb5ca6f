"""Constraints that no schema can express, and names that no schema suggests.

Values that must match each other or the data are adjusted where a request is meant to be valid.
Then names are replaced by hostile texts in half of them; those with a text longer than a name may
be are to be refused.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, HookContext
from schemathesis.generation import GenerationMode

from api.contract.event_list import LONGEST_ID
from classes.options import DEEPEST
from classes.top_lists import TOP_K
from recsys.cleaning.text import MAX_NAME_LENGTH
from tests.support.hostile_text import hostile_texts

KNOWN: Final = {
    "category": "kettles",
    "brand": "Blue & Co",
    "item": "blue kettle",
    "user": "kelly sullivan",
}
"""Names of the tiny artifacts."""

EVENTS: Final = "/events"
SOME_TIME: Final = "2024-05-01T09:30:00Z"

MOST_EXPLAINED: Final = 20
"""Items of a list, so that the lists of all users of a request may be explained."""

LISTS: Final = {"users", "history", "exclude", "items", "without"}
NAMES: Final = LISTS | {"item", "user"}
"""Parameters that are names; unknown categories and brands are refused, so these stay as they are."""


@schemathesis.hook
def map_case(context: HookContext, case: Case) -> Case:
    """Order the prices, shorten the lists and use names that exist, for categories and brands always.

    Events are sent with the token, valid or not.
    """
    if case.path == EVENTS:
        case.headers = {**(case.headers or {}), "Authorization": "Bearer secret"}
    if case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        if case.path == "/recommendations":
            case.query = case.query or {}
            _add_user(case.query if case.method == "GET" else case.body)
        if case.path == "/explain" and isinstance(case.query, dict):
            case.query.setdefault("user", KNOWN["user"])
        if case.path == "/bought_together" and isinstance(case.query, dict):
            case.query.setdefault("item", KNOWN["item"])
        for parameters in (case.query, case.body, case.path_parameters):
            if isinstance(parameters, dict):
                _adjust(parameters)
        for event in _events_of(case):
            _adjust_event(event)
    return case


@schemathesis.hook
def flatmap_case(context: HookContext, case: Case) -> st.SearchStrategy[Case]:
    """Replace names in half of the requests that are meant to be valid."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return st.just(case)
    short = hostile_texts.map(lambda text: text[: MAX_NAME_LENGTH - 1])
    texts = st.one_of(st.none(), st.none(), hostile_texts, short)
    return texts.map(partial(_with_hostile_names, case))


def _with_hostile_names(case: Case, text: str | None) -> Case:
    if text is None:
        return case
    # Never blank, and without lone surrogates, which neither URLs nor schemathesis can hold.
    text = "x" + text.encode(errors="replace").decode()
    parameters = (case.body, case.query)
    found = [_replace_names(each, text) for each in parameters if isinstance(each, dict)]
    found += [_replace_names(each, text.replace("\0", "")) for each in _events_of(case)]
    if case.meta is not None and any(found) and len(text) > MAX_NAME_LENGTH:
        # A copy, since cases may share the object.
        case.meta.generation = replace(case.meta.generation, mode=GenerationMode.NEGATIVE)
    if isinstance(case.path_parameters, dict):
        # Its quotes would count as part of a name that is too long.
        _replace_names(case.path_parameters, quote(text[:MAX_NAME_LENGTH], safe=""))
    return case


def _replace_names(parameters: dict[str, Any], text: str) -> bool:
    """Return whether there were any."""
    found = NAMES & parameters.keys() - ({"item"} if "kind" in parameters else set())
    for name in found:
        parameters[name] = [text, "zoe"] if name in LISTS else text
    return bool(found)


def _events_of(case: Case) -> list[dict[str, Any]]:
    """List the events that a case sends, which have no names of their own in the body."""
    body = case.body if case.path == EVENTS else None
    found = body.get("events") if isinstance(body, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _adjust_event(event: dict[str, Any]) -> None:
    """Make an event one that is taken, about a user of whom no other test knows."""
    event["user"] = f"fuzzed {_storable(event['user'])}"[:MAX_NAME_LENGTH]
    event["item"] = KNOWN["item"]
    event["time"] = SOME_TIME if isinstance(event["time"], str) else 1.7e9
    event["value"] = 5 if event["kind"] == "review" else None
    if event.get("id") is not None:
        event["id"] = f"x{_storable(event['id'])}"[:LONGEST_ID]


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "")


def _adjust(parameters: dict[str, Any]) -> None:
    for minutes in ("retrain", "refresh"):  # are tested by themselves
        parameters.pop(minutes, None)
    for name, known in KNOWN.items():
        if name in parameters and (name in ("category", "brand") or len(str(parameters[name])) % 2):
            parameters[name] = known
    # In a query the numbers may be texts already.
    low, high = parameters.get("price_min", 0), parameters.get("price_max", "inf")
    if float(low) > float(high):
        parameters["price_min"], parameters["price_max"] = high, low
    if "n" in parameters and str(parameters.get("explain", "")).lower() == "true":
        parameters["n"] = min(int(float(parameters["n"])), MOST_EXPLAINED)
    if "offset" in parameters:
        deepest = DEEPEST - int(float(parameters.get("n", TOP_K)))
        parameters["offset"] = min(int(float(parameters["offset"])), deepest)


def _add_user(parameters: Any) -> None:
    """Add a user to a request with neither users nor a history."""
    if isinstance(parameters, dict) and not {"users", "history"} & set(parameters):
        parameters["users"] = [KNOWN["user"]]

"""GET and PUT /rules, POST /rules/preview and /rules/rollback: what the shop says about its lists."""

from __future__ import annotations

import time
from typing import Any, Final

from flask import Flask, Response, request

from api.contract.endpoint import (
    FOR_OPERATORS,
    WITH_BODY,
    WITHOUT_BODY,
    Endpoint,
    SuccessResponse,
)
from api.contract.options import SCENARIO
from api.contract.parameters import WholeNumber
from api.contract.request_values import BodyValues, refuse_body
from api.contract.rule_list import RuleList
from api.contract.schemas import reference
from api.service import Service
from api.wsgi.auth import require_operator
from api.wsgi.responses import json_response, to_json
from classes.errors import NoSnapshotError
from classes.publication.store_state import RULES_FILE, StoreStateFile
from classes.rules.document import RuleDocument
from classes.rules.faults import faults
from classes.rules.preview import preview
from classes.snapshot import Snapshot

_RULES: Final = RuleList(
    name="rules",
    meaning="All rules; of two pins at one place, the first gets it.",
    example=[{"id": "sold out", "action": "hide", "item": "the item's name"}],
    required=True,
    suggested=True,
)
_VERSION: Final = WholeNumber(
    name="version",
    meaning="The version to replace: the request is refused if another one is in force by now.",
    default=-1,
    low=0,
    example=0,
    suggested=True,
)
_PROBLEMS: Final = FOR_OPERATORS | {
    503: "The rules can't be written for lack of space or rights, or the store is away."
}
_IN_FORCE: Final = SuccessResponse(
    "The rules in force, those active now, and what is odd about any.", reference("Rules")
)

_GET: Final = Endpoint(
    method="GET",
    path="/rules",
    tag="operations",
    summary="The rules in force",
    description="Rules hide, pin, boost and bury items in all lists of recommendations.",
    response=_IN_FORCE,
    problems=FOR_OPERATORS,
    for_operators=True,
)
_PUT: Final = Endpoint(
    method="PUT",
    path="/rules",
    tag="operations",
    summary="Replace the rules",
    description=(
        "All workers follow within a second, and all machines that share a store within seconds. "
        "A rule that names an unknown item, category or brand "
        "is accepted and reported in `problems`. The last twenty versions are kept."
    ),
    response=_IN_FORCE,
    problems=_PROBLEMS | WITH_BODY | {409: "Another version is in force than the one to replace."},
    body=(_RULES, _VERSION),
    for_operators=True,
)
_PREVIEW: Final = Endpoint(
    method="POST",
    path="/rules/preview",
    tag="operations",
    summary="How many lists other rules would change",
    description="Compares the lists of up to 200 users, for at most five seconds; nothing changes.",
    response=SuccessResponse("What would change.", reference("RulesPreview")),
    problems=FOR_OPERATORS | WITH_BODY | {503: "No snapshot is loaded yet."},
    body=(_RULES, SCENARIO),
    for_operators=True,
)
_BACK: Final = Endpoint(
    method="POST",
    path="/rules/rollback",
    tag="operations",
    summary="Go back to the previous version of the rules",
    response=_IN_FORCE,
    problems=_PROBLEMS | WITHOUT_BODY | {409: "There is no earlier version, or it can't be read."},
    for_operators=True,
)


def register(app: Flask, service: Service) -> None:
    """Add the four routes."""
    _register_versions(app, service)
    _register_preview(app, service)


def _register_versions(app: Flask, service: Service) -> None:
    store = service.store

    @_GET.on(app)
    def rules() -> Response:
        """Return the rules in force."""
        require_operator(request, service.config.admin_token)
        _GET.query()
        return _described(service, store.rules.refreshed())

    @_PUT.on(app)
    def replace_rules() -> Response:
        """Replace the rules."""
        body = _body(service, _PUT)
        version = body.read(_VERSION) if _VERSION.name in body.names else None
        replacing = body.read(_RULES)
        return _described(service, store.rules.replace(replacing, version))

    @_BACK.on(app)
    def roll_back_rules() -> Response:
        """Go back to the previous version of the rules."""
        require_operator(request, service.config.admin_token)
        _BACK.query()
        refuse_body(request)
        return _described(service, store.rules.roll_back())


def _register_preview(app: Flask, service: Service) -> None:
    store = service.store

    @_PREVIEW.on(app)
    def preview_rules() -> Response:
        """Count the lists that other rules would change."""
        body = _body(service, _PREVIEW)
        proposed, scenario = body.read(_RULES), body.read(SCENARIO)
        snapshot = store.current()
        found = preview(snapshot, store.rules.refreshed(), proposed, scenario)
        answer = {
            **found._asdict(),
            "examples": [each._asdict() for each in found.examples],
            "problems": _problems(RuleDocument(rules=proposed), snapshot),
        }
        return json_response(to_json(answer), snapshot.generation)


def _body(service: Service, endpoint: Endpoint) -> BodyValues:
    """Decode the body that an operator sent."""
    require_operator(request, service.config.admin_token)
    endpoint.query()
    return endpoint.json_body(service.config.max_body_bytes)


def _described(service: Service, document: RuleDocument) -> Response:
    """Describe the rules in force by the schema "Rules"."""
    try:
        snapshot = service.store.current()
    except NoSnapshotError:
        snapshot = None
    warnings = (service.store.rules.warning, _reason_not_followed(service))
    answer = {
        **document.to_json(),
        "problems": [
            *({"id": None, "problem": warning} for warning in warnings if warning),
            *(_problems(document, snapshot) if snapshot else []),
        ],
        "active": [rule.id for rule in document.active(time.time())],
    }
    return json_response(to_json(answer), snapshot.generation if snapshot else "")


def _reason_not_followed(service: Service) -> str:
    """Say why the rules of the store that machines share can't be followed; "" if they can."""
    config = service.config
    state = StoreStateFile(config.run_path, RULES_FILE).read() if config.snapshot_url else None
    return "" if state is None else state.reason


def _problems(document: RuleDocument, snapshot: Snapshot) -> list[dict[str, Any]]:
    found = faults(document.rules, snapshot.data)
    return [{"id": name, "problem": problem} for name, problem in found]

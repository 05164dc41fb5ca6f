"""GET /openapi.json: the API for programs, as read from the code that serves it."""

from __future__ import annotations

from functools import cache

from flask import Flask, Response

from api.answers import to_json
from api.endpoint import ALWAYS, Answer, Endpoint, endpoints_of
from api.openapi import document
from classes.snapshot_store import SnapshotStore
from config import Config

_DOCUMENT = Endpoint(
    method="GET",
    path="/openapi.json",
    tag="pages",
    summary="This API, described by OpenAPI 3.1",
    answer=Answer("The document.", {"type": "object"}),
    problems=ALWAYS,
)


def register(app: Flask, store: SnapshotStore, config: Config) -> None:  # noqa: ARG001 - as in all
    """Add the document; it lists what is registered by the time it is first asked for."""

    @cache
    def encoded() -> bytes:
        return to_json(document(endpoints_of(app)))

    @_DOCUMENT.on(app)
    def openapi() -> Response:
        """Send the document."""
        _DOCUMENT.query()
        return Response(encoded(), mimetype="application/json")

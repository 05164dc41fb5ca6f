"""GET /openapi.json, GET /docs and GET /model_card: the API and its model, described."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Final

from flask import Flask, Response, render_template, request

from api.contract.docs_page import examples_of, groups
from api.contract.endpoint import ALWAYS, WITH_SNAPSHOT, Endpoint, SuccessResponse, endpoints_of
from api.contract.openapi import INFO, document
from api.service import Service
from api.wsgi.problems import ProblemError
from api.wsgi.responses import GENERATION_HEADER, json_response, to_json
from classes.model_card.text import model_card

MODEL_CARD_PATH: Final = "/model_card"

_DOCUMENT: Final = Endpoint(
    method="GET",
    path="/openapi.json",
    tag="pages",
    summary="This API, described by OpenAPI 3.1",
    response=SuccessResponse("The document.", {"type": "object"}),
    problems=ALWAYS,
)
_PAGE: Final = Endpoint(
    method="GET",
    path="/docs",
    tag="pages",
    summary="This API on a page, with forms to try it",
    response=SuccessResponse("The page.", media_type="text/html"),
)
_MODEL_CARD: Final = Endpoint(
    method="GET",
    path=MODEL_CARD_PATH,
    tag="pages",
    summary="What the model in service is for, how well it ranks for whom, and what it can't know",
    description="Made from `best_model.json` and `metrics.json` in MODEL_PATH. Figures of another "
    "model are left out.",
    response=SuccessResponse("The model card, in Markdown.", media_type="text/markdown"),
    problems=WITH_SNAPSHOT | {404: "The model in service has no card."},
)


def register(app: Flask, service: Service) -> None:
    """Add the routes; those about the API describe the endpoints registered by the request."""
    _register_api(app, service)
    cards = service.cards

    @_MODEL_CARD.on(app)
    def card() -> Response:
        """Write the card of the model in service."""
        _MODEL_CARD.query()
        snapshot = service.store.current()
        if not cards.has_card(snapshot):
            raise ProblemError(
                404,
                "The model in service has no card: MODEL_PATH holds no best_model.json, or a model "
                "that isn't loaded yet. `python -m pipeline train` writes both, and "
                "`POST /reload_model` loads the model.",
            )
        text = model_card(cards.card() or {}, cards.metrics())
        headers = {GENERATION_HEADER: snapshot.generation}
        return Response(text, headers=headers, mimetype="text/markdown")


def _register_api(app: Flask, service: Service) -> None:
    @cache
    def encoded() -> bytes:
        return to_json(document(endpoints_of(app)))

    @_DOCUMENT.on(app)
    def openapi() -> Response:
        """Return the document."""
        _DOCUMENT.query()
        return json_response(encoded())

    @_PAGE.on(app)
    def docs() -> Response:
        """Render the page, its forms filled in with names from the snapshot."""
        _PAGE.query()
        snapshot = service.store.current()
        nonce = secrets.token_urlsafe(16)
        page = render_template(
            "docs.html",
            info=INFO,
            groups=groups(endpoints_of(app), examples_of(snapshot)),
            generation=snapshot.generation,
            base_url=request.host_url.rstrip("/"),
            nonce=nonce,
        )
        headers = {**_headers(nonce), GENERATION_HEADER: snapshot.generation}
        return Response(page, headers=headers, mimetype="text/html")


def _headers(nonce: str) -> dict[str, str]:
    """Allow the page to run its own script and call this service, and nothing else."""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; "
            f"img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors 'none'"
        ),
    }

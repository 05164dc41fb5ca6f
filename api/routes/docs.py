"""GET /openapi.json and GET /docs: the API described for programs and for people."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Final

from flask import Flask, Response, render_template, request

from api.contract.docs_page import examples_of, groups
from api.contract.endpoint import ALWAYS, Endpoint, SuccessResponse, endpoints_of
from api.contract.openapi import INFO, document
from api.service import Service
from api.wsgi.responses import GENERATION_HEADER, json_response, to_json

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


def register(app: Flask, service: Service) -> None:
    """Add both routes; they describe the endpoints registered by the time of the request."""

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

"""GET /openapi.json and GET /docs: the API for programs and for people, from the same source."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Final

from flask import Flask, Response, render_template, request

from api.contract.endpoint import ALWAYS, Answer, Endpoint, endpoints_of
from api.contract.openapi import INFO, document
from api.routes.docs_page import examples_of, groups
from api.service import Service
from api.wsgi.responses import GENERATION_HEADER, to_json

_DOCUMENT: Final = Endpoint(
    method="GET",
    path="/openapi.json",
    tag="pages",
    summary="This API, described by OpenAPI 3.1",
    answer=Answer("The document.", {"type": "object"}),
    problems=ALWAYS,
)
_PAGE: Final = Endpoint(
    method="GET",
    path="/docs",
    tag="pages",
    summary="This API on a page, with forms to try it",
    answer=Answer("The page.", media_type="text/html"),
)


def register(app: Flask, service: Service) -> None:
    """Add document and page; they list what is registered by the time they are asked for."""

    @cache
    def encoded() -> bytes:
        return to_json(document(endpoints_of(app)))

    @_DOCUMENT.on(app)
    def openapi() -> Response:
        """Send the document."""
        _DOCUMENT.query()
        return Response(encoded(), mimetype="application/json")

    @_PAGE.on(app)
    def docs() -> Response:
        """Show the page; its forms begin with names that this snapshot knows."""
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
    """Let the page run its own script and ask this service, and nothing else."""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; "
            f"img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors 'none'"
        ),
    }

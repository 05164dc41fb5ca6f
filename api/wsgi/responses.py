"""Responses in compact UTF-8 JSON, with the header that names the generation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from flask import Response

GENERATION_HEADER: Final = "X-Generation"
"""Names the snapshot that a response was made from: the same value, the same data and model."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def to_json(payload: Any) -> bytes:
    """Encode as JSON, members in order, with no escapes but those that JSON requires."""
    # A path that isn't UTF-8 reaches a message as lone surrogates, which can't be encoded.
    return _ENCODER.encode(payload).encode(errors="replace") + b"\n"


def utc(timestamp: float) -> str:
    """Format seconds since 1970 by RFC 3339."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")


def json_response(body: bytes, generation: str = "", status: int = 200) -> Response:
    """Build a response from an encoded body, and from the generation it was made from, if any."""
    headers = {GENERATION_HEADER: generation} if generation else {}
    return Response(body, status, headers, mimetype="application/json")

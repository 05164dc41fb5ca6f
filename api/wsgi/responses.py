"""How a result becomes bytes: compact UTF-8 JSON and the header that names its generation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from flask import Response

GENERATION_HEADER: Final = "X-Generation"
"""Names the snapshot that an answer was made from; the same value, the same data and model."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def to_json(payload: Any) -> bytes:
    """Encode as JSON in the order given, readable as it is (no escapes but JSON's own)."""
    # A path that isn't UTF-8 reaches a message as lone surrogates, which have no encoding.
    return _ENCODER.encode(payload).encode(errors="replace") + b"\n"


def utc(timestamp: float) -> str:
    """Write seconds since 1970 as RFC 3339 has it."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")


def json_answer(body: bytes, generation: str) -> Response:
    """Wrap an encoded result into a 200 answer."""
    headers = {GENERATION_HEADER: generation}
    return Response(body, headers=headers, mimetype="application/json")

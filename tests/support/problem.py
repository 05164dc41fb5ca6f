"""The shape of every error response."""

from __future__ import annotations

from http import HTTPStatus

from werkzeug.test import TestResponse


def assert_problem(answer: TestResponse, status: int, *words: str) -> None:
    """Check status, type and members (RFC 9457 and `error`), and the words of the message."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    body = answer.get_json()
    assert list(body) == ["type", "title", "status", "detail", "error"]
    assert body["type"] == "about:blank"
    assert body["title"] == HTTPStatus(status).phrase
    assert body["status"] == status
    assert body["detail"] == body["error"]
    for word in words:
        assert word in body["error"], body["error"]
    assert "Traceback" not in answer.text
    assert "<" not in answer.text

"""The README can't drift from the code: its tables are held to it."""

from __future__ import annotations

from flask import Flask

from api.contract.openapi import openapi_path
from api.wsgi.responses import GENERATION_HEADER
from config import PROJECT_ROOT, settings_table


def readme() -> str:
    return (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_holds_the_table_of_settings() -> None:
    assert settings_table() in readme(), "Paste what config.settings_table() returns."


def test_the_readme_names_every_endpoint_with_its_method(app: Flask) -> None:
    text = readme()
    for rule in app.url_map.iter_rules():
        [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        assert f"`{method} {openapi_path(rule.rule)}" in text


def test_the_readme_explains_the_header_that_names_the_generation() -> None:
    assert GENERATION_HEADER in readme()

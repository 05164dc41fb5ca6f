"""The README can't drift from the code: its tables are held to it."""

from __future__ import annotations

import re

from flask import Flask

from api.contract.openapi import openapi_path
from api.contract.options import DETAIL, OPTIONS
from api.wsgi.responses import GENERATION_HEADER
from classes import AppDataProcessor
from config import PROJECT_ROOT, settings_table
from storage.artifacts import ArtifactPaths


def readme() -> str:
    return (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_holds_the_table_of_settings() -> None:
    assert settings_table() in readme(), "Paste what config.settings_table() returns."


def test_the_readme_names_every_endpoint_with_its_method(app: Flask) -> None:
    text = readme()
    for rule in app.url_map.iter_rules():
        [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        assert f"`{method} {openapi_path(rule.rule)}" in text


def test_the_readme_shows_every_option_of_recommendations() -> None:
    for option in (*OPTIONS, DETAIL):
        assert f"`{option.name}=" in readme()


def test_the_readme_explains_the_header_that_names_the_generation() -> None:
    assert GENERATION_HEADER in readme()


def test_the_readme_counts_the_items_and_known_users_of_the_sample() -> None:
    sample = PROJECT_ROOT / "data" / "sample"
    paths = ArtifactPaths.in_folders(sample / "data", sample / "embeddings", sample / "models")
    data = AppDataProcessor.from_artifacts(paths)
    assert f"{data.n_items:,} items and {data.n_users:,} known users" in readme()


def test_every_link_of_the_papers_leads_to_a_file() -> None:
    papers = [PROJECT_ROOT / "README.md", PROJECT_ROOT / "CONTRIBUTING.md"]
    papers += sorted((PROJECT_ROOT / "docs").rglob("*.md"))
    for paper in papers:
        for target in re.findall(r"\]\(([^)#]+)", paper.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (paper.parent / target).exists(), f"{paper.name} links to {target}"

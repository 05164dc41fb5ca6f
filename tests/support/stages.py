"""Stages of the pipeline, run in the test's own process with its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Config
from storage.artifacts import ArtifactPaths


def config_of(paths: ArtifactPaths) -> Config:
    """Settings that point to some artifacts."""
    return Config(
        data_path=paths.clean.parent,
        embeddings_path=paths.item_desc.parent,
        model_path=paths.model.parent,
    )


def run_stage(config: Config, *words: str | Path) -> int:
    """Run `python -m pipeline WORDS` with these settings; return its exit status."""
    from pipeline.cli import main

    with pytest.MonkeyPatch.context() as patch:
        for name, value in config.as_environment().items():
            patch.setenv(name, value)
        return main([str(word) for word in words])

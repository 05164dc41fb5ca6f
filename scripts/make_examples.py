"""Asks the bundled sample the examples of the documentation, and keeps the true answers.

Run by `make examples`, after the sample or an example has changed; a test says when.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask

from api.contract.endpoint import endpoints_of
from api.contract.openapi import EXAMPLES_PATH, example_key
from app import create_app
from config import PROJECT_ROOT, Config
from processes.start_build import open_store

SAMPLE = PROJECT_ROOT / "data" / "sample"


def sample_app(folder: Path) -> Flask:
    """Make an application of the bundled sample, its snapshot below `folder`."""
    config = Config(
        data_path=SAMPLE / "data",
        embeddings_path=SAMPLE / "embeddings",
        model_path=SAMPLE / "models",
        snapshot_path=folder / "snapshots",
        log_path=folder / "logs",
    )
    store = open_store(config)
    store.ensure(lambda _: None)
    return create_app(config, store)


def answers(app: Flask) -> dict[str, Any]:
    """Ask every example, and give the answers by what `example_key` gives.

    Raises:
        ValueError: An example isn't answered well.
    """
    client, found = app.test_client(), {}
    for _, endpoint in endpoints_of(app):
        for example in endpoint.examples:
            answer = client.open(example.target, method=endpoint.method, json=example.body)
            if answer.status_code != endpoint.answer.status:
                raise ValueError(f"{endpoint.method} {example.target}: {answer.text}")
            found[example_key(endpoint, example.name)] = answer.get_json()
    return found


def main() -> int:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        found = answers(sample_app(Path(folder)))
    EXAMPLES_PATH.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    sys.stderr.write(f"Wrote {EXAMPLES_PATH}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

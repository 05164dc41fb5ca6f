"""Write the responses to the documentation's examples, from the bundled sample.

Run by `make examples` after the sample or an example has changed; a test says when.
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
from config import BUNDLED_SAMPLE, Config
from processes.start_build import open_store


def sample_app(folder: Path) -> Flask:
    """Create an application on the bundled sample, with its snapshot below `folder`."""
    config = Config(
        data_path=BUNDLED_SAMPLE / "data",
        embeddings_path=BUNDLED_SAMPLE / "embeddings",
        model_path=BUNDLED_SAMPLE / "models",
        snapshot_path=folder / "snapshots",
        log_path=folder / "logs",
    )
    store = open_store(config)
    store.ensure(lambda _: None)
    return create_app(config, store)


def responses(app: Flask) -> dict[str, Any]:
    """Send every example, and return the responses by `example_key`.

    Raises:
        ValueError: A response doesn't have the status of success.
    """
    client, found = app.test_client(), {}
    for _, endpoint in endpoints_of(app):
        for example in endpoint.examples:
            response = client.open(example.target, method=endpoint.method, json=example.body)
            if response.status_code != endpoint.response.status:
                raise ValueError(f"{endpoint.method} {example.target}: {response.text}")
            found[example_key(endpoint, example.name)] = response.get_json()
    return found


def main() -> int:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        found = responses(sample_app(Path(folder)))
    EXAMPLES_PATH.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    sys.stderr.write(f"Wrote {EXAMPLES_PATH}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

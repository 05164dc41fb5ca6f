"""Puts the bundled sample where the service looks, if there is no artifact of any kind yet.

Run by `make serve`. One file of the user's own is enough to keep the sample away: half of
one data set and half of another would be worse than a clear message.
"""

from __future__ import annotations

import shutil
import sys

from config import PROJECT_ROOT, Config

SAMPLE = PROJECT_ROOT / "data" / "sample"


def main() -> int:
    """Copy the six files; the model comes last, so that a broken copy is no whole set."""
    config = Config.from_environment()
    folders = (
        (SAMPLE / "data", config.data_path),
        (SAMPLE / "embeddings", config.embeddings_path),
        (SAMPLE / "models", config.model_path),
    )
    copies = [
        (source, target / source.name)
        for folder, target in folders
        for source in sorted(folder.iterdir())
    ]
    if any(target.exists() for _, target in copies):
        return 0
    sys.stderr.write("No artifacts yet: using the bundled sample.\n")
    for source, target in copies:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return 0


if __name__ == "__main__":
    sys.exit(main())

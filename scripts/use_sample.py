"""Copy the bundled sample to where the service reads, if there are no artifacts at all yet.

Run by `make serve`. A single file of the user's own keeps the sample away: a mixture of two
data sets would be worse than a clear message.
"""

from __future__ import annotations

import shutil
import sys

from config import BUNDLED_SAMPLE, PROJECT_ROOT, Config

METRICS = PROJECT_ROOT / "report" / "metrics.json"
"""What was measured of the sample's model, which its card shows."""


def main() -> int:
    """Copy the files, the model last, so that an interrupted copy isn't a complete set."""
    config = Config.from_environment()
    folders = (
        (BUNDLED_SAMPLE / "data", config.data_path),
        (BUNDLED_SAMPLE / "embeddings", config.embeddings_path),
        (BUNDLED_SAMPLE / "models", config.model_path),
    )
    copies = [(METRICS, config.model_path / METRICS.name)] if METRICS.exists() else []
    copies += [
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

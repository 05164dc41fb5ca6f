"""Builds and publishes a generation where no service runs: `python -m processes.publish`.

For a job that retrains and publishes for services on other machines, which share SNAPSHOT_URL
with it. It is what `POST /reload` does, except that it needs no service.
"""

from __future__ import annotations

import sys

from classes.errors import ServiceError
from config import Config, ConfigError
from processes.start_build import open_store


def main() -> int:
    """Publish the present artifact files; return the exit status."""
    try:
        snapshot = open_store(Config.from_environment()).reload(data=True, model=True)
    except (ConfigError, ServiceError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(f"Published {snapshot.generation}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

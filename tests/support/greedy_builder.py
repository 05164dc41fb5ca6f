"""A builder that takes memory, or time, and never ends: `python -m tests.support.greedy_builder`."""

from __future__ import annotations

import time

GREED_MB = 400

if __name__ == "__main__":
    held = b"x" * (GREED_MB * 1_000_000)
    time.sleep(600)

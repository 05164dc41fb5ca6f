"""The stage `embed` with an encoder that costs next to nothing: `python -m benchmarks.offline.embed`.

It reads and writes what `python -m pipeline embed` does.
"""

from __future__ import annotations

import sys

from rich.console import Console

from benchmarks.offline.word_encoder import WordEncoder
from config import Config
from pipeline.embed.stage import embed


def main() -> int:
    """Embed the cleaned reviews of the configured folders."""
    embed(WordEncoder(), Config.from_environment(), Console(), use_cache=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The stage `embed` with an encoder that costs next to nothing: `python -m benchmarks.offline.embed`.

It reads and writes what `python -m pipeline embed` does, on the engine that `--engine` names.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from rich.console import Console

from benchmarks.offline.word_encoder import WordEncoder
from config import Config
from pipeline.engines import add_engine, engine_of, module_on


def main() -> int:
    """Embed the cleaned reviews of the configured folders."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.offline.embed")
    add_engine(parser)
    options = parser.parse_args()
    stage = import_module(f"pipeline.{module_on(options, 'embed.stage')}")
    with engine_of(options):
        stage.embed(WordEncoder(), Config.from_environment(), Console(), use_cache=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())

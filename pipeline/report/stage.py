"""Stage `report`: fill the tables of report/README.md from the committed numbers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from config import Config
from storage.atomic import replacing

if TYPE_CHECKING:
    from rich.console import Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage: none."""


def run(args: argparse.Namespace, config: Config, console: Console) -> None:  # noqa: ARG001 - a stage's form
    """Rewrite the tables of report/README.md."""
    from pipeline.report.markdown_tables import FOLDER, read_numbers, with_tables

    page = FOLDER / "README.md"
    text = with_tables(page.read_text(encoding="utf-8"), read_numbers())
    with replacing(page) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    console.print(f"filled the tables of {page}")

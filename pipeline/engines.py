"""The engines of the offline half: which there are, and which module does whose work on them."""

from __future__ import annotations

import argparse
import os
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from pipeline.errors import PipelineError

PANDAS: Final = "pandas"
RAY: Final = "ray"
ENGINES: Final = (PANDAS, RAY)
ON_RAY: Final = {
    "clean.stage": "distributed.clean",
    "embed.stage": "distributed.embed",
    "train.stage": "distributed.train",
    "recommend": "distributed.recommend",
}
"""Modules that do the same work on Ray; their options are those of the others."""


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Declare the options that choose an engine."""
    group = parser.add_argument_group("engine")
    group.add_argument(
        "--engine",
        choices=ENGINES,
        default=os.environ.get("ENGINE") or PANDAS,
        help="what does the work: pandas in this process, or Ray on all cores or a cluster, with "
        "the same results as folders of parquet files (default: ENGINE, else %(default)s)",
    )
    group.add_argument(
        "--ray-address",
        default=os.environ.get("RAY_ADDRESS", ""),
        metavar="ADDRESS",
        help="of a running Ray cluster, ray://host:10001 for example (default: RAY_ADDRESS, "
        "else this machine)",
    )


def module_on(args: argparse.Namespace, module: str) -> str:
    """Name the module that does the work of another one on the chosen engine."""
    return ON_RAY.get(module, module) if _on_ray(args) else module


def _on_ray(args: argparse.Namespace) -> bool:
    return getattr(args, "engine", PANDAS) == RAY


def engine_of(args: argparse.Namespace) -> AbstractContextManager[None]:
    """Hold what the chosen engine needs while stages run.

    Raises:
        PipelineError: There is no such engine.
    """
    if (engine := getattr(args, "engine", PANDAS)) not in ENGINES:
        raise PipelineError(f"ENGINE is {engine!r}; expected {' or '.join(ENGINES)}.")
    if not _on_ray(args):
        return nullcontext()
    from pipeline.distributed.cluster import connected

    return connected(args.ray_address)

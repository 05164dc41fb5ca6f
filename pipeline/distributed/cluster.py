"""A connection to Ray: a cluster that is running, or one of this machine's cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

from config import PROJECT_ROOT
from pipeline.errors import PipelineError

BLOCK_BYTES: Final = 32 << 20
"""Bytes of the pieces in which rows travel. Cleaning texts takes some ten times as much."""

OBJECT_STORE_BYTES: Final = 1_500 << 20
"""Memory for rows on their way on this machine; more of them wait on the disk. Ray would take a third
of the machine's memory, whatever else runs there."""

_QUIET: Final = {
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",  # the stages show their own
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what will be Ray's default; silences a warning
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anybody
    "RAY_DEDUP_LOGS": "1",
    "RAY_enable_metrics_collection": "0",  # nobody reads them, and workers crash in it as they end
    # A worker takes seconds to start, and would end between two steps; but one that has done its
    # part keeps half a gigabyte, which training needs.
    "RAY_idle_worker_killing_time_threshold_ms": "60000",
    "RAY_RUNTIME_ENV_IGNORE_GITIGNORE": "1",  # which Ray would apply without its exceptions
}

_NOT_SENT: Final = [
    "/.[a-z]*",
    "__pycache__",
    "/embeddings",
    "/models",
    "/snapshots",
    "/logs",
    "/benchmarks/cases",
    "/data/*",
    "!/data/sample",
    "/data/sample/data",
    "/data/sample/embeddings",
]
"""What workers on other machines do without; they read the model of the bundled sample."""


@contextmanager
def connected(address: str = "") -> Iterator[None]:
    """Hold a connection while the block runs; errors of workers become those of the pipeline.

    Args:
        address: Of a running cluster, `ray://host:10001` or `host:6379`; empty starts Ray on
            this machine, and stops it at the end.

    Raises:
        PipelineError: Ray isn't installed or can't be reached, or a worker raised one.
    """
    if find_spec("ray") is None:
        raise PipelineError("--engine ray needs Ray, which isn't installed: run `make setup-ray`.")
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():  # `connected` by a caller
        yield
        return
    try:
        ray.init(address or "local", **_options(address))
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise PipelineError(
            f"Ray can't be reached at {address or 'this machine'}: {str(error).splitlines()[0]}"
        ) from error
    _configure()
    try:
        yield
    except ray.exceptions.RayError as error:
        raise _own(error) from error
    finally:
        ray.shutdown()


def n_cores() -> int:
    """Count the cores that Ray may use on all machines."""
    return max(_resource("CPU"), 1)


def n_gpus() -> int:
    """Count the GPUs that Ray may use on all machines."""
    return _resource("GPU")


def _resource(name: str) -> int:
    import ray

    return int(ray.cluster_resources().get(name, 0))


def _options(address: str) -> dict[str, Any]:
    quiet: dict[str, Any] = {"logging_level": "warning", "log_to_driver": True}
    if address:
        return quiet | {
            "runtime_env": {"working_dir": str(PROJECT_ROOT), "excludes": _NOT_SENT},
        }
    return quiet | {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}


def _configure() -> None:
    import logging

    import ray.data

    context = ray.data.DataContext.get_current()
    context.target_max_block_size = BLOCK_BYTES
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for name in ("ray.data", "ray.data._internal"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _own(error: BaseException) -> BaseException:
    """Find the pipeline's own error that a worker raised, else describe what Ray says."""
    found: BaseException | None = error
    while found is not None:
        cause = getattr(found, "cause", None)
        for each in (found, cause):
            if isinstance(each, Exception) and type(each).__module__.split(".")[0] in _OWN_ROOMS:
                return each
        found = cause if isinstance(cause, BaseException) else found.__cause__
    return error


_OWN_ROOMS: Final = {"pipeline", "recsys", "storage", "classes"}

"""Starting TensorFlow without its greeting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


def start_tensorflow() -> None:
    """Import TensorFlow and let it look for devices, unheard.

    It tells everybody without a GPU so, in lines that look like errors; some of them are
    written before its own log level counts. A failing import is raised as ever.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _unheard():
        import tensorflow as tf

        tf.config.list_physical_devices()


@contextmanager
def _unheard() -> Iterator[None]:
    """Drop what native code writes to standard error; Python's exceptions pass."""
    kept = os.dup(_STDERR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(nowhere)
        os.close(kept)

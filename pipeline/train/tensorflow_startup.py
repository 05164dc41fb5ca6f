"""Starting TensorFlow without its messages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


def start_tensorflow() -> None:
    """Import TensorFlow and let it look for devices, without its messages.

    Without a GPU it says so in lines that look like errors, some of them before its own log
    level takes effect. An import that fails raises as usual.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _stderr_discarded():
        import tensorflow as tf

        tf.config.list_physical_devices()
    tf.get_logger().setLevel("ERROR")


@contextmanager
def _stderr_discarded() -> Iterator[None]:
    """Discard what native code writes to standard error; exceptions pass through."""
    kept = os.dup(_STDERR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(nowhere)
        os.close(kept)

"""Files that are mapped into memory to be written by several processes."""

from __future__ import annotations

import mmap
import os


def map_in_full(handle: int, n_bytes: int) -> mmap.mmap:
    """Map a file for reading and writing, once the disk has room for all of it.

    Args:
        handle: Descriptor of the file, which the map duplicates.
        n_bytes: Its length from now on, unless it is longer.

    Raises:
        OSError: The disk is full, for example.
    """
    # Writing to a hole of a mapped file on a full disk would kill the process.
    os.posix_fallocate(handle, 0, n_bytes)
    return mmap.mmap(handle, n_bytes)

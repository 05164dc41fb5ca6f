"""How the machine code of this package is made and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from numba import njit

Function = Callable[..., Any]

FREE_ORDER: Final = {"reassoc", "nsz", "nnan", "contract"}
"""Sums in any order, multiply and add fused: for what is bounded, never for what is exact.

Infinity keeps its meaning. NaN can't appear: inputs are finite, and scores that might
overflow are not bounded this way.
"""


def inlined(function: Function) -> Function:
    """Compile a function that only compiled functions call."""
    compiled: Function = njit(nogil=True)(function)
    return compiled


def inlined_in_free_order(function: Function) -> Function:
    """Compile a function whose sums may be reordered, see `FREE_ORDER`."""
    compiled: Function = njit(nogil=True, fastmath=FREE_ORDER)(function)
    return compiled


def entry(function: Function) -> Function:
    """Compile a function that Python calls: no interpreter lock, machine code kept on disk.

    numba keeps it in `NUMBA_CACHE_DIR`, else beside the source, else in the home folder; the
    files are replaced atomically, so processes may race. Where none can be written, every
    process compiles for itself. Its name carries a digest of this package, because numba
    looks at the entry's own file only and would go on using code of changed callees.
    """
    function.__qualname__ = f"{function.__qualname__}_{_digest()}"
    try:
        compiled: Function = njit(nogil=True, cache=True)(function)
    except RuntimeError:
        return inlined(function)
    return compiled


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]

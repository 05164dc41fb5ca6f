"""How this package is compiled, and where the machine code is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from numba import njit
from numba.core import config as untyped_config

Function = Callable[..., Any]

numba_config: Any = untyped_config

FREE_ORDER: Final = {"reassoc", "nsz", "nnan", "contract"}
"""Sums in any order, multiply and add fused: for bounds, never for exact scores.

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
    """Compile a function that Python calls: without the interpreter lock, kept on disk.

    numba keeps machine code in `NUMBA_CACHE_DIR`, else beside the source; where that is
    read-only, every process compiles for itself, unless `keep_code_in` names a folder first.
    Files are replaced atomically, so processes may race. The name carries a digest of this
    package, because numba checks the entry's own file only and would go on using machine code
    of changed callees.
    """
    function.__qualname__ = f"{function.__qualname__}_{_digest()}"
    try:
        compiled: Function = njit(nogil=True, cache=_keeps_code())(function)
    except RuntimeError:  # NUMBA_CACHE_DIR can't be written
        return inlined(function)
    return compiled


def keep_code_in(folder: Path, entries: Iterable[Any]) -> None:
    """Keep the machine code of entries in `folder` where there is no better place."""
    if _keeps_code():
        return
    numba_config.CACHE_DIR = str(folder)
    for compiled in entries:
        # Where this folder can't be written either, each process compiles for itself.
        with suppress(RuntimeError, OSError):
            compiled.enable_caching()


def has_code(compiled: Any) -> bool:
    """Return whether an entry is compiled, by this process or kept by an earlier one."""
    folder = compiled.stats.cache_path
    name = f"*.{compiled.py_func.__qualname__}-*.nbi"
    return bool(compiled.signatures) or bool(folder and any(Path(folder).glob(name)))


def _keeps_code() -> bool:
    """Return whether machine code can be kept beyond this process."""
    if numba_config.CACHE_DIR:
        return True
    beside = Path(__file__).parent / "__pycache__"
    try:
        beside.mkdir(exist_ok=True)  # absent where Python writes no bytecode
        with TemporaryFile(dir=beside):
            return True
    except OSError:
        return False


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]

"""The user row of somebody without an id, computed when the request comes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recsys.arrays import FloatArray

if TYPE_CHECKING:
    from scoring.inputs import Visitor
    from scoring.split.halves import Half

USER_HALF_FILE: Final = "user_half_forms.npz"

logger = logging.getLogger(__name__)


class VisitorRows:
    """Computes rows in the same way as the user half of known users.

    The forms of that half are read from their file, in milliseconds. A half that calls Keras
    layers has no such file: then the network itself is loaded at the first visitor, which
    costs seconds and 400 MB, and is logged.
    """

    def __init__(self, load: Callable[[], Half]) -> None:
        self._load = load
        self._half: Half | None = None

    @classmethod
    def open(cls, folder: Path, load_with_keras: Callable[[], Half]) -> VisitorRows:
        """Find the half in a model's folder."""

        def load() -> Half:
            logger.warning("The user half calls Keras layers: loading Keras for a visitor.")
            return load_with_keras()

        rows = cls(load)
        if (folder / USER_HALF_FILE).exists():
            from scoring.split.half_file import load_half

            rows._half = load_half(folder / USER_HALF_FILE)
        return rows

    def of(self, visitor: Visitor) -> FloatArray:
        """Compute the row of a visitor, (1, head.user_width) float32."""
        if self._half is None:
            self._half = self._load()
        inputs = [visitor.user_review, visitor.user_item, None, None, None, visitor.user_profile]
        return self._half.compute(inputs)

    def save(self, folder: Path) -> None:
        """Write the half, unless it calls Keras layers."""
        from scoring.split.half_file import reads_inputs_only, save_half

        if self._half is None:
            self._half = self._load()
        if reads_inputs_only(self._half):
            save_half(self._half, folder / USER_HALF_FILE)

"""A half of a split network, kept in a file, for users and items that the snapshot lacks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recsys.arrays import FloatArray
from recsys.columns import MODEL_INPUTS

if TYPE_CHECKING:
    from scoring.inputs import Inputs
    from scoring.split.halves import Half

USER_HALF_FILE: Final = "user_half_forms.npz"
ITEM_HALF_FILE: Final = "item_half_forms.npz"

logger = logging.getLogger(__name__)


class SavedHalf:
    """Computes rows in the same way as those of known users, or of the catalog's items.

    The forms of a half are read from their file, in milliseconds. A half that calls Keras
    layers has no such file: then the network itself is loaded when it is first needed, which
    costs seconds and 400 MB, and is logged.
    """

    def __init__(self, load: Callable[[], Half]) -> None:
        self._load = load

    @classmethod
    def open(cls, path: Path, load_with_keras: Callable[[], Half]) -> SavedHalf:
        """Read the file of a half in a model's folder, which may be removed afterwards."""
        if path.exists():
            from scoring.split.half_file import load_half

            half = load_half(path)
            return cls(lambda: half)

        def load() -> Half:
            logger.warning("%s is missing, since the half calls Keras layers: loading Keras.", path)
            return load_with_keras()

        return cls(load)

    @cached_property
    def half(self) -> Half:
        """The half."""
        return self._load()

    def compute(self, inputs: Inputs) -> FloatArray:
        """Compute rows (n, width) float32 from the inputs of one side, (n, d) each."""
        return self.half.compute([inputs.get(name) for name in MODEL_INPUTS])

    @cached_property
    def inputs_read(self) -> frozenset[str]:
        """Names of the inputs from which the half is computed."""
        return frozenset(MODEL_INPUTS[position] for position in self.half.inputs_read)

    def save(self, path: Path) -> None:
        """Write the half, unless it calls Keras layers."""
        from scoring.split.half_file import reads_inputs_only, save_half

        if reads_inputs_only(self.half):
            save_half(self.half, path)

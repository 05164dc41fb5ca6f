"""The items as the compiled search reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.search.exact import column_peaks
from scoring.search.tables import BLOCK, GROUP, NO_CODES, Array, Codes, Table, frozen


@dataclass(frozen=True, repr=False)
class ItemIndex:
    """Items ready to be searched: views of the given arrays, which are never changed."""

    table: Table
    codes: Codes

    @classmethod
    def build(
        cls,
        weights: Array,
        bias: float,
        item_half: Array,
        codes: Codes | None,
        peaks: Array | None = None,
    ) -> ItemIndex:
        """Check and wrap arrays, which may be read-only memory maps.

        Args:
            weights: (n_relu,) float32.
            bias: The bias of the head.
            item_half: (n_items, n_relu + n_product + 1) float32, finite.
            codes: From `quantize_items` with the same weights and items; None searches in
                float32.
            peaks: (n_relu + n_product + 1,) float32, `table.peaks` of an earlier index of the
                same items; None reads all items to find them.

        Raises:
            ValueError: The shapes don't fit each other.
        """
        n_relu = len(weights)
        if item_half.ndim != 2 or item_half.shape[1] <= n_relu:
            raise ValueError(
                f"item half: shape {item_half.shape}; expected (n_items, {n_relu + 1} or more) "
                f"for {n_relu} relu weights. Build the snapshot again."
            )
        codes = NO_CODES if codes is None else _checked(codes, n_relu, len(item_half))
        items = frozen(item_half, np.float32)
        if peaks is None:
            peaks = np.zeros(items.shape[1], np.float32)
            column_peaks(items, peaks)
        elif peaks.shape != items.shape[1:]:
            raise ValueError(
                f"peaks: shape {peaks.shape}; expected {items.shape[1:]}. Build the snapshot again."
            )
        table = Table(
            frozen(weights, np.float32),
            frozen(np.array([bias]), np.float64),
            items,
            frozen(peaks, np.float32),
        )
        return cls(table, Codes(*(frozen(part, part.dtype) for part in codes)))

    def __repr__(self) -> str:
        """Name the number of items, and how they are searched."""
        n_items, width = self.table.items.shape
        return f"<ItemIndex {n_items:,} items x {width}, {self.describe()}>"

    def describe(self) -> str:
        """Describe the form in which the items are searched."""
        n_bytes = self.codes.blocks.shape[1] * GROUP
        return f"searched in {n_bytes} bytes an item" if n_bytes else "searched in float32"


def _checked(codes: Codes, n_relu: int, n_items: int) -> Codes:
    n_blocks = -(-n_items // BLOCK)
    if len(codes.grid) != n_relu or len(codes.blocks) != n_blocks:
        raise ValueError(
            f"codes: {len(codes.grid)} columns, {len(codes.blocks)} blocks; expected {n_relu} "
            f"columns, {n_blocks} blocks. Build the snapshot again."
        )
    return codes

"""Names as two flat arrays, which all workers can map from one file.

A Python dict of 131,000 names would cost every worker 20 MB and each reload 60 ms;
these arrays lie in the page cache once and need no building.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.generic]]


class NameTable:
    """Names by row: row r is `text[offsets[r]:offsets[r + 1]]` in UTF-8.

    Args:
        text: (n_bytes,) uint8, all names one after the other.
        offsets: (n + 1,) int64.
    """

    def __init__(self, text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        """Wrap the arrays, which may be memory maps."""
        self._text = memoryview(text.data)
        self._offsets = offsets

    @classmethod
    def of(cls, names: Iterable[str]) -> NameTable:
        """Pack names, in their order."""
        encoded = [name.encode() for name in names]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(name) for name in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        """Count the names."""
        return len(self._offsets) - 1

    def __getitem__(self, row: int) -> str:
        """Decode the name at `row`."""
        return str(self._text[self._offsets[row] : self._offsets[row + 1]], "utf-8")

    def arrays(self, prefix: str) -> Arrays:
        """Return the arrays by the names to save them under."""
        return {f"{prefix}_text": np.asarray(self._text), f"{prefix}_offsets": self._offsets}

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> NameTable:
        """Wrap arrays that `arrays` named."""
        return cls(arrays[f"{prefix}_text"], arrays[f"{prefix}_offsets"])  # type: ignore[arg-type]


class NameIndex:
    """Finds the row of a name in a `NameTable` by a sorted table of 64-bit hashes.

    A hash only proposes rows; the names themselves are compared, so equal hashes do no harm.
    """

    def __init__(
        self, table: NameTable, hashes: NDArray[np.uint64], rows: NDArray[np.int32]
    ) -> None:
        """Wrap a table, its sorted hashes (n,) and the row of each hash (n,)."""
        self._table = table
        self._hashes = memoryview(hashes.data)
        self._rows = rows

    @classmethod
    def of(cls, names: Sequence[str]) -> NameIndex:
        """Build the index of unique names."""
        hashes = np.fromiter((_hash(name) for name in names), dtype=np.uint64, count=len(names))
        order = np.argsort(hashes, kind="stable")
        return cls(NameTable.of(names), hashes[order], order.astype(np.int32))

    def __len__(self) -> int:
        """Count the names."""
        return len(self._table)

    def __getitem__(self, row: int) -> str:
        """Decode the name at `row`."""
        return self._table[row]

    def find(self, name: str) -> int | None:
        """Return the row of `name`, or None if it isn't there."""
        wanted = _hash(name)
        position = bisect_left(self._hashes, wanted)
        while position < len(self._hashes) and self._hashes[position] == wanted:
            row = int(self._rows[position])
            if self._table[row] == name:
                return row
            position += 1
        return None

    def arrays(self, prefix: str) -> Arrays:
        """Return the arrays by the names to save them under."""
        found = {f"{prefix}_hashes": np.asarray(self._hashes), f"{prefix}_rows": self._rows}
        return self._table.arrays(prefix) | found

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> NameIndex:
        """Wrap arrays that `arrays` named."""
        table = NameTable.from_arrays(arrays, prefix)
        return cls(table, arrays[f"{prefix}_hashes"], arrays[f"{prefix}_rows"])  # type: ignore[arg-type]


def _hash(name: str) -> int:
    """Hash a name to 64 bits, the same in every process (unlike `hash`)."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")

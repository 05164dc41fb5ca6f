"""Top lists of all known users, computed before anybody asks for them.

A generation and its known users never change, so their default lists are written to a file
in the background: `python -m processes.fill_top_lists GENERATION`. Workers map the file and
look a list up once its block is done; until then, and for every other request, the model
scores on demand. Both ways give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import ItemRows
from storage.array_folder import load_array, replace_array

TOP_K = 5
BLOCK_USERS = 512

ROWS_FILE = "rows.npy"
DONE_FILE = "done.npy"


class TopLists:
    """The five best items of each user, as far as they are computed.

    Args:
        rows: (n_users, 5) int32 item rows, -1 where a user has fewer than five.
        done: (n_blocks,) uint8, 1 for each block of 512 users that is complete.
    """

    def __init__(self, rows: NDArray[np.int32], done: NDArray[np.uint8]) -> None:
        """Wrap the arrays, memory maps that another process may be filling."""
        self._rows = rows
        self._done = done

    @classmethod
    def create(cls, folder: Path, n_users: int) -> None:
        """Make the empty files, unless they exist in full length."""
        n_blocks = -(-n_users // BLOCK_USERS)
        if cls._is_whole(folder, n_users, n_blocks):
            return
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DONE_FILE).unlink(missing_ok=True)  # it describes the old rows
        for name, array in (
            (ROWS_FILE, np.full((n_users, TOP_K), -1, dtype=np.int32)),
            (DONE_FILE, np.zeros(n_blocks, dtype=np.uint8)),
        ):
            replace_array(folder / name, array)

    @classmethod
    def _is_whole(cls, folder: Path, n_users: int, n_blocks: int) -> bool:
        """Return whether both files have their full length; a power cut may shorten them."""
        try:
            lists = cls.open(folder)
        except (OSError, ValueError):
            return False
        return lists._rows.shape == (n_users, TOP_K) and lists._done.shape == (n_blocks,)

    @classmethod
    def open(cls, folder: Path, *, writable: bool = False) -> TopLists:
        """Map the files that `create` made.

        Raises:
            OSError: A file is missing.
            ValueError: A file is cut short.
        """
        mode: Literal["r", "r+"] = "r+" if writable else "r"
        rows, done = (load_array(folder / name, mode) for name in (ROWS_FILE, DONE_FILE))
        return cls(rows, done)

    def of(self, user_row: int) -> NDArray[np.int32] | None:
        """Return the item rows of a user, best first; None if they aren't computed yet."""
        if not self._done[user_row // BLOCK_USERS]:
            return None
        rows: NDArray[np.int32] = self._rows[user_row]
        return rows if rows[-1] >= 0 else rows[rows >= 0]

    @property
    def progress(self) -> float:
        """Share of the users whose list is computed, 0 to 1."""
        return float(np.mean(self._done)) if len(self._done) else 1.0

    def computed(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the rows (m,) of the users whose list is computed, and their lists (m, 5).

        Lists are item rows, best first, -1 where a user has fewer than five.
        """
        done = np.repeat(np.asarray(self._done) == 1, BLOCK_USERS)[: len(self._rows)]
        users = np.flatnonzero(done)
        return users, self._rows[users]

    def write_block(self, block: int, lists: Sequence[ItemRows]) -> None:
        """Store the lists of one block; a reader sees none of them before all are stored."""
        for user_row, rows in zip(self.users_of(block), lists, strict=True):
            self._rows[user_row, : len(rows)] = rows
        _flush(self._rows)
        self._done[block] = 1
        _flush(self._done)

    def users_of(self, block: int) -> range:
        """Rows of the users whose lists a block holds."""
        return range(block * BLOCK_USERS, min((block + 1) * BLOCK_USERS, len(self._rows)))

    def open_blocks(self) -> list[int]:
        """List the blocks that aren't complete, ascending."""
        return [int(block) for block in np.flatnonzero(np.asarray(self._done) == 0)]


def _flush(array: NDArray[np.generic]) -> None:
    if isinstance(array, np.memmap):
        array.flush()

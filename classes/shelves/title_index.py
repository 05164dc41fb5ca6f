"""Finds items by words of their titles, in an index that all workers map.

Each distinct word has the rows of the items whose title has it. Words are in alphabetical
order, so those that begin with a text are neighbors, and so are their items: a search for
beginnings looks up a slice, however many items there are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from itertools import chain
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import BoolArray, ItemRows
from recsys.ranking import top_rows
from recsys.shelves.words import words_of
from storage.name_table import Arrays, NameTable

_PREFIX: Final = "title_word"
_END: Final = "\n"
"""Ends each word in the table, so that what is found there never runs over two words."""

_LAST_CHARACTER: Final = "\U0010ffff"
_LEAST_INSIDE: Final = 3
"""Letters that are looked for inside words; one or two are in nearly all of them."""

_NO_ITEMS: Final = np.empty(0, dtype=np.int32)
_A_LEVEL: Final = float(1 << 32)
"""More ratings than any item has, so that no popularity makes up for a worse match."""


class TitleIndex:
    """Searches the titles of a catalog."""

    def __init__(self, arrays: Arrays, n_ratings: NDArray[np.int64]) -> None:
        """Wrap the arrays that `arrays` made, in memory or mapped from files.

        Args:
            arrays: Of the index.
            n_ratings: (n_items,) by which equal matches are ranked.
        """
        self._words = NameTable.from_arrays(arrays, _PREFIX)
        self._text = cast("NDArray[np.uint8]", arrays[f"{_PREFIX}_text"])
        self._offsets = arrays[f"{_PREFIX}_offsets"]
        self._starts = cast("NDArray[np.int64]", arrays[f"{_PREFIX}_starts"])
        self._items = cast("NDArray[np.int32]", arrays[f"{_PREFIX}_items"])
        self._first_words = cast("NDArray[np.int32]", arrays["title_first_word"])
        self._n_ratings = n_ratings

    @staticmethod
    def arrays(titles: Iterable[str]) -> Arrays:
        """Index titles (n_items,), in item order."""
        words = [words_of(title) for title in titles]
        vocabulary = sorted(set(chain.from_iterable(words)))
        number = {word: place for place, word in enumerate(vocabulary)}
        at = np.fromiter(map(number.__getitem__, chain.from_iterable(words)), dtype=np.int64)
        rows = np.repeat(np.arange(len(words)), [len(each) for each in words])
        at, rows = np.divmod(np.unique(at * len(words) + rows), max(len(words), 1))
        return {
            **NameTable.of(word + _END for word in vocabulary).arrays(_PREFIX),
            f"{_PREFIX}_starts": np.searchsorted(at, np.arange(len(vocabulary) + 1)),
            f"{_PREFIX}_items": rows.astype(np.int32),
            "title_first_word": np.array(
                [number[each[0]] if each else -1 for each in words], dtype=np.int32
            ),
        }

    def find(self, query: str, n: int) -> ItemRows:
        """Find the n best items whose titles have every word of a query, best first.

        Titles that begin with the first word come first, then those in which every word of the
        query begins a word, then those that have it inside a word. Among equals, items with
        more ratings come first, then lower rows.

        Args:
            query: As typed; the last word may be unfinished.
            n: Most items.
        """
        words = list(dict.fromkeys(words_of(query)))
        if not words:
            return _NO_ITEMS
        begins = self._with_all([self._beginnings(word) for word in words])
        lo, hi = self._beginnings(words[0])[0]
        leads = (self._first_words >= lo) & (self._first_words < hi)
        scores = _A_LEVEL * leads.astype(np.float64) + self._n_ratings
        found = top_rows(scores, n, _NO_ITEMS, begins)
        if len(found) == n:
            return found
        inside = self._with_all([self._anywhere(word) for word in words]) & ~begins
        return np.concatenate([found, top_rows(scores, n - len(found), _NO_ITEMS, inside)])

    def _with_all(self, ranges_of_words: list[list[tuple[int, int]]]) -> BoolArray:
        """Mark the items that have, for each word of a query, a word in one of its ranges."""
        mask = np.ones(len(self._n_ratings), dtype=bool)
        for ranges in ranges_of_words:
            has = np.zeros(len(mask), dtype=bool)
            for lo, hi in ranges:
                has[self._items[self._starts[lo] : self._starts[hi]]] = True
            mask &= has
            if not mask.any():
                break
        return mask

    def _beginnings(self, start: str) -> list[tuple[int, int]]:
        """Find the one range of the words that begin with a text."""
        return [
            (bisect_left(self._words, start), bisect_left(self._words, start + _LAST_CHARACTER))
        ]

    def _anywhere(self, part: str) -> list[tuple[int, int]]:
        """Find the ranges of the words that contain a text."""
        if len(part) < _LEAST_INSIDE:
            return self._beginnings(part)
        found = [match.start() for match in re.finditer(re.escape(part.encode()), self._text.data)]
        rows = np.unique(np.searchsorted(self._offsets, found, side="right") - 1).tolist()
        return [(row, row + 1) for row in rows]

"""The real encoder for some texts; for all others, the vectors that are known of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.embed.encoder import HalfArray, SentenceEncoder


@dataclass(frozen=True)
class SpotCheckEncoder:
    """Encodes anew what is to be checked.

    Attributes:
        real: Encodes the texts to check.
        checked: Those texts.
        known: Vectors of other texts; a text that is in neither gets zeros.
        dimension: The width of the vectors.
    """

    real: SentenceEncoder
    checked: Set[str]
    known: Mapping[str, HalfArray]
    dimension: int

    @property
    def fingerprint(self) -> str:
        return f"spot checks of {self.real.fingerprint}"

    def encode_many(
        self, texts: Sequence[str]
    ) -> Generator[tuple[NDArray[Any], HalfArray], None, None]:
        is_checked = np.array([text in self.checked for text in texts])
        others, checked = np.flatnonzero(~is_checked), np.flatnonzero(is_checked)
        nothing = np.zeros(self.dimension, dtype=np.float16)
        yield others, np.array([self.known.get(texts[row], nothing) for row in others])
        for positions, vectors in self.real.encode_many([texts[row] for row in checked]):
            yield checked[positions], vectors

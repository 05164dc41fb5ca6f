"""The sentence encoder's processes with nothing to load in them, each busy for a long time."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.embed.encoder import MAX_TOKENS, HalfArray, SentenceEncoder

SECONDS_A_BATCH = 0.1


class UnhurriedEncoder(SentenceEncoder):
    """Counts every text as a long one, and takes its time to give zeros for it."""

    def __call__(self, texts: Sequence[str]) -> HalfArray:
        end = time.monotonic() + SECONDS_A_BATCH
        while time.monotonic() < end:
            pass
        return np.zeros((len(texts), 1), dtype=np.float16)

    def _token_counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        return np.full(len(texts), MAX_TOKENS, dtype=np.int64)

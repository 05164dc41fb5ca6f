"""An encoder that costs next to nothing: sums of random vectors, one for each word.

It stands in for the sentence encoder, which would take an hour, where the stages around it are
measured. Texts with the same words have the same vector and those that share words have
similar ones, so item similarities, prices and training see vectors of the usual kind. How well
a model ranks by them says nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import HalfArray
from recsys.features.vectors import unit_length

WIDTH: Final = 384
N_WORDS: Final = 2**15
_BATCH_TEXTS: Final = 8_192


class WordEncoder:
    """Encodes texts as `pipeline.embed.cache.TextEncoder` does."""

    fingerprint = "sums-of-random-word-vectors"
    dimension = WIDTH

    def encode_many(
        self, texts: Sequence[str]
    ) -> Generator[tuple[NDArray[Any], HalfArray], None, None]:
        """Yield the vectors batch by batch, with their positions in `texts`."""
        from sklearn.feature_extraction.text import HashingVectorizer

        words = HashingVectorizer(n_features=N_WORDS, alternate_sign=False, dtype=np.float32)
        of_words = np.random.default_rng(0).normal(size=(N_WORDS, WIDTH)).astype(np.float32)
        for first in range(0, len(texts), _BATCH_TEXTS):
            batch = texts[first : first + _BATCH_TEXTS]
            vectors = unit_length(words.transform(batch) @ of_words)
            yield np.arange(first, first + len(batch)), vectors.astype(np.float16)

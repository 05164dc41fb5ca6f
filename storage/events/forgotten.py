"""Who was forgotten, as a value that can be taken to where the store can't be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import Names
from recsys.cleaning.forgotten import NEVER_FORGOTTEN
from storage.events.names import NameHash


@dataclass(frozen=True)
class ForgottenUsers:
    """Hashes of the names of users who were forgotten.

    Attributes:
        names: Hashes names as they were hashed.
        times_us: When each was forgotten, in microseconds since 1970, by hash.
    """

    names: NameHash
    times_us: Mapping[bytes, int]

    def until(self, names: Names) -> NDArray[np.int64]:
        """Look up until when each of some users (n,) was forgotten, (n,) microseconds since 1970.

        Most never were: `NEVER_FORGOTTEN`.
        """
        hashes = (self.names.of(str(name)) for name in names)
        times = [self.times_us.get(each, NEVER_FORGOTTEN) for each in hashes]
        return np.array(times, dtype=np.int64)

    def __repr__(self) -> str:
        """Say how many they are."""
        return f"<ForgottenUsers {len(self.times_us):,}>"

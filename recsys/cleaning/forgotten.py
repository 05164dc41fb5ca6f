"""What is known of users who asked to be forgotten goes, wherever rows of users are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys import columns
from recsys.arrays import BoolArray, Names

NEVER_FORGOTTEN: Final = np.iinfo(np.int64).min

ForgottenUntil = Callable[[Names], NDArray[np.int64]]
"""For names of users (n,): until when each was forgotten, (n,) in microseconds since 1970-01-01
UTC, that time included; `NEVER_FORGOTTEN` for most."""


def is_remembered(rows: pd.DataFrame, forgotten_until: ForgottenUntil) -> BoolArray:
    """Mark the rows (n,) that are later than their user's wish to be forgotten, if there was one.

    Args:
        rows: (n, any) with users and times.
        forgotten_until: Says which users were forgotten.
    """
    codes, names = pd.factorize(rows[columns.USER].astype("str"))
    until = np.append(forgotten_until(np.asarray(names, dtype=object)), NEVER_FORGOTTEN)
    times = rows[columns.REVIEW_TIME].to_numpy(dtype="datetime64[us]").astype(np.int64)
    return np.asarray(times > until[codes])

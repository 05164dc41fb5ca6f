"""Baselines chosen by their names, or by those of groups."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pipeline.evaluate.baselines import BASELINES, MINIMAL, USUAL, Baseline
from pipeline.evaluate.baselines.ease import EASE
from pipeline.evaluate.baselines.factors import BPR, IALS, MINIMAL_ALS
from pipeline.evaluate.baselines.neighbors import ITEM_KNN, RP3BETA
from pipeline.evaluate.baselines.sasrec import SASREC
from pipeline.evaluate.baselines.session_knn import SESSION_KNN
from pipeline.evaluate.baselines.slim import SLIM
from pipeline.evaluate.baselines.text_knn import TEXT_KNN

GROUPS: Final = {
    "all": BASELINES,
    "usual": USUAL,
    "minimal": MINIMAL,
    "mission": MINIMAL,  # an older spelling
    "factors": (MINIMAL_ALS, IALS, BPR),
    "neighbors": (ITEM_KNN, RP3BETA, EASE, SLIM, TEXT_KNN),
    "sequences": (SESSION_KNN, SASREC),
    "blends": tuple(baseline for baseline in BASELINES if baseline.parts),
}
"""What may be asked for at once."""


def baselines_named(words: Iterable[str]) -> tuple[Baseline, ...]:
    """Look up baselines, and those that they build on, in the order of `BASELINES`.

    Args:
        words: Names or groups; only letters, digits and "+" count.

    Raises:
        ValueError: A word is neither.
    """
    wanted = [baseline for word in words for baseline in _of(word)]
    wanted += [part for baseline in wanted for part in baseline.parts]
    return tuple(baseline for baseline in BASELINES if baseline in wanted)


def _of(word: str) -> tuple[Baseline, ...]:
    known = {_key(name): group for name, group in GROUPS.items()}
    known |= {_key(baseline.name): (baseline,) for baseline in BASELINES}
    found = known.get(_key(word))
    if found is None:
        groups = ", ".join(name for name in GROUPS if name != "mission")
        names = ", ".join(f"'{baseline.name}'" for baseline in BASELINES)
        raise ValueError(f"{word!r} is no baseline; give a group ({groups}) or a name ({names})")
    return found


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9+]", "", name.lower())

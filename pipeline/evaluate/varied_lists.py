"""What the service shows with more or less `diversity`, to be judged like its plain lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.ranking_model import RankingModel
from recsys.arrays import ItemRows

DIVERSITIES: Final = (0.0, 0.25, 0.5, 0.75)
LIST_LENGTH: Final = 10

VariedLists = Mapping[float, ItemRows]
"""Item rows (m, 10), best first, of each user of a cutoff, by diversity; -1 where fewer are left."""


def varied_lists(model: RankingModel, cutoff: Cutoff) -> VariedLists:
    """Ask a model of the service for its lists at every diversity, without limits on categories."""
    lists = model.lists
    if lists is None:
        return {}
    return {each: lists(cutoff.users, LIST_LENGTH, each) for each in DIVERSITIES}

"""Rankings as `diversity` and `max_per_category` want them."""

from __future__ import annotations

import numpy as np

from classes.app_data_processing import AppDataProcessor
from classes.options import RERANKED, RecommendationOptions
from recsys.arrays import BoolArray, ItemRows
from recsys.ranking import Ranking
from recsys.reranking import Search, cosines, limited, marginal_order, relevance


def varied(
    data: AppDataProcessor,
    options: RecommendationOptions,
    ranking: Ranking,
    search: Search,
    candidates: BoolArray | None,
    excluded: ItemRows,
) -> Ranking:
    """Limit the items of each category, then order the first `RERANKED` by diversity.

    Both are done to the whole ranking, of which pages are cut afterwards, so the first n
    items are the same for every n.

    Args:
        data: Holds categories and item vectors.
        options: What is wanted.
        ranking: The first `options.depth` items; fewer only where there are fewer.
        search: Continues the ranking.
        candidates: (n_items,) what may be ranked; None for all.
        excluded: Rows that may not, ascending.

    Returns:
        The first items, at least `options.last` unless fewer can be had.
    """
    most = options.max_per_category
    if most is not None:
        kinds, k = data.facts.categories, options.depth if options.diversity else options.last
        ranking = limited(ranking, k, kinds, most, search, candidates, excluded)
    if options.diversity and len(ranking.rows):
        ranking = _diversified(data, options, ranking)
    return ranking


def _diversified(
    data: AppDataProcessor, options: RecommendationOptions, ranking: Ranking
) -> Ranking:
    """Order the first items by maximal marginal relevance; the others stay where they are."""
    first, scores = ranking.rows[:RERANKED], ranking.scores[:RERANKED]
    similarities = cosines(data.inputs.item_desc[first])
    order = marginal_order(relevance(scores), similarities, options.diversity, len(first))
    return Ranking(
        np.concatenate([first[order], ranking.rows[RERANKED:]]),
        np.concatenate([scores[order], ranking.scores[RERANKED:]]),
    )

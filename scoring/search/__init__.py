"""Exact top-k search over all items, for a head of relu units and products.

    score(u, j) = Σ_t w_t relu(a_ut + h_jt) + Σ_d p_ud q_jd + c_u + e_j + bias

Since Σ w relu(a + h) = Σ w max(h, -a) + Σ w a, an item costs one max and one multiply-add a
unit. Every way to ask (one user or many, items in float32 or in bytes) gives the same bits:

1. A fast pass bounds every score from above: in float32 with a bound on its rounding
   (`exact.rounding_bound`), or from bytes with the errors of both codes (`quantize`).
2. Items are scored exactly (`exact.exact_score`, one routine for all ways) as long as their
   bound reaches the k-th best exact score so far.

Items that a user's history touches have rows of their own, see `touched`; they are visited
first, and the rest of the search passes over them.

An item left out has score <= bound < a k-th best score, which only rises; so the list is the
true one whatever the bounds are, and tight bounds only make it cheap. Scores are float32,
rounded once from a float64 sum; equal scores are ranked by lower row.
"""

from scoring.search.item_index import (
    NO_AFFINITY,
    ItemIndex,
    count_scored,
    frozen,
    score_items,
    top_k,
    top_k_batch,
    warm_up,
)
from scoring.search.quantize import quantize_items
from scoring.search.tables import Affinity, Codes, CompiledSimilarities, Workspace

__all__ = [
    "NO_AFFINITY",
    "Affinity",
    "Codes",
    "CompiledSimilarities",
    "ItemIndex",
    "Workspace",
    "count_scored",
    "frozen",
    "quantize_items",
    "score_items",
    "top_k",
    "top_k_batch",
    "warm_up",
]

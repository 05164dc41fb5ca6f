"""Exact top-k search over all items, compiled, for a head of relu units and products.

    score(u, j) = Σ_t w_t relu(a_ut + h_jt) + Σ_d p_ud q_jd + c_u + e_j + bias

A fast pass bounds every score from above; items are then scored exactly as long as their bound
reaches the k-th best exact score so far. docs/scoring.md shows why the answer is exact.
"""

from scoring.search.affinity import affected_items, phi_of_pairs, top_of_users
from scoring.search.affinity_tables import CompiledAffinities, CompiledSimilarities, Workspace
from scoring.search.entries import warm_up
from scoring.search.item_index import ItemIndex
from scoring.search.quantize import quantize_items
from scoring.search.queries import count_scored, score_items, top_k, top_k_batch
from scoring.search.tables import Codes, frozen

__all__ = [
    "Codes",
    "CompiledAffinities",
    "CompiledSimilarities",
    "ItemIndex",
    "Workspace",
    "affected_items",
    "count_scored",
    "frozen",
    "phi_of_pairs",
    "quantize_items",
    "score_items",
    "top_k",
    "top_k_batch",
    "top_of_users",
    "warm_up",
]

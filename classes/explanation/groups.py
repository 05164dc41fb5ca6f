"""Which of a model's inputs are explained together, and under what name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recsys.features.user_profile import PROFILE_COLUMNS
from scoring.explain import Group
from scoring.inputs import AFFINITY

ITEM_COLUMNS: Final = {
    "log_count_10d": "popularity",
    "log_count_30d": "popularity",
    "log_count_180d": "popularity",
    "log_count": "popularity",
    "has_history": "popularity",
    "rating": "rating",
    "five_star_rate": "rating",
    "price": "price",
    "log_price": "price",
}
"""Names of the columns of `item_price_df.pq`; a column that isn't here is a group of its own."""

PROFILE: Final = {
    "log_count": "n_reviews",
    "rating": "ratings",
    "log_price": "price_level",
    "five_star": "ratings",
}
VECTORS: Final = {
    "user_review": "review_texts",
    "user_item": "reviewed_items",
    "item_desc": "description",
}


def groups_of(
    widths: dict[str, int], item_columns: Sequence[str], similarities: Sequence[str]
) -> list[Group]:
    """Group the inputs: similarities one by one, columns by what they tell, vectors whole.

    Args:
        widths: Columns of each input that the model reads.
        item_columns: Names of the columns of `item_price`.
        similarities: Names of the affinities.
    """
    groups = [
        Group(AFFINITY, (column,), (name,))
        for column, name in enumerate(similarities)
        if AFFINITY in widths
    ]
    groups += [
        Group(name, tuple(range(widths[name])), (words,))
        for name, words in VECTORS.items()
        if name in widths
    ]
    for name, columns, names in (
        ("item_price", item_columns, ITEM_COLUMNS),
        ("user_profile", PROFILE_COLUMNS, PROFILE),
    ):
        if name in widths:
            groups += _by_name(name, [names.get(column, column) for column in columns])
    return groups


def _by_name(input_name: str, names: Sequence[str]) -> list[Group]:
    return [
        Group(input_name, tuple(at for at, each in enumerate(names) if each == name), (name,))
        for name in dict.fromkeys(names)
    ]

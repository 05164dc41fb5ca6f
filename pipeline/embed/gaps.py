"""What is missing in the reviews that `embed` reads, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

N_NEIGHBORS: Final = 5
"""Priced items that speak for one without a price."""


@dataclass(frozen=True)
class Gaps:
    """How much is missing.

    Attributes:
        n_items: Candidate items.
        n_textless: Those that nothing is written about.
        n_priceless: Those without a known price.
        n_users: Users with a training review.
        n_silent: Those of them who wrote no text.
        all_days: Whether every day counts as a training day.
    """

    n_items: int
    n_textless: int
    n_priceless: int
    n_users: int
    n_silent: int
    all_days: bool


def tell_fallbacks(gaps: Gaps, reviews_per_user: int, console: Console) -> None:
    """Print a sentence for each kind of gap."""
    for sentence in _sentences(gaps, reviews_per_user):
        console.print(sentence, style="yellow", highlight=False)


def _sentences(gaps: Gaps, n_wanted: int) -> Iterator[str]:
    if gaps.all_days:
        yield (
            "A split by time leaves no training review by a named user, so users are described "
            "by all of their reviews, and no model can be measured."
        )
    if gaps.n_textless:
        yield (
            f"{gaps.n_textless:,} of {gaps.n_items:,} items have no text at all: "
            f"their vectors are zeros."
        )
    if gaps.n_priceless == gaps.n_items:
        yield "No item has a price: the price input is zero for all."
    elif gaps.n_priceless:
        yield (
            f"{gaps.n_priceless:,} of {gaps.n_items:,} items have no price: each takes the mean "
            f"of the {N_NEIGHBORS} priced items described most like it."
        )
    if n_wanted == 0:
        yield "No review is encoded (--reviews-per-user 0): all review vectors are zeros."
    elif gaps.n_silent == gaps.n_users:
        yield "No user wrote review text in training: all review vectors are zeros."
    elif gaps.n_silent:
        yield (
            f"{gaps.n_silent:,} of {gaps.n_users:,} users wrote no review text: "
            f"their vectors are zeros."
        )

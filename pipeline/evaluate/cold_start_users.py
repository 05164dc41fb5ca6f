"""Cold-start rules for people who were never seen before, and which would serve them best.

The rule in service (`recsys.cold_start`) counts five-star ratings in a window; validation
chooses the window. It is compared with a decay, with plain popularity, and with itself
without its concession to prices, which shows what that costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from recsys import metrics
from recsys.cold_start import cold_start_order
from recsys.popularity import popularity_counts

WINDOWS_DAYS: Final = (30, 90, 180, 365, 730)
DECAYS_DAYS: Final = (30, 90, 180, 365)
K: Final = 5

Ranks = NDArray[np.float64]


@dataclass(frozen=True)
class ColdStartRanks:
    """Ranks by each rule for cold-start users of the test period, everything before it known.

    Attributes:
        windows: Days of each window tried and HitRate@5 of the served rule on validation.
        decays: Days of each decay tried and HitRate@5 of such counts on validation.
        users: (n,) the user of each case.
        ranks: Name of each rule to the ranks (n,) of the cases' items.
    """

    windows: tuple[tuple[int, float], ...]
    decays: tuple[tuple[int, float], ...]
    users: NDArray[np.int64]
    ranks: dict[str, Ranks]

    @property
    def window_days(self) -> int:
        """The window that validation chooses; of equal ones the shortest."""
        return max(self.windows, key=lambda tried: tried[1])[0]


def rank_by_cold_start_rules(
    validation: Cutoff, fresh: Cutoff, prices: NDArray[np.float64], window_days: int
) -> ColdStartRanks:
    """Choose window and decay on validation, then rank on the test period.

    Args:
        validation: The cutoff at which training ends.
        fresh: The cutoff at which validation ends too.
        prices: (n_items,) USD, NaN where unknown.
        window_days: The window that the service is set to.
    """
    windows = tuple(
        (days, _hit_rate(served_ranks(validation, prices, days), validation))
        for days in WINDOWS_DAYS
    )
    decays = tuple(
        (days, _hit_rate(counted_ranks(validation, days), validation)) for days in DECAYS_DAYS
    )
    chosen = max(windows, key=lambda tried: tried[1])[0]
    decay = max(decays, key=lambda tried: tried[1])[0]
    ranks = {
        f"as set: {window_days} days": served_ranks(fresh, prices, window_days),
        f"chosen window: {chosen} days": served_ranks(fresh, prices, chosen),
        f"chosen window, price apart: {chosen} days": served_ranks(
            fresh, prices, chosen, mix_prices=False
        ),
        f"chosen decay: {decay} days": counted_ranks(fresh, decay),
        "popularity": counted_ranks(fresh, None),
    }
    return ColdStartRanks(windows, decays, fresh.cold_start_users.users, ranks)


def served_ranks(
    cutoff: Cutoff, prices: NDArray[np.float64], window_days: int, *, mix_prices: bool = True
) -> Ranks:
    """Rank the cold-start users' items by the order that the service shows."""
    rows = cutoff.history.rows.where(cutoff.history.rows.items >= 0)
    rule = cold_start_order(
        rows.items, rows.days, rows.ratings, prices, window_days, mix_prices=mix_prices
    )
    place = np.empty(len(prices))
    place[rule.order] = np.arange(1, len(prices) + 1)
    return place[cutoff.cold_start_users.items]


def counted_ranks(cutoff: Cutoff, decay_days: float | None) -> Ranks:
    """Rank the cold-start users' items by how often all items were reviewed, ties by mid-rank."""
    from scipy.stats import rankdata

    rows = cutoff.history.rows.where(cutoff.history.rows.items >= 0)
    n_items = cutoff.history.n_items
    counts = popularity_counts(rows.items, rows.days, n_items, decay_days=decay_days)
    ranks: Ranks = n_items + 1 - rankdata(counts)
    return ranks[cutoff.cold_start_users.items]


def _hit_rate(ranks: Ranks, cutoff: Cutoff) -> float:
    if len(ranks) == 0:
        return 0.0
    return float(metrics.user_means(ranks, cutoff.cold_start_users.users, K).hit_rate.mean())

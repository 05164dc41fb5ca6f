"""A shop's rules, as many as a large one may have."""

from __future__ import annotations

from typing import Any

import numpy as np

from classes.rules.parsing import parse_rules
from classes.rules.rule import BOOST, BURY, HIDE, LAST_PLACE, PIN, Rule
from classes.snapshot import Snapshot

N_RULES = 1_000
ITEMS_OF_A_RULE = 10


def draw_rules(snapshot: Snapshot, seed: int = 0) -> tuple[Rule, ...]:
    """Draw rules: half of them hide, two fifths boost and bury, the others pin or name a price."""
    rng, data = np.random.default_rng(seed), snapshot.data
    drawn = []
    for number in range(N_RULES):
        rows = rng.integers(data.n_items, size=ITEMS_OF_A_RULE)
        rule: dict[str, Any] = {
            "id": f"rule {number}",
            "items": [data.item(int(row)) for row in rows],
        }
        turn = number % 10
        if turn < 5:
            rule |= {"action": HIDE}
        elif turn < 9:
            rule |= {"action": BOOST if turn < 7 else BURY, "by": float(rng.uniform(0.1, 2.0))}
        elif number % 50 == 9:
            del rule["items"]
            place = int(rng.integers(1, LAST_PLACE + 1))
            rule |= {"action": PIN, "item": data.item(int(rows[0])), "place": place}
        else:
            del rule["items"]
            low = float(rng.lognormal(3.0, 1.2))
            rule |= {"action": BOOST, "price_min": low, "price_max": 1.1 * low, "by": 0.5}
        drawn.append(rule)
    return parse_rules(drawn)

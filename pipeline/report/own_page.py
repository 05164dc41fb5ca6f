"""The page on one's own model, beside it: the report's tables of one's own numbers."""

from __future__ import annotations

from typing import Any, Final

from pipeline.report.findings import conclusions
from pipeline.report.markdown_tables import with_tables

DATA: Final = "your reviews"

_TABLES: Final = """
## Conclusions

{conclusions}

## Ranking the catalog

Means over users with 95 % intervals. *Fresh*: everything before the test period is known, as after
a refresh. *Stale*: only the training part is. "Served ahead by" is the NDCG@10 of the model in service
minus that of the row. Ranked are the items that somebody had reviewed by then.

<!-- table: ranking -->
<!-- end -->

With all items of the file, also those that nobody had reviewed yet:

<!-- table: whole_catalog -->
<!-- end -->

## What a refresh is worth

The model in service on the same users: refreshed (`python -m pipeline refresh`), with reloaded histories
alone (`POST /reload_data`), and stale.

<!-- table: modes -->
<!-- end -->

## Is the rating 5?

<!-- table: rating -->
<!-- end -->

## People never seen before

HitRate@5 on validation by how popularity is counted (`COLD_START_WINDOW_DAYS` sets the window), then
the rules on the test period.

<!-- table: windows -->
<!-- end -->

<!-- table: cold_start_users -->
<!-- end -->

## What `diversity` changes

Lists of the model in service, fresh. *Similarity*: mean cosine of the descriptions of two items of a list.

<!-- table: diversity -->
<!-- end -->

## What is shown, and what it costs

<!-- table: costs -->
<!-- end -->
"""

_SEE_ALSO: Final = """\
What it is for, how well it ranks for whom, and what it can't know: [model card](model_card.md).
What no such figures can say, and how to ask users: `report/offline_and_online.md` of the project.
"""


def own_page(card: dict[str, Any], numbers: dict[str, Any] | None) -> str:
    """Write the page as Markdown.

    Args:
        card: The card of the model; {} where it has none.
        numbers: What `evaluate` measured; None where there was nothing to judge by.
    """
    parts = [
        "# How good the model is on your reviews\n",
        f"Model: {card.get('model', 'unknown')}\n",
        _SEE_ALSO,
    ]
    parts += [
        f"* No {name}: {refused['reason']} {refused['needed']}.\n"
        for name, refused in card.get("instead_of", {}).items()
    ]
    if numbers is None:
        parts.append(
            "Nothing was measured: no user with a history reviewed a new item both in the "
            "validation days and in the test days. Give reviews over a longer time, or of users "
            "who come back.\n"
        )
    else:
        text = _TABLES.format(conclusions=conclusions(numbers))
        parts.append(with_tables(text, {DATA: numbers}).lstrip("\n"))
    return "\n".join(parts)

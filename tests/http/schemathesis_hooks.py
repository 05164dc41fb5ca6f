"""What no schema can say, told to schemathesis: which values fit together, and fit the data.

Only requests that are meant to be good are mended; the bad ones stay as bad as they are.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.generation import GenerationMode

A_CATEGORY = "Bird Feeding"


@schemathesis.hook
def map_case(context: HookContext, case: Case) -> Case:
    """Put prices in order, and ask for a category of the bundled sample."""
    if case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        for options in (case.query, case.body):
            _mend(options)
    return case


def _mend(options: Any) -> None:
    if not isinstance(options, dict):
        return
    if "category" in options:
        options["category"] = A_CATEGORY
    # In a query the numbers may be texts already.
    if float(options.get("price_min", 0)) > float(options.get("price_max", "inf")):
        options["price_min"], options["price_max"] = options["price_max"], options["price_min"]

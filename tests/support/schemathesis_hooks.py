"""What no schema can say, told to schemathesis: which values fit together, and fit the data.

Only requests that are meant to be good are mended; the bad ones stay as bad as they are.
"""

from __future__ import annotations

from typing import Any, Final

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.generation import GenerationMode

KNOWN: Final = {"category": "kettles", "item": "blue kettle", "user": "kelly sullivan"}
"""Names of the tiny artifacts."""


@schemathesis.hook
def map_case(context: HookContext, case: Case) -> Case:
    """Put prices in order, and ask for what there is: always for categories, else now and then."""
    if case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        if case.path == "/recommendations":
            case.query = case.query or {}
            _name_somebody(case.query if case.method == "GET" else case.body)
        for parameters in (case.query, case.body, case.path_parameters):
            if isinstance(parameters, dict):
                _mend(parameters)
    return case


def _mend(parameters: dict[str, Any]) -> None:
    parameters.pop("retrain", None)  # minutes of training are tested by themselves
    for name, known in KNOWN.items():
        if name in parameters and (name == "category" or len(str(parameters[name])) % 2):
            parameters[name] = known
    # In a query the numbers may be texts already.
    low, high = parameters.get("price_min", 0), parameters.get("price_max", "inf")
    if float(low) > float(high):
        parameters["price_min"], parameters["price_max"] = high, low


def _name_somebody(parameters: Any) -> None:
    """Ask for a user where neither users nor a history came."""
    if isinstance(parameters, dict) and not {"users", "history"} & set(parameters):
        parameters["users"] = [KNOWN["user"]]

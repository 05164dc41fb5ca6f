"""Constraints that no schema can express: values that must match each other or the data.

Only requests that are meant to be valid are adjusted; invalid ones stay as they are.
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
    """Order the prices and use names that exist: always for categories, sometimes for others."""
    if case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        if case.path == "/recommendations":
            case.query = case.query or {}
            _add_user(case.query if case.method == "GET" else case.body)
        for parameters in (case.query, case.body, case.path_parameters):
            if isinstance(parameters, dict):
                _adjust(parameters)
    return case


def _adjust(parameters: dict[str, Any]) -> None:
    parameters.pop("retrain", None)  # minutes of training are tested by themselves
    for name, known in KNOWN.items():
        if name in parameters and (name == "category" or len(str(parameters[name])) % 2):
            parameters[name] = known
    # In a query the numbers may be texts already.
    low, high = parameters.get("price_min", 0), parameters.get("price_max", "inf")
    if float(low) > float(high):
        parameters["price_min"], parameters["price_max"] = high, low


def _add_user(parameters: Any) -> None:
    """Add a user to a request with neither users nor a history."""
    if isinstance(parameters, dict) and not {"users", "history"} & set(parameters):
        parameters["users"] = [KNOWN["user"]]

"""The model card, `best_model.json`: what a model is and how good it is."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pipeline.errors import NotTrainableError
from recsys.split import SplitError
from storage.atomic import replacing

Refusals = Mapping[str, NotTrainableError | SplitError]
"""Names of models that could not be trained, and why."""

LONGER: Final = "Give reviews of several days"


def save_model(model: Any, card: dict[str, Any], model_path: Path) -> None:
    """Write a Keras model and then its card beside it, each atomically."""
    with replacing(model_path) as unfinished:
        model.save(unfinished)
    save_card(card, model_path)


def save_card(card: Mapping[str, Any], model_path: Path) -> None:
    """Write the card beside a model, atomically."""
    with replacing(card_path(model_path)) as unfinished:
        unfinished.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def card_path(model_path: Path) -> Path:
    """Return the path of the card beside a model."""
    return model_path.with_suffix(".json")


def read_card(model_path: Path) -> dict[str, Any]:
    """Read the card beside a model; {} if there is none or it isn't readable."""
    try:
        card = json.loads(card_path(model_path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}


def versions(libraries: Sequence[str]) -> dict[str, str]:
    """List the versions of Python and of some libraries."""
    return {name: version(name) for name in libraries} | {"python": platform.python_version()}


def refused_facts(refused: Refusals | None) -> dict[str, Any]:
    """State for the card of a fallback which models it stands in for; {} for any other."""
    facts = {
        name: {"reason": getattr(error, "reason", str(error)), "needed": needed_for(error)}
        for name, error in (refused or {}).items()
    }
    return {"instead_of": facts} if facts else {}


def needed_for(error: NotTrainableError | SplitError) -> str:
    """Say what would make a model trainable, without a full stop."""
    return error.needed if isinstance(error, NotTrainableError) else LONGER

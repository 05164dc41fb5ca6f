"""Splits a loaded Keras model into user half, item half and joint head, exactly.

The split is read from the graph itself, see docs/scoring.md. A model that has no exact split is
refused with the reason.
"""

from __future__ import annotations

from typing import Any

from scoring.split import algebra
from scoring.split.affinity import separate_affinity
from scoring.split.forms import GraphSplitError, Source
from scoring.split.lower import Lowered, lower
from scoring.split.precision import as_float32
from scoring.split.split_model import AFFINITY, INPUTS, REQUIRED_INPUTS, SplitModel
from scoring.split.walk import output_value


def input_widths(model: Any) -> tuple[int, ...]:
    """Columns of each input of a model, in its order; an input of shape (rows,) counts as one.

    Raises:
        GraphSplitError: An input is not a matrix of known width, or the batch size is fixed.
    """
    widths = []
    for tensor in model.inputs:
        shape = tuple(tensor.shape)
        if len(shape) not in (1, 2) or shape[0] is not None or None in shape[1:]:
            raise GraphSplitError(
                f"input {tensor.name!r} has shape {shape}; expected (None, width)"
            )
        widths.append(int(shape[1]) if len(shape) == 2 else 1)
    return tuple(widths)


def split(model: Any) -> SplitModel:
    """Split a model that reads `INPUTS`, the first four, five or all six.

    Raises:
        GraphSplitError: It has no exact split; the text says at which layer and why.
    """
    n_inputs = len(model.inputs)
    if not REQUIRED_INPUTS <= n_inputs <= len(INPUTS) or len(model.outputs) != 1:
        raise GraphSplitError(
            f"{n_inputs} inputs and {len(model.outputs)} outputs; expected user review, user "
            "item, item description, price, optionally affinity and user profile, and one output"
        )
    if isinstance(model.input, dict):
        raise GraphSplitError(
            "the inputs are named, not in order; save the model with a list of inputs"
        )
    widths = input_widths(model)
    reference, note = as_float32(model)
    head, user, item = _lowered(reference)
    affinity_weights = None
    if n_inputs > AFFINITY:
        item, affinity_weights = separate_affinity(item, AFFINITY, widths[AFFINITY])
    return SplitModel(head, widths, reference, user, item, note, affinity_weights)


def _lowered(model: Any) -> Lowered:
    """Read head and halves from the graph; whatever the rules did not expect is refused too."""
    sides = [side for _, side in INPUTS[: len(model.inputs)]]
    try:
        value = output_value(model, sides, AFFINITY if len(sides) > AFFINITY else None)
        return lower(algebra.from_leaf(value) if isinstance(value, Source) else value)
    except GraphSplitError:
        raise
    except RecursionError as error:
        raise GraphSplitError("the graph is too deep to be read") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A graph from elsewhere may hold what no rule expects: slow is better than wrong.
        raise GraphSplitError(f"the graph holds something unforeseen: {error!r}") from error

"""Keras's activation functions as linear forms: by function, layer or operation.

Piecewise linear ones all become `relu` with a slope and a ceiling, which the fast
additive head understands; the others keep a name of `scoring.head.activations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import keras
import numpy as np

from scoring.split import algebra
from scoring.split.forms import Form, GraphSplitError


def activated(form: Form, name: str) -> Form:
    """Apply Keras's activation of that name, with Keras's default parameters.

    Raises:
        GraphSplitError: The function has no exact rule.
    """
    if name in _PIECEWISE:
        return _PIECEWISE[name](form)
    if name not in _SMOOTH:
        raise GraphSplitError(f"the activation {name!r} has no exact rule")
    return algebra.activate(form, name)


def function_name(function: Any) -> str:
    """Return the name of one of Keras's own activation functions.

    Raises:
        GraphSplitError: The function is not Keras's own, whatever its name.
    """
    name = str(getattr(function, "__name__", type(function).__name__))
    if getattr(keras.activations, name, None) is not function:
        raise GraphSplitError(f"the activation {name!r} is not one of Keras's own")
    return name


def operation_form(operation: Any, form: Form) -> Form:
    """Apply an activation that stands in the graph as a layer or operation of its own."""
    name = type(operation).__name__
    alpha = float(getattr(operation, "alpha", 1.0))
    if name in ("LeakyReLU", "LeakyRelu"):
        return algebra.activate(form, "relu", (float(operation.negative_slope), np.inf))
    if name in ("ELU", "Elu", "Celu"):
        return algebra.activate(form, name.lower(), (alpha,))
    if name == "Gelu":
        return algebra.activate(form, "gelu", (float(operation.approximate),))
    if name == "Softmax" and operation.axis not in (-1, 1):
        raise GraphSplitError(f"works along axis {operation.axis}; expected the last")
    return activated(form, OPERATION_NAMES[name])


def _relu(slope: float, ceiling: float) -> Callable[[Form], Form]:
    return lambda form: algebra.activate(form, "relu", (slope, ceiling))


def _hard_tanh(form: Form) -> Form:
    """min(max(x, -1), 1) = relu2(x + 1) - 1, relu2 being clipped at 2."""
    return algebra.affine(_relu(0.0, 2.0)(algebra.affine(form, shift=1.0)), shift=-1.0)


def _hard_sigmoid(form: Form) -> Form:
    """min(max(x / 6 + 1/2, 0), 1)."""
    return _relu(0.0, 1.0)(algebra.affine(form, 1 / 6, 0.5))


_PIECEWISE: Final[Mapping[str, Callable[[Form], Form]]] = MappingProxyType(
    {
        "linear": lambda form: form,
        "relu": _relu(0.0, np.inf),
        "relu6": _relu(0.0, 6.0),
        "leaky_relu": _relu(0.2, np.inf),
        "abs": _relu(-1.0, np.inf),
        "hard_tanh": _hard_tanh,
        "hard_sigmoid": _hard_sigmoid,
    }
)
_SMOOTH: Final = (
    frozenset({"exponential", "hard_silu", "log", "log1p", "log_sigmoid", "mish", "reciprocal"})
    | {"rsqrt", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "sqrt", "tanh"}
    | {"elu", "celu", "gelu"}
)
_NAMES_OF_CLASSES: Final = {
    "".join(part.capitalize() for part in name.split("_")): name
    for name in (*_PIECEWISE, *_SMOOTH)
    if name not in ("linear", "exponential")
}
OPERATION_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    _NAMES_OF_CLASSES
    | {"Absolute": "abs", "ELU": "elu", "Exp": "exponential", "LeakyReLU": "leaky_relu"}
)
"""Classes of layers and operations that are an activation, with its name."""

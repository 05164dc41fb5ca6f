"""Activation functions on float32 arrays, by the names that a joint head stores.

Each follows the formula that Keras documents, so that a head computed here and
`model.predict` agree to float32 rounding. Parameters are plain floats, so that the
file of a head holds no code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from recsys.arrays import FloatArray

Function = Callable[..., FloatArray]

_ROOT_OF_2_BY_PI = 0.7978845608028654
_ROOT_OF_HALF = 0.7071067811865476
_SELU_SCALE = 1.0507009873554805
_SELU_ALPHA = 1.6732632423543772
_ERF_TERMS = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def relu(x: FloatArray, slope: float = 0.0, ceiling: float = np.inf) -> FloatArray:
    """min(max(x, 0), ceiling) + slope · min(x, 0): plain, leaky and clipped units in one."""
    above = np.maximum(x, np.float32(0))
    if ceiling != np.inf:
        np.minimum(above, np.float32(ceiling), out=above)
    if slope:
        above += np.float32(slope) * np.minimum(x, np.float32(0))
    return above


def sigmoid(x: FloatArray) -> FloatArray:
    """1 / (1 + e⁻ˣ), written with tanh so that no exponential overflows."""
    return _float32(np.float32(0.5) + np.float32(0.5) * np.tanh(np.float32(0.5) * x))


def softplus(x: FloatArray) -> FloatArray:
    """log(1 + eˣ) without overflow."""
    return np.logaddexp(x, np.float32(0))


def elu(x: FloatArray, alpha: float = 1.0) -> FloatArray:
    """Return x above zero, alpha · (eˣ - 1) below."""
    return np.where(x > 0, x, np.float32(alpha) * np.expm1(np.minimum(x, np.float32(0))))


def celu(x: FloatArray, alpha: float = 1.0) -> FloatArray:
    """Return x above zero, alpha · (exp(x / alpha) - 1) below."""
    return elu(x / np.float32(alpha), 1.0) * np.float32(alpha)


def selu(x: FloatArray) -> FloatArray:
    """Scaled ELU with the two constants of Klambauer et al. (2017)."""
    return np.float32(_SELU_SCALE) * elu(x, _SELU_ALPHA)


def erf(x: FloatArray) -> FloatArray:
    """Gauss error function to 1.5e-7 (Abramowitz and Stegun 7.1.26); NumPy has none."""
    t = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * np.abs(x))
    polynomial = np.zeros_like(t)
    for coefficient in reversed(_ERF_TERMS):
        polynomial = (polynomial + np.float32(coefficient)) * t
    return _float32(np.copysign(np.float32(1) - polynomial * np.exp(-x * x), x))


def gelu(x: FloatArray, approximate: float = 0.0) -> FloatArray:
    """Return x · Φ(x), by erf, or by tanh if `approximate`."""
    if approximate:
        cubed: FloatArray = x * x * x * np.float32(0.044715)
        doubled: FloatArray = np.float32(1) + np.tanh((x + cubed) * np.float32(_ROOT_OF_2_BY_PI))
    else:
        doubled = np.float32(1) + erf(x * np.float32(_ROOT_OF_HALF))
    return np.float32(0.5) * x * doubled


def unit_norm(x: FloatArray, epsilon: float) -> FloatArray:
    """Each row divided by its Euclidean length, or by epsilon where that is larger."""
    length = np.sqrt(np.square(x).sum(axis=1, keepdims=True))
    return _float32(x / np.maximum(length, np.float32(epsilon)))


def standardize(x: FloatArray, epsilon: float) -> FloatArray:
    """Subtract each row's mean and divide by sqrt(variance + epsilon), as layer normalization."""
    centered = x - x.mean(axis=1, keepdims=True)
    variance = np.square(centered).mean(axis=1, keepdims=True)
    return _float32(centered / np.sqrt(variance + np.float32(epsilon)))


def softmax(x: FloatArray) -> FloatArray:
    """eˣ over its sum along the row."""
    raised = np.exp(x - x.max(axis=1, keepdims=True))
    return _float32(raised / raised.sum(axis=1, keepdims=True))


ELEMENTWISE: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "relu": relu,
        "sigmoid": sigmoid,
        "tanh": np.tanh,
        "softplus": softplus,
        "softsign": lambda x: x / (np.float32(1) + np.abs(x)),
        "exponential": np.exp,
        "log_sigmoid": lambda x: -softplus(-x),
        "elu": elu,
        "celu": celu,
        "selu": selu,
        "gelu": gelu,
        "silu": lambda x: x * sigmoid(x),
        "mish": lambda x: x * np.tanh(softplus(x)),
        "hard_silu": lambda x: x * relu(x + np.float32(3), 0.0, 6.0) / np.float32(6),
        "sqrt": np.sqrt,
        "rsqrt": lambda x: np.float32(1) / np.sqrt(x),
        "reciprocal": lambda x: np.float32(1) / x,
        "log": np.log,
        "log1p": np.log1p,
    }
)
"""Functions of one number: they may be applied to any columns on their own."""

ROWWISE: Final[Mapping[str, Function]] = MappingProxyType(
    {"unit_norm": unit_norm, "standardize": standardize, "softmax": softmax}
)
"""Functions of a whole row (n, width): they need all of its columns at once."""

INCREASING: Final = frozenset(
    {"sigmoid", "tanh", "softplus", "softsign", "exponential", "log_sigmoid", "elu", "celu", "selu"}
)
"""Strictly increasing functions: the order of their values is the order of their arguments."""


def apply(name: str, x: FloatArray, parameters: tuple[float, ...] = ()) -> FloatArray:
    """Apply the function of that name to x (n, width) float32; the shape stays.

    Raises:
        KeyError: No function has that name.
    """
    function = ELEMENTWISE.get(name) or ROWWISE[name]
    with np.errstate(all="ignore"):  # overflow and log(0) give inf and NaN, as in Keras
        return function(x, *parameters)


def _float32(values: FloatArray) -> FloatArray:
    return values.astype(np.float32, copy=False)

"""Fitting the five-star model: which columns, how strongly shrunk, chosen on validation ratings.

The inputs are those of the end of the training days, so that no column knows the ratings that are
fitted. Each candidate predicts the ratings of users it wasn't fitted on, and the best Brier score
wins; where that is the bias model as it is, there is nothing to fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import BoolArray, Rows
from recsys.features.five_star_model import INTERCEPT, NO_HISTORY

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

BIAS_MODEL: Final = "bias model"
CALIBRATED: Final = "bias model, calibrated"
STACKED: Final = "stacked"

BIAS_COLUMNS: Final = (
    NO_HISTORY,
    "user.log_count",
    "user.five_star",
    "item.log_count",
    "item.five_star_rate",
)
"""The terms of the bias model, and how many ratings speak for them."""

INVERSE_PENALTIES: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""C of scikit-learn, for columns of unit variance."""

N_PARTS: Final = 5
FEWEST_OF_A_KIND: Final = 20
"""Fewer ratings of five stars, or of less, fit nothing."""


class Pairs(NamedTuple):
    """Ratings to fit and to choose by.

    Attributes:
        users: (n,) int, by whom they are parted.
        liked: (n,) whether each is five stars.
        columns: (n, p) float64, what is known of each pair.
        names: Names of the columns.
        by_bias_model: (n,) float64, the probability by the bias model.
    """

    users: Rows
    liked: BoolArray
    columns: NDArray[np.float64]
    names: Sequence[str]
    by_bias_model: NDArray[np.float64]


class StackChoice(NamedTuple):
    """What came out.

    Attributes:
        coefficients: Of `recsys.features.five_star_model`; None for the bias model as it is.
        facts: What the model card says about it.
    """

    coefficients: dict[str, float] | None
    facts: dict[str, Any]

    def for_card(self) -> dict[str, Any]:
        """Name the coefficients as `chosen_by_training` finds them."""
        if self.coefficients is None:
            return {}
        return {"five_star_coefficients": self.coefficients}


class _Candidate(NamedTuple):
    columns: Sequence[str]
    inverse_penalty: float


def choose_stack(pairs: Pairs) -> StackChoice:
    """Choose and fit the model, or keep to the bias model."""
    plain = _brier_score(pairs.liked, pairs.by_bias_model)
    briers = {BIAS_MODEL: plain}
    best: tuple[float, str, _Candidate] | None = None
    for name, candidate in _candidates(pairs):
        brier = _brier_score(pairs.liked, _predicted(pairs, candidate))
        briers[name] = min(brier, briers.get(name, brier))
        if brier < min(plain, best[0] if best else plain):
            best = brier, name, candidate
    rounded = {name: round(brier, 4) for name, brier in briers.items()}
    facts: dict[str, Any] = {"pairs": len(pairs.liked), "brier": rounded}
    if best is None:
        return StackChoice(None, {"model": BIAS_MODEL, **facts})
    _, name, candidate = best
    facts |= {"inverse_penalty": candidate.inverse_penalty}
    return StackChoice(_coefficients(pairs, candidate), {"model": name, **facts})


def _candidates(pairs: Pairs) -> Iterator[tuple[str, _Candidate]]:
    """List what may be fitted; nothing where a part would leave ratings of one kind."""
    n_liked = int(pairs.liked.sum())
    if min(n_liked, len(pairs.liked) - n_liked) < FEWEST_OF_A_KIND:
        return
    if len(np.unique(pairs.users)) < N_PARTS:
        return
    if any(len(np.unique(pairs.liked[fitted])) < 2 for fitted, _ in _parts(pairs)):
        return
    for name, columns in ((CALIBRATED, BIAS_COLUMNS), (STACKED, pairs.names)):
        for inverse_penalty in INVERSE_PENALTIES:
            yield name, _Candidate(columns, inverse_penalty)


def _parts(pairs: Pairs) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Part the pairs by user: which to fit, and which to predict."""
    from sklearn.model_selection import GroupKFold

    return list(GroupKFold(N_PARTS).split(pairs.columns, pairs.liked, pairs.users))


def _predicted(pairs: Pairs, candidate: _Candidate) -> NDArray[np.float64]:
    """Predict each pair by a fit on the pairs of other users, (n,)."""
    from sklearn.model_selection import cross_val_predict

    found = cross_val_predict(
        _logistic(candidate),
        _chosen(pairs, candidate),
        pairs.liked,
        cv=_parts(pairs),
        method="predict_proba",
    )
    return np.asarray(found[:, 1])


def _brier_score(liked: BoolArray, chances: NDArray[np.float64]) -> float:
    """Mean squared error of probabilities (Brier, 1950)."""
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(liked, chances, labels=[False, True]))


def _coefficients(pairs: Pairs, candidate: _Candidate) -> dict[str, float]:
    """Fit on all pairs, and take the scaling of the columns into the coefficients."""
    scaler, logistic = _logistic(candidate).fit(_chosen(pairs, candidate), pairs.liked)
    weights = logistic.coef_[0] / scaler.scale_
    intercept = float(logistic.intercept_[0] - weights @ scaler.mean_)
    return {INTERCEPT: intercept} | dict(zip(candidate.columns, map(float, weights), strict=True))


def _logistic(candidate: _Candidate) -> Pipeline:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), LogisticRegression(C=candidate.inverse_penalty, max_iter=1_000)
    )


def _chosen(pairs: Pairs, candidate: _Candidate) -> NDArray[np.float64]:
    return pairs.columns[:, [pairs.names.index(name) for name in candidate.columns]]

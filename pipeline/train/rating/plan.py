"""How a rating network is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RatingPlan:
    """How to train a rating network.

    Attributes:
        epochs: Most passes over the training rows.
        batch_size: Rows a step.
        patience: Epochs without a better validation loss after which training ends.
        seed: Chooses the drawn rows, the first weights, the order and the dropout.
    """

    epochs: int = 50
    batch_size: int = 64
    patience: int = 5
    seed: int = 7

"""The training loop of the rating network: seeded, stopped early, watched."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pipeline.errors import NotTrainableError
from pipeline.train.rating.data import Features
from pipeline.train.rating.network import batches, build_network, feature_tables
from recsys.interactions import Interactions

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.train.rating.plan import RatingPlan

VALIDATION_BATCH = 1_024


@dataclass
class Losses:
    """The losses of a fit, epoch by epoch."""

    training: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) with the lowest validation loss, whose weights are kept."""
        return int(np.argmin(self.validation)) + 1

    @property
    def best_loss(self) -> float:
        """The lowest validation loss."""
        return min(self.validation)


def fit(
    features: Features,
    rows: Interactions,
    held_out: Interactions,
    plan: RatingPlan,
    console: Console,
) -> tuple[Any, Losses]:
    """Fit a new network; two calls with the same arguments give the same weights.

    Args:
        features: The tables that rows point into.
        rows: Training rows, both classes equally many.
        held_out: Validation rows.
        plan: How to train.
        console: Gets one line an epoch.

    Raises:
        NotTrainableError: The loss became NaN, infinite or zero.
    """
    keras.utils.set_random_seed(plan.seed)
    tf.config.experimental.enable_op_determinism()
    tables = feature_tables(features)
    training = batches(
        tables, rows.users, rows.items, rows.liked, plan.batch_size, shuffle_seed=plan.seed
    )
    weights = balancing_weights(held_out.liked)
    validation = batches(
        tables, held_out.users, held_out.items, held_out.liked, VALIDATION_BATCH, weights=weights
    )
    model = build_network(features.widths)
    model.compile(optimizer="adam", loss="binary_crossentropy", jit_compile=False)
    losses = Losses()
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=plan.patience, restore_best_weights=True
    )
    model.fit(
        training,
        validation_data=validation,
        epochs=plan.epochs,
        callbacks=[_Watch(losses, plan.epochs, console), stop],
        shuffle=False,  # the batches come shuffled
        verbose=0,
    )
    return _without_optimizer(model, features.widths), losses


def balancing_weights(labels: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Weigh rows (n,) so that both classes count alike and the mean weight is 1."""
    share = labels.mean()
    return np.asarray(np.where(labels, 0.5 / share, 0.5 / (1 - share)), dtype=np.float32)


def _without_optimizer(model: Any, widths: tuple[int, int, int, int]) -> Any:
    """Copy the weights into a network without Adam's moments, a third of the file's size."""
    plain = build_network(widths)
    plain.set_weights(model.get_weights())
    return plain


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Keeps the losses, prints a line per epoch, and refuses a meaningless loss."""

    def __init__(self, losses: Losses, epochs: int, console: Console) -> None:
        super().__init__()
        self._losses, self._epochs, self._console = losses, epochs, console
        self._started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002  Keras's form
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        loss, validation_loss = logs["loss"], logs["val_loss"]
        for value in (loss, validation_loss):
            if not math.isfinite(value) or value == 0:
                raise NotTrainableError(
                    f"Epoch {epoch + 1} has the loss {value}, so nothing can be learned from it.",
                    "Check the embeddings for huge values",
                    "rebuild them: python -m pipeline embed",
                )
        self._losses.training.append(loss)
        self._losses.validation.append(validation_loss)
        best = "  best so far" if self._losses.best_epoch == epoch + 1 else ""
        self._console.print(
            f"epoch {epoch + 1:>2}/{self._epochs}  loss {loss:.4f}  validation loss "
            f"{validation_loss:.4f}  {time.monotonic() - self._started:.1f} s{best}"
        )

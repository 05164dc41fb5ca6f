"""Fitting the head listwise: several of them at once, stopped early, averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
import tensorflow as tf

from pipeline.train.ranker.feature_state import RECENCY_DECAY
from pipeline.train.ranker.head import RankerHead
from pipeline.train.ranker.item_columns import ITEM_COLUMNS, POPULARITY_COLUMNS
from pipeline.train.ranker.lists import TrainingLists
from recsys.arrays import FloatArray

if TYPE_CHECKING:
    from collections.abc import Callable


HELD_OUT_SHARE: Final = 0.1
GUESS: Final = (0.2, 0.75)
"""Initial weights of popularities and affinities; with few lists little will change them."""
_MASKED: Final = -1e9
_INPUTS_AT_ONCE: Final = 3
"""Inputs whose spread is taken together: of all of them, copies in float64 are gigabytes."""


@dataclass(frozen=True)
class RankerPlan:
    """How to fit the head.

    Attributes:
        hidden_units: Hidden units of each of the averaged heads; 0 for linear ones.
        n_heads: Number of heads to average.
        learning_rate: Learning rate of AdamW.
        weight_decay: Weight decay of AdamW.
        batch_size: Lists per step.
        epochs: Most passes over the lists.
        patience: Epochs without a better held-out loss after which fitting ends.
        seed: Seed of the initial weights, the order and the held-out users.
    """

    hidden_units: int = 32
    n_heads: int = 3
    learning_rate: float = 5e-3
    weight_decay: float = 0.01
    batch_size: int = 128
    epochs: int = 30
    patience: int = 3
    seed: int = 7


def fit_head(
    lists: TrainingLists,
    plan: RankerPlan,
    on_epoch: Callable[[int, float], object] = lambda *_: None,
) -> RankerHead:
    """Fit heads to lists with a softmax loss, and average them.

        loss = -log( exp(s_0) / Σ_k weight_k exp(s_k) )   for the target 0

    A tenth of the users is held out for early stopping. The same lists and plan give the same head.

    Args:
        lists: The lists of all folds; their features are scaled in place, being gigabytes.
        plan: How to fit.
        on_epoch: Called with the number of the epoch, from 1, and the held-out loss.
    """
    keras.utils.set_random_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    mean, spread = _mean_and_spread(lists)
    features = lists.features
    features -= mean
    features /= spread
    log_weights = np.maximum(lists.log_weights, _MASKED)
    persons = np.unique(lists.users)
    held_out = np.isin(lists.users, random.permutation(persons)[: _n_held_out(len(persons))])
    heads = _Heads(features.shape[-1], spread, plan, random)
    step, loss_of = heads.compiled()
    rows = np.flatnonzero(~held_out)
    watched = [tf.constant(part[held_out]) for part in (features, log_weights)]
    best, losses = heads.weights(), [float(loss_of(*watched))]
    for epoch in range(plan.epochs):
        random.shuffle(rows)
        for first in range(0, len(rows), plan.batch_size):
            part = rows[first : first + plan.batch_size]
            step(features[part], log_weights[part])
        losses.append(float(loss_of(*watched)))
        on_epoch(epoch + 1, losses[-1])
        if losses[-1] == min(losses):
            best = heads.weights()
        elif epoch + 1 - int(np.argmin(losses)) >= plan.patience:
            break
    return heads.averaged(best).unscaled(mean, spread)


class _Heads:
    """Heads that learn side by side from the same batches, each from its own initial weights."""

    def __init__(
        self, n_inputs: int, spread: FloatArray, plan: RankerPlan, random: np.random.Generator
    ) -> None:
        self.plan = plan
        width = plan.n_heads * plan.hidden_units
        first = random.normal(scale=np.sqrt(2 / n_inputs), size=(n_inputs, width))
        guess = np.zeros(n_inputs)
        guess[list(POPULARITY_COLUMNS)], guess[len(ITEM_COLUMNS) :][: len(RECENCY_DECAY)] = GUESS
        self.variables = [
            keras.Variable(
                np.repeat((guess * spread)[:, None], plan.n_heads, 1),
                dtype="float32",
                name="linear",
            ),
            keras.Variable(first, dtype="float32", name="hidden"),
            keras.Variable(np.zeros(width), dtype="float32", name="bias"),
            keras.Variable(np.zeros(width), dtype="float32", name="output"),
        ]

    def compiled(self) -> list[Any]:
        """Compile the training step and the loss of the averaged head, both on one batch."""
        optimizer = keras.optimizers.AdamW(
            self.plan.learning_rate, weight_decay=self.plan.weight_decay
        )
        learned = self.variables if self.plan.hidden_units else self.variables[:1]
        optimizer.build(learned)
        raw = [variable.value for variable in learned]

        def step(features: Any, log_weights: Any) -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(_losses(self._scores(features), log_weights))
            optimizer.apply(tape.gradient(loss, raw), learned)

        def averaged_loss(features: Any, log_weights: Any) -> Any:
            mean = tf.reduce_mean(self._scores(features), axis=-1, keepdims=True)
            return tf.reduce_sum(_losses(mean, log_weights))

        signature = [tf.TensorSpec((None, None, raw[0].shape[0])), tf.TensorSpec((None, None))]
        return [tf.function(f, input_signature=signature) for f in (step, averaged_loss)]

    def _scores(self, features: Any) -> Any:
        """Score lists (m, l, f) by each head: (m, l, heads)."""
        linear, hidden, bias, output = (variable.value for variable in self.variables)
        scores = tf.einsum("mlf,fs->mls", features, linear)
        if not self.plan.hidden_units:
            return scores
        active = tf.nn.relu(tf.einsum("mlf,fh->mlh", features, hidden) + bias) * output
        shape = tf.concat([tf.shape(active)[:2], [self.plan.n_heads, self.plan.hidden_units]], 0)
        return scores + tf.reduce_sum(tf.reshape(active, shape), axis=-1)

    def weights(self) -> list[FloatArray]:
        """Copy the weights of all heads."""
        return [np.array(variable.numpy()) for variable in self.variables]

    def averaged(self, weights: list[FloatArray]) -> RankerHead:
        """Average the heads: the mean of the linear weights, an equal share of each hidden unit."""
        linear, hidden, bias, output = weights
        return RankerHead(linear.mean(axis=1), hidden, bias, output / np.float32(self.plan.n_heads))


def _losses(scores: Any, log_weights: Any) -> Any:
    """Compute the mean loss of the lists for each head, (heads,)."""
    total = tf.reduce_logsumexp(scores + log_weights[:, :, None], axis=1)
    return tf.reduce_mean(total - scores[:, 0], axis=0)


def _mean_and_spread(lists: TrainingLists) -> tuple[FloatArray, FloatArray]:
    """Compute mean and spread of each input over the candidates; a constant input has spread 1."""
    counts = np.isfinite(lists.log_weights)
    mean, spread = np.empty((2, lists.features.shape[-1]))
    for first in range(0, len(mean), _INPUTS_AT_ONCE):
        some = slice(first, first + _INPUTS_AT_ONCE)
        wide = lists.features[counts, some].astype(np.float64)
        mean[some], spread[some] = wide.mean(axis=0), wide.std(axis=0)
    spread[spread < 1e-6] = 1.0
    return mean.astype(np.float32), spread.astype(np.float32)


def _n_held_out(n_users: int) -> int:
    """Count the held-out users: a tenth, at least one where there are two."""
    return min(max(int(HELD_OUT_SHARE * n_users), 1), n_users - 1)

"""Training the network: every beginning of what a user chose predicts the next item."""

from __future__ import annotations

from copy import deepcopy
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pipeline.evaluate.baselines.self_attention.network import SelfAttentionNetwork
from pipeline.evaluate.baselines.sequences import Sequences
from recsys.arrays import FloatArray
from recsys.history import MAX_HISTORY_ITEMS

BATCH_SIZE: Final = 128
LEARNING_RATE: Final = 1e-3
WEIGHT_DECAY: Final = 0.01
LEAST_WEIGHT: Final = 1e-6
"""So that the weights of no batch, however old, add up to 0."""


class Training:
    """A training that goes on from where it stands, since trials differ in when they end.

    The loss is the cross-entropy of the next item among all items, without drawn negatives
    (Klenitskiy and Vasilev, RecSys 2023). The same sequences and settings give the same network,
    whether a number of passes was reached at once or step by step.

    Attributes:
        n_passes: How many passes over the sequences there were.
    """

    def __init__(
        self,
        sequences: Sequences,
        n_items: int,
        *,
        dropout: float,
        target_decay_days: float | None,
        seed: int,
    ) -> None:
        """Draw the first weights.

        Args:
            sequences: What users chose.
            n_items: Number of items.
            dropout: Share of the numbers that training sets to zero.
            target_decay_days: Age at which a choice counts 1 / e as a target; None if age
                doesn't matter.
            seed: Of weights, order and dropout.
        """
        self.n_passes = 0
        self._sequences, self._seed = sequences, seed
        self._weights = _recency(sequences.days, target_decay_days)
        self._teaching = np.flatnonzero(sequences.lengths > 1)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._network = SelfAttentionNetwork(n_items, MAX_HISTORY_ITEMS, dropout)
        self._optimizer = torch.optim.AdamW(
            self._network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )

    def until(self, n_passes: int) -> SelfAttentionNetwork:
        """Continue to a number of passes, and copy the network as it is then."""
        self._network.train()
        for number in range(self.n_passes, n_passes):
            with torch.random.fork_rng():
                torch.manual_seed(self._seed + number)
                self._pass(np.random.default_rng((self._seed, number)))
        self.n_passes = max(self.n_passes, n_passes)
        return deepcopy(self._network).eval()

    def _pass(self, random: np.random.Generator) -> None:
        """Learn from all users once, those with histories of similar length together."""
        users = random.permutation(self._teaching)
        users = users[np.argsort(self._sequences.lengths[users], kind="stable")]
        n_batches = -(-len(users) // BATCH_SIZE)
        for number in random.permutation(n_batches):
            loss = self._loss(users[number * BATCH_SIZE :][:BATCH_SIZE])
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
            self._optimizer.step()

    def _loss(self, users: NDArray[np.int64]) -> Tensor:
        """Average the losses of all targets of some users, newer ones counting more."""
        places, lengths = self._sequences.padded(users)
        items = torch.from_numpy(self._sequences.items[places])
        taught = torch.from_numpy(np.arange(places.shape[1] - 1) < lengths[:, None] - 1)
        weights = torch.from_numpy(self._weights[places[:, 1:]])[taught]
        logits = self._network.logits(self._network(items[:, :-1])[taught])
        losses = functional.cross_entropy(logits, items[:, 1:][taught], reduction="none")
        return (weights * losses).sum() / weights.sum()


def _recency(days: NDArray[np.int32], decay_days: float | None) -> FloatArray:
    if decay_days is None:
        return np.ones(len(days), dtype=np.float32)
    ages = days.max(initial=0) - days
    weights: FloatArray = np.maximum(np.exp(-ages / decay_days), LEAST_WEIGHT).astype(np.float32)
    return weights

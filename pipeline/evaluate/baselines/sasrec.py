"""SASRec with a softmax over the whole catalog, alone and with what is popular lately."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from pipeline.evaluate.baselines.popularity import TUNED, counts
from pipeline.evaluate.baselines.sequences import Sequences, sequences_of
from recsys.arrays import FloatArray, Rows

if TYPE_CHECKING:
    from pipeline.evaluate.baselines.self_attention.network import SelfAttentionNetwork


def fit(
    data: TrainingData,
    n_passes: int,
    dropout: float,
    target_decay_days: float | None = None,
    popularity_weight: float = 0.0,
    decay_days: float | None = None,
) -> Fitted:
    """Predict what a user chooses next from what was chosen before, in its order.

        score_uj = x_u · v_j + weight · log(1 + c_j)

    with x_u and v_j of the network and c counts of reviews that decay with age. An item without
    reviews is unknown to the network and comes after all others.

    Args:
        data: What users have.
        n_passes: Passes over the data.
        dropout: Share of the numbers that training sets to zero.
        target_decay_days: Age at which a choice counts 1 / e as a target; None if age
            doesn't matter.
        popularity_weight: The weight.
        decay_days: Age at which a review counts 1 / e in c; None if age doesn't matter.
    """
    sequences, present = sequences_of(data), np.flatnonzero(data.counts)
    known = sequences._replace(items=np.searchsorted(present, sequences.items))
    settings = {"dropout": dropout, "target_decay_days": target_decay_days}
    network = _trained(data, known, n_passes, settings)
    popular = popularity_weight * np.log1p(counts(data, decay_days)[present])
    added = popular.astype(np.float32)
    n_bytes = sum(weights.nbytes for weights in network.parameters()) + added.nbytes
    return Fitted(partial(_scores, network, known, present, added, data.n_items), n_bytes)


def _trained(
    data: TrainingData, sequences: Sequences, n_passes: int, settings: dict[str, Any]
) -> SelfAttentionNetwork:
    """Continue the training with these settings, or begin it."""
    from pipeline.evaluate.baselines.self_attention.fitting import Training

    key = (Training, *settings.items())
    training = data.begun.get(key)
    if training is None or training.n_passes > n_passes:
        n_items = int(np.count_nonzero(data.counts))
        training = data.begun[key] = Training(sequences, n_items, seed=data.seed, **settings)
    network: SelfAttentionNetwork = training.until(n_passes)
    return network


def _scores(
    network: SelfAttentionNetwork,
    sequences: Sequences,
    present: NDArray[np.intp],
    added: FloatArray,
    n_items: int,
    users: Rows,
) -> FloatArray:
    places, lengths = sequences.padded(users)
    of_present = network.scores(sequences.items[places], lengths) + added
    scores = np.repeat(of_present.min(axis=1, keepdims=True) - 1, n_items, axis=1)
    scores[:, present] = of_present
    return scores


SASREC: Final = Baseline(
    "SASRec",
    fit,
    {
        "n_passes": Ladder((3, 5, 10, 20, 40, 80), 2),
        "dropout": Ladder((0.0, 0.2, 0.5, 0.7), 1),
        "target_decay_days": Ladder((60, 180, 540, None), 3),
    },
)
SASREC_POPULARITY: Final = Baseline(
    "SASRec + popularity",
    fit,
    {"popularity_weight": Ladder((0.1, 0.3, 1.0, 2.0, 3.0, 5.0, 8.0), 2)},
    parts=(SASREC, TUNED),
)

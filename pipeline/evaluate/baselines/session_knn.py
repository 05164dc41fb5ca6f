"""What people with a similar history chose lately, near the items that both have."""

from __future__ import annotations

from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from pipeline.evaluate.baselines.sequences import Sequences, sequences_of
from recsys.arrays import FloatArray, Rows


class Neighborhoods(NamedTuple):
    """Who is near to whom, and what their choices count.

    Attributes:
        sequences: What everybody chose.
        asking: Sparse (n_users, n_items), what a user's items count in finding neighbors.
        answering: Sparse (n_users, n_items), what a neighbor's items count in being found.
        recency: Of each choice of the sequences, (n,) float64.
        distance_decay: Places from the newest shared item at which a choice counts 1 / e.
        n_neighbors: Neighbors of a user.
    """

    sequences: Sequences
    asking: Any
    answering: Any
    recency: NDArray[np.float64]
    distance_decay: float | None
    n_neighbors: int


def fit(
    data: TrainingData,
    n_neighbors: int,
    position_decay: float | None = None,
    age_decay_days: float | None = None,
    distance_decay: float | None = None,
) -> Fitted:
    """Score an item by the neighbors that chose it, as VS-kNN and STAN do with sessions.

        sim_un   = exp(-age_n / λ2) Σ_{i of u and n} exp(-position_ui / λ1) / sqrt(|n|)
        score_uj = Σ_{n near u} sim_un exp(-age_nj / λ2 - distance_nj / λ3)

    Positions are places before the user's newest item (VS-kNN: Ludewig and Jannach, UMUAI 2018),
    distances places from the newest item of the user that the neighbor has (STAN, which has λ2
    too: Garg et al., SIGIR 2019). Whole histories take the place of sessions here, so each
    choice has an age of its own, and age_n is that of the neighbor's newest one.

    Args:
        data: What users have.
        n_neighbors: Neighbors of a user; of equally near ones those of lower rows.
        position_decay: λ1 in places; None where positions don't matter.
        age_decay_days: λ2 in days; None where ages don't matter.
        distance_decay: λ3 in places; None where distances don't matter.
    """
    from scipy.sparse import csr_matrix

    sequences = sequences_of(data)
    owners = np.repeat(np.arange(data.n_users), sequences.lengths)
    last = sequences.starts[owners + 1] - 1
    recency = _decayed(sequences.days.max(initial=0) - sequences.days, age_decay_days)
    positions = _decayed(last - np.arange(len(last)), position_decay)
    asking, answering = (
        csr_matrix((weights, sequences.items, sequences.starts), shape=data.matrix.shape)
        for weights in (positions, recency[last] / np.sqrt(sequences.lengths[owners]))
    )
    made = Neighborhoods(sequences, asking, answering, recency, distance_decay, n_neighbors)
    n_bytes = sum(each.nbytes for each in (*sequences, positions, recency)) + answering.data.nbytes
    return Fitted(partial(_scores, made), n_bytes)


def _scores(made: Neighborhoods, users: Rows) -> FloatArray:
    shared = (made.asking[users] @ made.answering.T).tocsr()
    scores = np.zeros((len(users), made.asking.shape[1]), dtype=np.float32)
    for place, user in enumerate(users):
        of_user = slice(shared.indptr[place], shared.indptr[place + 1])
        found, near = shared.indices[of_user], shared.data[of_user]
        others, near = found[found != user], near[found != user]
        nearest = np.lexsort((others, -near))[: made.n_neighbors]
        if len(nearest):
            scores[place] = _votes(made, user, others[nearest], near[nearest])
    return scores


def _votes(
    made: Neighborhoods, user: int, neighbors: NDArray[Any], near: NDArray[Any]
) -> NDArray[np.float64]:
    """Add up what the choices of some neighbors, each with an item of the user, count: (n_items,)."""
    sequences, n_items = made.sequences, made.asking.shape[1]
    sizes = sequences.lengths[neighbors]
    ends = np.cumsum(sizes)
    neighbor = np.repeat(np.arange(len(neighbors)), sizes)
    choices = np.arange(ends[-1]) + (sequences.starts[neighbors] - ends + sizes)[neighbor]
    position = np.full(n_items, -1)
    own = sequences.of(user)
    position[own] = np.arange(len(own))
    # By the place in the user's history, each neighbor's last choice is the newest shared one.
    by_position = np.lexsort((position[sequences.items[choices]], neighbor))
    newest_shared = choices[by_position[ends - 1]][neighbor]
    weights = near[neighbor] * made.recency[choices]
    weights *= _decayed(np.abs(choices - newest_shared), made.distance_decay)
    votes = np.bincount(sequences.items[choices], weights, minlength=n_items)
    return votes.astype(np.float64)


def _decayed(ages: NDArray[Any], decay: float | None) -> NDArray[np.float64]:
    """Weigh ages by exp(-age / decay), or all the same."""
    return np.exp(-ages / decay) if decay else np.ones(len(ages))


SESSION_KNN: Final = Baseline(
    "session-kNN",
    fit,
    {
        "age_decay_days": Ladder((3, 10, 30, 90, 270, 810, None), 4),
        "position_decay": Ladder((0.5, 1, 2, 4, 8, 16, None), 3),
        "n_neighbors": Ladder((25, 50, 100, 200, 400, 800, 1600), 4),
        "distance_decay": Ladder((1, 2, 4, 8, 16, None), 3),
    },
)

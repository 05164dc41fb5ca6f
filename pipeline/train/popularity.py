"""`train --objective popularity`: the model for reviews that can't teach a better one.

It is a network of the ranker's form that reads one column of `item_price_df.pq`, how often each
item was reviewed lately. So the service scores, filters and explains it like any other model.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from config import Config
from pipeline.train.model_card import Refusals, refused_facts, versions
from pipeline.train.tensorflow_startup import start_tensorflow
from storage.sources import artifact_paths

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.train.ranker.head import RankerHead

MODEL: Final = "popularity: what was reviewed most lately"
COLUMN: Final = "log_count_180d"
LIMITS: Final = (
    "It has learned nothing: everybody gets the same order, without what they have reviewed.",
    "Its scores are logarithms of counts that decay with age, no probabilities.",
)


def run(
    args: argparse.Namespace,  # noqa: ARG001 - a stage's form
    config: Config,
    console: Console,
    instead_of: Refusals | None = None,
    column: str = COLUMN,
) -> None:
    """Write the model, its card, and the similarities and item columns of a ranker.

    Args:
        args: The options of the stage; none is read.
        config: The folders.
        console: Gets the names of the files.
        instead_of: Why better models could not be trained, where this one is a fallback.
        column: The item column by which items are ordered.

    Raises:
        storage.artifacts.ArtifactError: An input file is missing or bad.
    """
    from pipeline.train.ranker.data import read_ranker_data
    from pipeline.train.ranker.feature_state import features_at
    from pipeline.train.ranker.stage import publish

    started = time.monotonic()
    paths = artifact_paths(config)
    start_tensorflow()
    data = read_ranker_data(paths)
    state = features_at(data.interactions, data.catalog)
    facts = {
        "model": MODEL,
        **refused_facts(instead_of),
        "column": column,
        "limits": list(LIMITS),
        "versions": versions(("keras", "tensorflow", "numpy", "scipy", "scikit-learn")),
    }
    n_inputs = state.columns.shape[1] + state.similarities.n_similarities + state.profiles.shape[1]
    publish(data, state, popularity_head(column, n_inputs), facts, paths, started)
    console.print(f"wrote {paths.item_affinity.name}, {paths.item_price.name} and {paths.model}")


def popularity_head(column: str, n_inputs: int) -> RankerHead:
    """Build the head whose score is one item column."""
    from pipeline.train.ranker.head import RankerHead
    from pipeline.train.ranker.item_columns import ITEM_COLUMNS

    linear = np.zeros(n_inputs, dtype=np.float32)
    linear[ITEM_COLUMNS.index(column)] = 1.0
    nothing = np.zeros(0, dtype=np.float32)
    return RankerHead(linear, np.zeros((n_inputs, 0), dtype=np.float32), nothing, nothing)

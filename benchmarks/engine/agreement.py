"""Whether the service ranks as Keras does: `python -m benchmarks agreement`.

Scores every item for a sample of users by the Keras graph itself, and compares that with the
service, by its float32 search and by its byte search: the five best unseen items, and the
logits of all items. Reads DATA_PATH, EMBEDDINGS_PATH and MODEL_PATH where EMBEDDINGS_PATH is
set, else the case of the benchmarks.

Two lists may differ and both be right: float32 sums depend on their order, so items whose
logits are that close may change places. Such items are scored again in float64.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.engine.compiled_search import Search, open_both
from benchmarks.synthetic_data import write_case
from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from config import Config
from recsys.arrays import FloatArray
from recsys.ranking import top_rows
from scoring.inputs import ModelInputs
from scoring.keras_file import load_network
from storage.artifacts import ArtifactPaths
from storage.sources import artifact_paths

K = 5
N_USERS = 1_000
ITEMS_AT_ONCE = 16_384
REPORT_EVERY_S = 30
N_PREDICTED = 20
"""Users for whom `model.predict` itself is called too: the same numbers, more slowly."""
SEARCHES = ("float32", "byte")


@dataclass
class Agreement:
    """What the comparison found so far.

    Attributes:
        n_users: Users compared.
        largest_difference: Largest difference of a logit from Keras' own.
        n_equal: Users with the same five items in the same order, by search.
        n_saturated: Users some of whose five best have the same sigmoid in float32.
        largest_gap: Largest float64 difference between items that have changed places.
        n_right: Users with different lists where float64 confirms the order of the service.
        largest_output_difference: Largest difference of a probability from `model.predict`.
    """

    n_users: int = 0
    largest_difference: float = 0.0
    n_equal: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEARCHES, 0))
    n_saturated: int = 0
    largest_gap: float = 0.0
    n_right: int = 0
    largest_output_difference: float = 0.0


def compare(
    paths: ArtifactPaths, n_users: int, say: Callable[[str], None]
) -> tuple[Agreement, str]:
    """Compare `n_users` users drawn at random, or all where there are fewer.

    Returns:
        What was found, and a description of how the items are searched.
    """
    data = AppDataProcessor.from_artifacts(paths)
    with TemporaryDirectory() as name:
        folder = Path(name)
        model = Model.from_keras(paths.model, data.inputs, say)
        model.save(folder)
        scorers = open_both(folder)
        network = load_network(paths.model)
        chosen = np.random.default_rng(0).permutation(data.n_users)[:n_users]
        found = Agreement()
        _compare_with_predict(found, data.inputs, model, network, chosen[:N_PREDICTED])
        started = reported = time.monotonic()
        for row, logits in _keras_logits(network, data.inputs, chosen):
            _compare_user(found, data, scorers, network, row, logits)
            if time.monotonic() - reported > REPORT_EVERY_S:
                reported = time.monotonic()
                left = (reported - started) / found.n_users * (len(chosen) - found.n_users)
                say(
                    f"{found.n_users:,} of {len(chosen):,} users, {left / 60:.0f} minutes to go: {found}"
                )
    return found, model.describe()


def _compare_with_predict(
    found: Agreement, inputs: ModelInputs, model: Model, network: Any, users: NDArray[np.int64]
) -> None:
    """Compare the service's probabilities with those of `model.predict`."""
    n_items = len(inputs.item_desc)
    for row in users.tolist():
        user = [np.repeat(side[row : row + 1], n_items, 0) for side in inputs[:2]]
        predicted = network.predict([*user, *inputs[2:4]], batch_size=8_192, verbose=0)
        difference = np.abs(model.outputs(model.score(row)) - predicted.reshape(-1)).max()
        found.largest_output_difference = max(found.largest_output_difference, float(difference))


def _compare_user(
    found: Agreement,
    data: AppDataProcessor,
    scorers: dict[str, Search],
    network: Any,
    row: int,
    logits: FloatArray,
) -> None:
    seen = data.reviews.seen_items(row)
    expected = top_rows(logits, K, seen)
    found.n_users += 1
    difference = np.abs(scorers["float32"].score(row) - logits).max()
    found.largest_difference = max(found.largest_difference, float(difference))
    with np.errstate(over="ignore"):
        outputs = np.float32(1.0) / (np.float32(1.0) + np.exp(-logits[expected]))
    found.n_saturated += len(np.unique(outputs)) < len(expected)
    differs = False
    for name, scorer in scorers.items():
        answered = scorer.top_k(row, K, seen).rows
        if np.array_equal(answered, expected):
            found.n_equal[name] += 1
            continue
        differs = True
        exact, others = (
            _exact_logits(network, data.inputs, row, rows) for rows in (answered, expected)
        )
        found.largest_gap = max(found.largest_gap, float(np.abs(exact - others).max()))
    if differs:
        found.n_right += bool((np.diff(exact) <= 0).all())


def _keras_logits(
    network: Any, inputs: ModelInputs, users: NDArray[np.int64]
) -> Iterator[tuple[int, FloatArray]]:
    """Run the network itself, without its last sigmoid, over all items for each user."""
    import keras
    import tensorflow as tf

    network.layers[-1].activation = keras.activations.linear
    desc, price = tf.constant(inputs.item_desc), tf.constant(inputs.item_price)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def logits(review: Any, bought: Any, desc: Any, price: Any) -> Any:
        n_rows = tf.shape(desc)[0]
        user = [tf.repeat(side[tf.newaxis], n_rows, axis=0) for side in (review, bought)]
        return network([*user, desc, price], training=False)[:, 0]

    starts = range(0, len(inputs.item_desc), ITEMS_AT_ONCE)
    blocks = [slice(first, first + ITEMS_AT_ONCE) for first in starts]
    for row in users.tolist():
        review, bought = inputs.user_review[row], inputs.user_item[row]
        parts = [logits(review, bought, desc[block], price[block]) for block in blocks]
        yield row, np.concatenate([part.numpy() for part in parts])


def _exact_logits(
    network: Any, inputs: ModelInputs, row: int, items: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Score some pairs again in float64, for a network of the reference form."""
    first, first_bias, last, last_bias = (
        np.asarray(each, dtype=np.float64) for each in network.get_weights()
    )
    user = np.concatenate([inputs.user_review[row], inputs.user_item[row]]).astype(np.float64)
    pairs = np.hstack(
        [np.tile(user, (len(items), 1)), inputs.item_desc[items], inputs.item_price[items]]
    )
    hidden = np.maximum(pairs @ first + first_bias, 0.0)
    return np.asarray((hidden @ last + last_bias)[:, 0])


def report(
    folder: Path, n_items: int, n_case_users: int, n_users: int | None, console: Console
) -> None:
    """Compare on the configured files, or on a case, and print what was found."""
    config = Config.from_environment()
    if "EMBEDDINGS_PATH" in os.environ:
        paths = artifact_paths(config)
    else:
        paths = write_case(folder, n_items, n_case_users, console.log)
    found, engine = compare(paths, n_users or N_USERS, console.log)
    console.print(f"{found.n_users:,} users; {engine}")
    for name, n_equal in found.n_equal.items():
        share = n_equal / found.n_users
        console.print(f"  same five in the same order, {name} search: {n_equal:,} ({share:.3%})")
    console.print(f"  largest difference of a logit: {found.largest_difference:.2g}")
    console.print(
        f"  largest difference of a probability from model.predict: {found.largest_output_difference:.2g}"
    )
    console.print(
        f"  users with equal float32 sigmoids among their five best: {found.n_saturated:,}"
    )
    others = found.n_users - min(found.n_equal.values())
    if others:
        console.print(
            f"  users whose lists differ: {others:,}, by items at most {found.largest_gap:.2g} apart "
            f"in float64, which confirms the service's order for {found.n_right:,} of them"
        )

"""One user's top five without any HTTP: this engine beside the other ways to compute it.

All on one thread, Keras and FAISS too. Every way ranks the same items for the same users
from the published snapshot of the case.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from benchmarks.interleaved import Job, Times, in_turns
from benchmarks.kernels import read_once
from benchmarks.searches import Search, open_both
from classes.snapshot import INPUTS, MODEL, Snapshot
from classes.top_lists import BLOCK_USERS, TopLists
from processes.fill_top_lists import fill_block
from recsys.arrays import FloatArray
from recsys.ranking import top_rows
from scoring.compiled_search import prepare_search
from scoring.head import joint
from scoring.head.head_file import load_head
from scoring.keras_file import MODEL_FILE, load_network
from scoring.scorers import HEAD_FILE
from storage.array_folder import open_arrays

K = 5
BATCH = 16
N_USERS = 64
"""Different users that the calls go through: how much the search saves depends on the user."""

READ = "read the item half once"
NOTHING = np.empty(0, np.int32)
"""No item is left out, as in the other ways."""

SLOW_TURNS = 3
CALLS_PER_TURN = 8


def engine_times(generation: Path, n_turns: int) -> dict[str, Times]:
    """Time every way on a published generation; milliseconds a user."""
    jobs = _searches(generation / MODEL) | _numpy_ways(generation / MODEL)
    slow = predict_jobs(generation)
    times = {name: Times() for name in jobs | slow}
    calls = {name: CALLS_PER_TURN for name in jobs if "NumPy" not in name}
    for _ in track(range(SLOW_TURNS), "Search, NumPy, FAISS and Keras in turns"):
        for some, n in ((jobs, -(-n_turns // SLOW_TURNS)), (slow, 1)):
            for name, found in in_turns(some, n, calls, warm=some is jobs).items():
                batched = BATCH if str(BATCH) in name else 1
                times[name].taken += [each / batched for each in found.taken]
    return times


def answer_times(generation: Path, lists: Path, n_turns: int) -> dict[str, Times]:
    """Time whole answers to one user, found by name: on demand, and from the top lists."""
    cold = Snapshot.open(generation)
    names = cold.data.random_users(N_USERS)
    TopLists.create(lists, cold.data.n_users)
    blocks = TopLists.open(lists, writable=True)
    rows = [cold.data.user_row(name) for name in names]
    for block in sorted({row // BLOCK_USERS for row in rows if row is not None}):
        fill_block(cold, blocks, block)
    warm = Snapshot.open(generation, TopLists.open(lists))
    jobs: dict[str, Job] = {
        "an answer, scored on demand": lambda call: cold.recommend([names[call % N_USERS]]),
        "an answer, from the top lists": lambda call: warm.recommend([names[call % N_USERS]]),
    }
    return in_turns(jobs, n_turns, dict.fromkeys(jobs, 64))


def search_jobs(
    scorers: dict[str, Search], item_half: FloatArray, users: list[int]
) -> dict[str, Job]:
    """List the searches, for one user and for a batch, beside reading the item half once."""
    jobs: dict[str, Job] = {READ: lambda _: read_once(item_half)}
    for name, scorer in scorers.items():
        jobs[f"{name} search"] = partial(_search_one, scorer, users)
        jobs[f"{name} search, {BATCH} users together"] = partial(_search_batch, scorer, users)
    return jobs


def _search_one(scorer: Search, users: list[int], call: int) -> object:
    return scorer.top_k(users[call % len(users)], K)


def _search_batch(scorer: Search, users: list[int], call: int) -> object:
    some = [users[(call * BATCH + place) % len(users)] for place in range(BATCH)]
    return scorer.top_k_of_many(some, K)


def faiss_jobs(item_half: FloatArray, user_rows: FloatArray) -> dict[str, Job]:
    """List exact inner product search on a matrix of the same size, where FAISS is installed."""
    if find_spec("faiss") is None:
        return {}
    faiss: Any = import_module("faiss")
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(item_half.shape[1])
    index.add(np.ascontiguousarray(item_half))
    n_users = len(user_rows)
    batches = user_rows[: n_users - n_users % BATCH].reshape(-1, BATCH, user_rows.shape[1])
    return {
        "FAISS, exact inner product": lambda call: index.search(
            user_rows[call % n_users : call % n_users + 1], K
        ),
        f"FAISS, {BATCH} users together": lambda call: index.search(
            batches[call % len(batches)], K
        ),
    }


def _searches(folder: Path) -> dict[str, Job]:
    prepare_search(folder)
    arrays = open_arrays(folder)
    users = _some_users(len(arrays["user_half"]))
    item_half = np.asarray(arrays["item_half"], dtype=np.float32)
    user_rows = np.asarray(arrays["user_half"][users], dtype=np.float32)
    return search_jobs(open_both(folder), item_half, users) | faiss_jobs(item_half, user_rows)


def _numpy_ways(folder: Path) -> dict[str, Job]:
    head, arrays = load_head(folder / HEAD_FILE), open_arrays(folder)
    item_half = np.asarray(arrays["item_half"], dtype=np.float32)
    user_half = np.asarray(arrays["user_half"], dtype=np.float32)
    users = _some_users(len(user_half))

    def in_tiles(call: int) -> object:
        row = users[call % len(users)]
        scores = joint.score(head, user_half[row : row + 1], item_half)[0]
        return top_rows(scores, K, NOTHING)

    return {"NumPy on the same halves, in tiles": in_tiles}


def predict_jobs(generation: Path) -> dict[str, Job]:
    """List the way it is done everywhere: the network reads every pair, in batches."""
    network = load_network(generation / MODEL / MODEL_FILE)
    inputs = open_arrays(generation / INPUTS)
    n_items = len(inputs["item_desc"])
    users = _some_users(len(inputs["user_review"]))

    def predict(batch_size: int) -> Callable[[int], object]:
        def job(call: int) -> object:
            row = users[call % len(users)]
            sides = [
                np.repeat(inputs[n][row : row + 1], n_items, 0)
                for n in ("user_review", "user_item")
            ]
            pairs = [*sides, inputs["item_desc"], inputs["item_price"]]
            scores = network.predict(pairs, batch_size=batch_size, verbose=0)
            return np.argsort(-scores[:, 0], kind="stable")[:K]

        return job

    return {f"model.predict, batch_size={size}": predict(size) for size in (8_192, 32)}


def _some_users(n_users: int) -> list[int]:
    return [int(row) for row in np.random.default_rng(1).integers(0, n_users, N_USERS)]

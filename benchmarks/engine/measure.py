"""Time the ways to compute one user's top five, all on one thread, Keras and FAISS too.

Every way ranks the same items for the same users, from the published snapshot of the case;
a catalog of a million items is drawn in memory.
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

from benchmarks.engine.compiled_search import READ, K, Search, open_both, search_jobs, times_a_user
from benchmarks.engine.interleaved import Job, Times, in_turns
from benchmarks.figures import BATCH, LARGE_ITEMS
from benchmarks.results import Results
from benchmarks.synthetic_data import draw_halves
from classes.snapshot import Snapshot
from classes.top_lists import BLOCK_USERS, TopLists
from processes.fill_top_lists import fill_block
from recsys.arrays import FloatArray
from recsys.ranking import top_rows
from scoring import search
from scoring.compiled_search import prepare_search
from scoring.head import joint
from scoring.head.head_file import load_head
from scoring.keras_file import MODEL_FILE, load_network
from scoring.search.tables import NO_ROWS
from scoring.split_files import HEAD_FILE
from storage.array_folder import open_arrays
from storage.snapshot_folder import INPUTS, MODEL

N_USERS = 64
"""Different users that the calls go through: how much the search saves depends on the user."""

SLOW_TURNS = 3
CALLS_PER_TURN = 8


def measure_ways(results: Results, generation: Path, n_turns: int) -> None:
    """Time every way on a published generation, and compare the searches with the others."""
    jobs = _fast_ways(generation / MODEL)
    calls = dict.fromkeys(jobs.keys() - {"numpy"}, CALLS_PER_TURN)
    slow = predict_jobs(generation)
    times: dict[str, Times] = {name: [] for name in jobs | slow}
    for _ in track(range(SLOW_TURNS), "Search, NumPy, FAISS and Keras in turns"):
        for some, n in ((jobs, -(-n_turns // SLOW_TURNS)), (slow, 1)):
            for name, taken in in_turns(some, n, calls, warm=some is jobs).items():
                times[name] += taken
    median = _add_times(results, times)
    for name in ("float32", "byte"):
        results.add(f"predict_against_{name}", value=median["predict_32"] / median[name])
        results.add(f"{name}_against_reading", value=median[name] / median[READ])


def measure_answers(results: Results, generation: Path, lists: Path, n_turns: int) -> None:
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
        "answer_on_demand": lambda call: cold.recommender.recommend([names[call % N_USERS]]),
        "answer_from_lists": lambda call: warm.recommender.recommend([names[call % N_USERS]]),
    }
    for name, taken in in_turns(jobs, n_turns, dict.fromkeys(jobs, 64)).items():
        results.add(name, ms=float(np.median(taken)))


def measure_large(results: Results, n_turns: int, say: Callable[[str], None]) -> None:
    """Time the searches over a million items, drawn in memory."""
    say(f"Drawing {LARGE_ITEMS:,} items …")
    weights, item_half, user_rows = draw_halves(np.random.default_rng(2), LARGE_ITEMS, N_USERS)
    codes = search.quantize_items(item_half, weights)
    searches = {
        name: Search(search.ItemIndex.build(weights, 0.0, item_half, some), user_rows)
        for name, some in (("float32", None), ("byte", codes))
    }
    jobs = search_jobs(searches, item_half, range(N_USERS)) | faiss_jobs(item_half, user_rows)
    say("Searching them in turns …")
    _add_times(results, in_turns(jobs, n_turns, dict.fromkeys(jobs, 4)), "large_")


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
        "faiss": lambda call: index.search(user_rows[call % n_users : call % n_users + 1], K),
        "faiss_batch": lambda call: index.search(batches[call % len(batches)], K),
    }


def predict_jobs(generation: Path) -> dict[str, Job]:
    """List the usual way: the network reads every pair of user and item, in batches."""
    network = load_network(generation / MODEL / MODEL_FILE)
    inputs = open_arrays(generation / INPUTS)
    n_items = len(inputs["item_desc"])
    users = _some_users(len(inputs["user_review"]))

    def predict(batch_size: int, call: int) -> object:
        row, names = users[call % len(users)], ("user_review", "user_item")
        sides = [np.repeat(inputs[name][row : row + 1], n_items, 0) for name in names]
        pairs = [*sides, inputs["item_desc"], inputs["item_price"]]
        scores = network.predict(pairs, batch_size=batch_size, verbose=0)
        return np.argsort(-scores[:, 0], kind="stable")[:K]

    return {f"predict_{size}": partial(predict, size) for size in (8_192, 32)}


def _add_times(results: Results, times: dict[str, Times], prefix: str = "") -> dict[str, float]:
    median = times_a_user(times)
    for name, ms in median.items():
        results.add(prefix + name, ms=ms, times_reading=ms / median[READ])
    return median


def _fast_ways(folder: Path) -> dict[str, Job]:
    prepare_search(folder)
    head, arrays = load_head(folder / HEAD_FILE), open_arrays(folder)
    item_half = np.asarray(arrays["item_half"], dtype=np.float32)
    user_half = np.asarray(arrays["user_half"], dtype=np.float32)
    users = _some_users(len(user_half))

    def in_tiles(call: int) -> object:
        row = users[call % len(users)]
        scores = joint.score(head, user_half[row : row + 1], item_half)[0]
        return top_rows(scores, K, NO_ROWS)

    jobs = search_jobs(open_both(folder), item_half, users)
    return jobs | faiss_jobs(item_half, user_half[users]) | {"numpy": in_tiles}


def _some_users(n_users: int) -> list[int]:
    return [int(row) for row in np.random.default_rng(1).integers(0, n_users, N_USERS)]

"""Requests while a reload builds a generation and its top lists are filled."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import requests as http

from benchmarks.http.service import RunningService
from benchmarks.http.throughput import Load, LoadTarget, load_in_turns
from benchmarks.results import Results
from config import Config
from recsys import columns
from storage.artifacts import write_frame
from storage.sources import artifact_paths

N_USUAL_TURNS = 4
TIMEOUT_S = 600
OPERATOR = {"Host": "localhost"}


def measure_while_reloading(
    results: Results, requests: Sequence[bytes], config: Config, service: RunningService
) -> None:
    """Compare requests while one review more is loaded with those before it."""
    usual = _load(service, requests, N_USUAL_TURNS)
    _add_a_review(config)
    reload = threading.Thread(target=_reload, args=(service,))
    started = time.monotonic()
    reload.start()
    meanwhile = Load()
    while reload.is_alive() or (
        _progress(service) < 1.0 and time.monotonic() < started + TIMEOUT_S
    ):
        turn = _load(service, requests, 1)
        meanwhile.rates += turn.rates
        meanwhile.seconds += turn.seconds
        meanwhile.n_failed += turn.n_failed
    if usual.n_failed or meanwhile.n_failed:
        raise RuntimeError(f"{usual.n_failed + meanwhile.n_failed:,} answers weren't 200")
    results.add("reload_until_filled", seconds=time.monotonic() - started)
    results.add(
        "rate_while_reloading", value=float(np.median(meanwhile.rates) / np.median(usual.rates))
    )
    results.add("p99_while_reloading", value=meanwhile.percentile_ms(99) / usual.percentile_ms(99))


def _load(service: RunningService, requests: Sequence[bytes], n_turns: int) -> Load:
    return load_in_turns([LoadTarget("", service.port, requests)], n_turns)[""]


def _add_a_review(config: Config) -> None:
    """Repeat the last review a day later, which makes other data of the file."""
    path = artifact_paths(config).clean
    clean = pd.read_parquet(path)
    added = clean.iloc[[-1]].copy()
    added[columns.REVIEW_TIME] += pd.Timedelta(days=1)
    write_frame(pd.concat([clean, added], ignore_index=True), path)


def _reload(service: RunningService) -> None:
    url = f"http://127.0.0.1:{service.port}/reload_data"
    http.post(url, headers=OPERATOR, timeout=TIMEOUT_S).raise_for_status()


def _progress(service: RunningService) -> float:
    ready = http.get(f"http://127.0.0.1:{service.port}/health/ready", timeout=30)
    return float(ready.json()["top_lists"])

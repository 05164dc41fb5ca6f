"""What live events are worth: the last tenth of a data set, replayed as it came.

    python -m benchmarks replay-events --name "Electronics 2023"

Embeds and trains on the first 90 % of the reviews in the configured folders, by whole days, and
loads data and model once, as a service does. Then the other reviews come as events, in order of
time, and each user is asked for right before each of theirs that is about an item which is new to
them: is it among the first ten? Counted are items that the catalog had by then.

Compared are services that hear of events at once, by a reload of the data each midnight
(nothing trained anew), and not at all. Of users whom the data doesn't know, the last one gives
the cold-start list to all. Where data has dates without hours, events of one day come in the
order of the file, which need not be the true one; the service of the reloads doesn't depend on it.

Printed, and kept in report/replayed_events.json, are means over users of the NDCG@10, with 95 %
intervals by a bootstrap over users, whose draws all services share.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.ranking.replay import KNOWN, LIVE, NIGHTLY, ONCE, K, Replay, replay
from benchmarks.ranking.successive_tests import first_share
from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from config import PROJECT_ROOT, Config
from pipeline.embed.stage import CACHE_FOLDER
from pipeline.evaluate.stage import write_metrics
from pipeline.report.markdown_tables import SAMPLE
from pipeline.report.studies import REPLAYED, events, read_study
from recsys import columns, metrics
from recsys.interactions import interactions_of
from storage.artifacts import read_clean
from storage.sources import artifact_paths

SHARE: Final = 0.9


def main(arguments: Sequence[str]) -> int:
    """Train, replay, then keep and print the numbers."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks replay-events",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--name", default=SAMPLE, help="name of the data (default %(default)s)")
    name, started = parser.parse_args(arguments).name, time.monotonic()
    config = Config.from_environment()
    with TemporaryDirectory() as folder:
        earlier = first_share(config, SHARE, Path(folder))
        if (cache := config.embeddings_path / CACHE_FOLDER).is_dir():
            (earlier.embeddings_path / CACHE_FOLDER).symlink_to(cache.absolute())
        for stage in (["embed"], ["train", "--objective", "ranker", "--allow-worse"]):
            _run_stage(stage, earlier)
        found = _replayed(config, earlier)
    measured = {"groups": numbers(found), "seconds": time.monotonic() - started}
    write_metrics(read_study(REPLAYED) | {name: measured}, REPLAYED)
    print(events({name: {"replayed_events": measured}}))
    return 0


def numbers(found: Replay) -> dict[str, Any]:
    """Average over the users of each group, and compare services on the same draws of users."""
    groups = {
        "all": np.ones(len(found.users), dtype=bool),
        "known when the data was loaded": found.in_data,
        "new since": ~found.in_data,
        "after the first event": found.n_before > 0,
    }
    return {name: _numbers_of(found, chosen) for name, chosen in groups.items() if chosen.any()}


def _numbers_of(found: Replay, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    users = found.users[chosen]
    gains = pd.DataFrame({name: metrics.ndcg(found.ranks[name][chosen], K) for name in KNOWN})
    by_user = gains.groupby(users).mean()
    means = {name: by_user[name].to_numpy() for name in KNOWN}
    ahead = {f"{name} ahead": means[name] - means[ONCE] for name in (NIGHTLY, LIVE)}
    ahead["live ahead of nightly"] = means[LIVE] - means[NIGHTLY]
    people = np.arange(len(means[ONCE]))
    intervals = metrics.intervals({**means, **ahead}, people)
    return {"users": len(people), "cases": len(users)} | {
        name: each._asdict() for name, each in intervals.items()
    }


def _replayed(config: Config, earlier: Config) -> Replay:
    paths = artifact_paths(earlier)
    data = AppDataProcessor.from_artifacts(paths, config.cold_start_window_days)
    model = Model.from_keras(paths.model, data.inputs)
    items = pd.Index(data.item_names(np.arange(data.n_items)))
    clean = read_clean(artifact_paths(config).clean)
    n_before = len(read_clean(paths.clean, [columns.REVIEW_TIME]))
    start = clean[columns.REVIEW_TIME].sort_values(kind="stable").iloc[n_before]
    rows = interactions_of(clean, items)
    return replay(data, model, rows, int(start.value // 1_000))


def _run_stage(words: Sequence[str], config: Config) -> None:
    subprocess.run(
        [sys.executable, "-m", "pipeline", *words],
        check=True,
        cwd=PROJECT_ROOT,
        env=os.environ | config.as_environment(),
        stdout=subprocess.DEVNULL,
    )

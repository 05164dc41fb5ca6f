"""The ranker and its baselines on several test periods of one data set, one after the other.

    python -m benchmarks successive-tests --seeds 3 --name "Digital Music 2014"
    python -m benchmarks successive-tests --baselines "item-kNN + popularity" ALS

The last tenth of a small data set holds too few users to tell models apart. So training and
evaluation are repeated as they would have been earlier: on the first 60, 70, 80 and 90 % of the
reviews in the configured folders and on all of them, each with training, validation and test
days of its own and with the baselines tuned anew. Test periods don't overlap, and no model sees
a later review, with two exceptions: prices and text embeddings of items come from all reviews,
for every model alike (ranked are the items that were reviewed by then); and the review embeddings
of users, which the rating network reads, come from the first 80 % of all, which can only help
that baseline.

Printed, and kept in report/successive_tests.json, are the NDCG@10 of each test period, fresh,
those of each seed, their mean over all users, and how far the ranker is ahead. `python -m pipeline report` writes
them into the report.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config import PROJECT_ROOT, Config
from pipeline.evaluate.baselines import MINIMAL, USUAL, Baseline
from pipeline.evaluate.baselines.choice import baselines_named
from pipeline.evaluate.evaluation import EvaluationOptions, evaluate
from pipeline.evaluate.service_model import RANKER
from pipeline.evaluate.stage import add_baselines, write_metrics
from pipeline.report.markdown_tables import SAMPLE
from pipeline.report.studies import SUCCESSIVE, read_study, successive
from recsys import columns, metrics
from recsys.interactions import interactions_of
from recsys.split import temporal_cuts
from storage.artifacts import read_clean, write_frame
from storage.sources import artifact_paths

SHARES = (0.6, 0.7, 0.8, 0.9, 1.0)
FIRST_SEED = 7
K = 10


class Answers(NamedTuple):
    """One test period: its users by name, and each model's NDCG@10, (users, seeds)."""

    users: NDArray[np.object_]
    ndcg: dict[str, NDArray[np.float64]]


def main(arguments: Sequence[str]) -> int:
    """Measure one share after the other, then keep and print the numbers."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks successive-tests",
        description=__doc__.splitlines()[0] if __doc__ else None,
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=1,
        help="rankers to average for each share (default %(default)s)",
    )
    parser.add_argument("--name", default=SAMPLE, help="name of the data (default %(default)s)")
    add_baselines(parser)
    args = parser.parse_args(arguments)
    config, tests = Config.from_environment(), []
    baselines = baselines_named(args.baselines) if args.baselines else USUAL
    for share in SHARES:
        print(f"{share:.0%} of the reviews", flush=True)
        with TemporaryDirectory() as folder:
            earlier = first_share(config, share, Path(folder))
            tests.append(by_seed([*_runs(earlier, args.seeds, baselines)]))
    measured = {args.name: numbers(tests) | {"seeds": args.seeds}}
    write_metrics(read_study(SUCCESSIVE) | measured, SUCCESSIVE)
    print(successive({args.name: {"successive": measured[args.name]}}))
    return 0


def first_share(config: Config, share: float, folder: Path) -> Config:
    """Write artifacts of the first share of the reviews, by whole days, and return their config."""
    earlier = replace(
        config,
        data_path=folder / "data",
        embeddings_path=folder / "embeddings",
        model_path=folder / "models",
    )
    shutil.copytree(
        config.embeddings_path, earlier.embeddings_path, ignore=shutil.ignore_patterns(".*")
    )
    earlier.data_path.mkdir()
    earlier.model_path.mkdir()
    clean = read_clean(artifact_paths(config).clean)
    rows = interactions_of(clean, pd.Index(clean[columns.ITEM].unique()))
    end = temporal_cuts(rows.days, share, 0.0).train_end_day if share < 1 else rows.days.max() + 1
    known = np.sort(rows.file_rows[rows.days < end])
    write_frame(clean.iloc[known].reset_index(drop=True), artifact_paths(earlier).clean)
    return earlier


def by_seed(runs: Sequence[Answers]) -> Answers:
    """Put the runs of several seeds side by side, for each model those that it had."""
    names = dict.fromkeys(name for run in runs for name in run.ndcg)
    columns = {name: [run.ndcg[name] for run in runs if name in run.ndcg] for name in names}
    return Answers(
        runs[0].users, {name: np.concatenate(each, axis=1) for name, each in columns.items()}
    )


def numbers(tests: Sequence[Answers]) -> dict[str, Any]:
    """Average each model in each test and over all, and compare it with the ranker over all.

    Intervals come from a bootstrap over people, who may be in several tests, and over the
    seeds of the ranker.
    """
    people = np.unique(np.concatenate([test.users for test in tests]), return_inverse=True)[1]
    ranker, models = _pooled(tests, RANKER), {}
    for name in tests[0].ndcg:
        pooled = _pooled(tests, name)
        theirs = pooled if name == RANKER else pooled.mean(axis=1, keepdims=True)
        models[name] = {
            "tests": [float(test.ndcg[name].mean()) for test in tests],
            "seeds": [test.ndcg[name].mean(axis=0).tolist() for test in tests],
            "all": float(pooled.mean()),
            "ranker_ahead": metrics.interval_over_seeds(ranker - theirs, people)._asdict(),
        }
    users = [len(test.users) for test in tests]
    return {"shares": list(SHARES), "users": users, "models": models}


def _runs(config: Config, n_seeds: int, baselines: tuple[Baseline, ...]) -> Iterator[Answers]:
    """Train and evaluate with each seed; the baselines, which it does not affect, only once."""
    for number in range(n_seeds):
        command = [sys.executable, "-m", "pipeline", "train", "--objective", "ranker"]
        subprocess.run(
            [*command, "--allow-worse", "--seed", str(FIRST_SEED + number)],
            check=True,
            cwd=PROJECT_ROOT,
            env=os.environ | config.as_environment(),
            stdout=subprocess.DEVNULL,
        )
        evaluation = evaluate(
            config, EvaluationOptions(baselines=baselines if number == 0 else MINIMAL)
        )
        fresh, names = evaluation.fresh.with_known_catalog(), evaluation.timeline.user_names
        models = fresh.models if number == 0 else fresh.models[:1]
        cases = fresh.cutoff.cases.users
        ndcg = {
            each.name: metrics.user_means(each.ranks, cases, K).ndcg[:, None] for each in models
        }
        yield Answers(names[fresh.cutoff.users], ndcg)


def _pooled(tests: Sequence[Answers], name: str) -> NDArray[Any]:
    return np.concatenate([test.ndcg[name] for test in tests])

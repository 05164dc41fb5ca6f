"""Two services compared as online tests compare them: by interleaved lists, and by halves of the users.

    python -m benchmarks interleaving

On the artifacts in the configured folders two services are started: one that knows the training
days only (stale), and one that knows the validation days too (fresh). Both are asked for the lists
of all users who chose something new in the test days. What they chose is replayed as their clicks, so
users choose here without having seen the lists: what this shows is how the two tests work, and how
many users they take, not what people do when they are shown something.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import requests
from numpy.typing import NDArray

from benchmarks.http.service import free_port, running
from benchmarks.ranking.team_draft import arm_of, team_draft
from config import Config
from pipeline.evaluate.cutoff import FRESH, STALE, cutoff
from pipeline.evaluate.point_in_time import write_artifacts_at
from pipeline.evaluate.timeline import Timeline, read_timeline
from recsys import metrics
from recsys.number_format import number, with_interval
from storage.sources import artifact_paths

EXPERIMENT = "stale or fresh"
POWER = (1.96 + 0.84) ** 2
"""Of a test at 5 % that finds a difference four times out of five: users = POWER · variance / difference²."""

USERS_AT_ONCE = 500

Lists = Mapping[str, Sequence[str]]
"""Items by user, best first."""


def main(arguments: Sequence[str]) -> int:
    """Start both services, compare them, and print what each test finds."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks interleaving",
        description=__doc__.splitlines()[0] if __doc__ else None,
    )
    parser.add_argument("--n", type=int, default=10, help="items shown (default %(default)s)")
    n = parser.parse_args(arguments).n
    config = Config.from_environment()
    timeline = read_timeline(artifact_paths(config))
    chosen = choices(timeline)
    with TemporaryDirectory() as folder:
        stale, fresh = lists_of_both(config, timeline, list(chosen), n, Path(folder))
    print(f"{len(chosen):,} users, {sum(map(len, chosen.values())):,} choices, lists of {n}")
    hits = np.array(
        [
            [bool({*lists[user][:n]} & items) for lists in (stale, fresh)]
            for user, items in chosen.items()
        ],
        dtype=np.float64,
    )
    by_arms(hits, np.array([arm_of(user, EXPERIMENT) for user in chosen]))
    by_interleaving(stale, fresh, chosen, n)
    return 0


def choices(timeline: Timeline) -> dict[str, set[str]]:
    """List what users with a history chose in the test days, by name."""
    asked, found = cutoff(timeline, FRESH).cases, defaultdict[str, set[str]](set)
    for user, item in zip(asked.users, asked.items, strict=True):
        found[str(timeline.user_names[user])].add(str(timeline.item_names[item]))
    return dict(found)


def lists_of_both(
    config: Config, timeline: Timeline, users: Sequence[str], n: int, folder: Path
) -> tuple[Lists, Lists]:
    """Start a service as of each cutoff, and ask both for the lists of the users."""
    found = []
    with ExitStack() as services:
        for name in (STALE, FRESH):
            write_artifacts_at(
                artifact_paths(config), timeline, cutoff(timeline, name), folder / name
            )
            settings = replace(
                config,
                data_path=folder / name / "data",
                embeddings_path=folder / name / "embeddings",
                model_path=folder / name / "models",
                snapshot_path=folder / name / "snapshots",
                log_path=folder / name / "logs",
                port=free_port(),
            )
            services.enter_context(running(settings))
            found.append(ask(f"http://127.0.0.1:{settings.port}", users, n))
    return found[0], found[1]


def ask(service: str, users: Sequence[str], n: int) -> Lists:
    """Ask a service for the lists of users."""
    lists: dict[str, list[str]] = {}
    for first in range(0, len(users), USERS_AT_ONCE):
        asked = {"users": users[first : first + USERS_AT_ONCE], "n": n}
        answer = requests.post(f"{service}/recommendations", json=asked, timeout=60)
        answer.raise_for_status()
        lists |= answer.json()
    return lists


def by_arms(hits: NDArray[np.float64], arms: NDArray[np.int64]) -> None:
    """Print what an A/B test finds: hits (n_users, 2) of both services, arms (n_users,)."""
    everyone = np.arange(len(hits))
    print(f"all users asked of both: {with_interval(_interval(hits[:, 1] - hits[:, 0], everyone))}")
    shown = [hits[arms == arm, arm] for arm in (0, 1)]
    for name, values in zip((STALE, FRESH), shown, strict=True):
        found = _interval(values, np.arange(len(values)))
        print(f"A/B, {name}: {len(values)} users, HitRate {with_interval(found)}")
    difference = hits[:, 1].mean() - hits[:, 0].mean()
    spread = np.sqrt(sum(values.var() / len(values) for values in shown))
    seen = shown[1].mean() - shown[0].mean()
    print(f"A/B, difference {number(seen)}, standard error {number(spread)}")
    needed = 2 * POWER * (hits[:, 0].var() + hits[:, 1].var()) / difference**2
    print(f"A/B, users for a difference of {number(difference)}: {needed:,.0f}")


def by_interleaving(stale: Lists, fresh: Lists, chosen: Mapping[str, set[str]], n: int) -> None:
    """Print what drafted lists find: the share of users whose choices the second service placed."""
    credit = np.array(
        [
            team_draft(stale[user], fresh[user], n, user, EXPERIMENT).credit(items)
            for user, items in chosen.items()
        ]
    )
    wins = np.sign(credit).astype(np.float64)
    found = _interval(wins, np.arange(len(wins)))
    print(
        f"interleaving: fresh wins {int((wins > 0).sum())}, stale {int((wins < 0).sum())}, neither "
        f"{int((wins == 0).sum())}; wins less losses a user {with_interval(found)}"
    )
    needed = POWER * wins.var() / wins.mean() ** 2
    print(f"interleaving, users for that difference: {needed:,.0f}")


def _interval(values: NDArray[np.float64], users: NDArray[np.int64]) -> dict[str, float]:
    return metrics.interval(values, users)._asdict()

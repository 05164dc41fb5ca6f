"""Measure the targets and print one table: `make bench`, which is `python -m benchmarks`.

python -m benchmarks [--quick] [--items N] [--users N]   everything, on synthetic data
python -m benchmarks reloads [--reloads N]               reloads under load, every answer judged
python -m benchmarks replicas [--reloads N]              the same over three services that share a store
python -m benchmarks events [--quick]                    what events cost
python -m benchmarks live-events [--users N]             whether answers with events are those of a rebuild
python -m benchmarks reloads-with-events [--reloads N]   reloads while events come in, every answer judged
python -m benchmarks abuse [--quick] [--attack NAME]     well-behaved clients beside attackers
python -m benchmarks agreement [--users N]               whether the service ranks as Keras does
python -m benchmarks search                              the searches alone, in more detail
python -m benchmarks affinities                          what affinities add to a search

With options of their own (`--help`), the offline half and studies of how well users are ranked:

python -m benchmarks offline [--large] [--engines ray]   what each stage of the pipeline costs
python -m benchmarks successive-tests                    ranker and baselines on five test periods
python -m benchmarks replay-events                       what live events are worth
python -m benchmarks beauty-leave-one-out FILE           beside published tables
python -m benchmarks ablations                           what each input is worth to the ranker
python -m benchmarks small-shops                         ranker and baselines in small shops
python -m benchmarks interleaving                        two services by interleaving, and by an A/B test
python -m benchmarks reviews-per-user                    what encoding more reviews is worth
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from rich.console import Console

from config import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "benchmarks" / "cases"
RESULTS = PROJECT_ROOT / "benchmarks" / "results.json"
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "CUDA_VISIBLE_DEVICES": "",
    **dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"),
}
"""One thread for everything that is compared; read when the libraries are first imported."""

WIDTH = 130
"""Columns of the output where it goes to a file or a pipe, which have no width of their own."""

QUICK = (5_000, 5_000)
FULL = (109_000, 131_000)
"""Items and users of the system that this one replaces."""

STUDIES = {
    "offline": "offline.measure",
    "successive-tests": "ranking.successive_tests",
    "replay-events": "ranking.replay_events",
    "beauty-leave-one-out": "ranking.beauty_leave_one_out",
    "ablations": "ranking.ablations",
    "small-shops": "ranking.small_shops",
    "interleaving": "ranking.interleaving",
    "reviews-per-user": "ranking.reviews_per_user",
}
RENAMED = {"kernels": "search"}


def main() -> int:
    """Run what the command line names, and return its exit status."""
    if sys.argv[1:2] and sys.argv[1] in STUDIES:
        study = import_module(f"benchmarks.{STUDIES[sys.argv[1]]}")
        return int(study.main(sys.argv[2:]))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what",
        nargs="?",
        default="all",
        type=lambda name: RENAMED.get(name, name),
        choices=[*COMMANDS, *STUDIES],
    )
    parser.add_argument("--quick", action="store_true", help="a small case, in two minutes")
    parser.add_argument("--items", type=int, help="default: 109000")
    parser.add_argument(
        "--users", type=int, help="default: 131000; of agreement: 1000; of live-events: all"
    )
    parser.add_argument("--reloads", type=int, default=100)
    parser.add_argument("--attack", action="append", help="of abuse; default: all of them")
    parser.add_argument("--artifacts", type=Path, help="of live-events; default: the sample's")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where cases are kept")
    options = parser.parse_args()
    if options.what in STUDIES:
        parser.error(f"{options.what} comes first, before its options")
    os.environ |= ENVIRONMENT
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    return COMMANDS[options.what](options, console) or 0


def _all(options: argparse.Namespace, console: Console) -> None:
    from benchmarks.measure import measure

    n_items, n_users = _size(options)
    minutes = "2 minutes" if options.quick else "about 15 minutes on a quiet machine"
    console.print(f"Measuring {n_items:,} items and {n_users:,} users: {minutes}.")
    folder = options.folder / f"{n_items}x{n_users}"
    results = measure(n_items, n_users, folder, console, quick=options.quick)
    results.print(console)
    results.write(RESULTS)
    console.print(f"Written to {RESULTS}; took {time.time() - results.started:.0f} s.")


def _reloads(options: argparse.Namespace, console: Console) -> None:
    from benchmarks.http.reloads import report

    report(options.folder / "reloads", options.reloads, console)


def _replicas(options: argparse.Namespace, console: Console) -> int:
    from benchmarks.replicas.report import report

    return not report(options.folder / "replicas", options.reloads, console)


def _abuse(options: argparse.Namespace, console: Console) -> int:
    from benchmarks.http.abuse import report

    n_items, n_users = _size(options)
    folder, n_turns = options.folder / f"{n_items}x{n_users}", 3 if options.quick else 5
    return not report(folder, n_items, n_users, n_turns, options.attack, console)


def _events(options: argparse.Namespace, console: Console) -> int:
    from benchmarks.events.report import report

    n_items, n_users = _size(options)
    n_many, n_turns = (100_000, 3) if options.quick else (1_000_000, 7)
    folder = options.folder / f"{n_items}x{n_users}"
    return not report(folder, n_items, n_users, n_many, n_turns, console)


def _live_events(options: argparse.Namespace, console: Console) -> int:
    from benchmarks.events.case import SAMPLE
    from benchmarks.events.equality import report

    folder = options.folder / "live-events"
    return not report(options.artifacts or SAMPLE, folder, options.users, console)


def _reloads_with_events(options: argparse.Namespace, console: Console) -> int:
    from benchmarks.events.reload_trial import report

    return not report(options.folder / "reloads-with-events", options.reloads, console)


def _agreement(options: argparse.Namespace, console: Console) -> None:
    from benchmarks.engine.agreement import report

    n_items, n_users = _size(argparse.Namespace(**vars(options) | {"users": None}))
    report(options.folder / f"{n_items}x{n_users}", n_items, n_users, options.users, console)


def _search(options: argparse.Namespace, console: Console) -> None:
    from benchmarks.engine.search import report

    report(_size(options)[0], console)


def _affinities(options: argparse.Namespace, console: Console) -> None:
    from benchmarks.engine.affinities import report

    report(*_size(options), console)


def _size(options: argparse.Namespace) -> tuple[int, int]:
    n_items, n_users = QUICK if options.quick else FULL
    return options.items or n_items, options.users or n_users


COMMANDS: dict[str, Callable[[argparse.Namespace, Console], int | None]] = {
    "all": _all,
    "reloads": _reloads,
    "replicas": _replicas,
    "events": _events,
    "live-events": _live_events,
    "reloads-with-events": _reloads_with_events,
    "abuse": _abuse,
    "agreement": _agreement,
    "search": _search,
    "affinities": _affinities,
}

if __name__ == "__main__":
    sys.exit(main())

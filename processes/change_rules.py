"""Changes the rules that services share through a store: `python -m processes.change_rules`.

A process of its own, since the client of object stores has threads, which wouldn't survive the
fork of a worker. It reads one JSON object from standard input, `{"rules": […], "version": 3}` or
`{"rollback": true}`, and writes one to standard output: `{"version": 4}`, or an ending of
`ENDINGS` with its sentence.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from typing import Any, Final

from classes.errors import ReloadBusyError, ReloadConflictError, ReloadFailedError, ServiceError
from classes.rules.parsing import parse_rules
from classes.rules.shared import SharedRulesFolder
from classes.rules.store import RuleStore
from config import PROJECT_ROOT, Config
from storage.remote.client import StoreError
from storage.snapshot_folder import SnapshotFolder

logger = logging.getLogger(__name__)

MODULE: Final = "processes.change_rules"
LIMIT_S: Final = 30
"""Of a change, which moves a few small objects."""

FAILED: Final = "failed"
ENDINGS: Final[dict[str, type[ServiceError]]] = {
    "busy": ReloadBusyError,
    "conflict": ReloadConflictError,
    FAILED: ReloadFailedError,
}


def run_change(config: Config, wish: dict[str, Any]) -> None:
    """Change the rules in the store and here, by this program.

    Args:
        config: The settings.
        wish: What the program reads.

    Raises:
        ServiceError: As it reports, or it takes longer than `LIMIT_S`.
    """
    try:
        ended = subprocess.run(
            [sys.executable, "-m", MODULE],
            cwd=PROJECT_ROOT,
            env=os.environ | config.as_environment(),
            input=json.dumps(wish),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ReloadFailedError(
            f"The store has kept a change of the rules waiting for {LIMIT_S} seconds. "
            f"GET /rules tells whether it is in force by now."
        ) from error
    if not ended.stdout:
        logger.error("the change of rules ended with %s:\n%s", ended.returncode, ended.stderr)
        raise ReloadFailedError("The rules can't be changed; the log has the details.")
    [(ending, words)] = json.loads(ended.stdout).items()
    if ending in ENDINGS:
        raise ENDINGS[ending](words)


def change(folder: SharedRulesFolder, wish: dict[str, Any]) -> dict[str, Any]:
    """Change the rules on all machines; return what is to be reported."""
    store = RuleStore(folder)
    try:
        if "rollback" in wish:
            document = store.roll_back()
        else:
            document = store.replace(parse_rules(wish["rules"]), wish["version"])
    except ServiceError as error:
        ending = next((name for name, kind in ENDINGS.items() if isinstance(error, kind)), FAILED)
        return {ending: str(error)}
    return {"version": document.version}


def main() -> int:
    """Do what standard input asks for, and report how it ended."""
    config = Config.from_environment()
    rules = SnapshotFolder(config.snapshot_path).rules
    try:
        folder = SharedRulesFolder(rules, config.snapshot_url, config.snapshot_keep_hours)
    except StoreError as error:
        sys.stdout.write(json.dumps({FAILED: str(error)}))
        return 0
    sys.stdout.write(json.dumps(change(folder, json.loads(sys.stdin.read()))))
    try:
        folder.sweep()
    except StoreError as error:
        logger.warning("old rules stay in the store: %s", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())

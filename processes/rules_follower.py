"""Keeps this machine's rules in step with the store at SNAPSHOT_URL, from the server's parent process."""

from __future__ import annotations

from classes.publication.store_state import RULES_FILE, StoreStateFile
from classes.rules.shared import SharedRulesFolder
from config import Config
from processes.companion_thread import CompanionThread
from processes.followed_state import FollowedState
from storage.remote.client import StoreError
from storage.snapshot_folder import SnapshotFolder


class RulesFollower(CompanionThread):
    """Looks at the store's pointer to the rules, and takes over what it names.

    It has a thread of its own, since rules don't wait until a generation is fetched. Whatever goes
    wrong, the rules here stay in force, and the next look tries again.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the watching thread, which `start` starts."""
        super().__init__("rules-follower")
        self._config = config
        self._state = FollowedState(
            StoreStateFile(config.run_path, RULES_FILE),
            "%s The rules that are here stay in force until then.",
            "the store's rules are followed again",
        )
        self._folder: SharedRulesFolder | None = None

    def _run(self) -> None:
        while True:
            self._look()
            if self._stopping.wait(self._config.snapshot_poll_s):
                return

    def _look(self) -> None:
        """Follow the rules once, and record how that went."""
        try:
            fault = self._open().follow()
            self._state.record(reachable=True, behind=bool(fault), reason=fault)
        except StoreError as error:
            self._record_failure(error, reachable=False)
        except OSError as error:
            self._record_failure(error, reachable=True)

    def _record_failure(self, error: OSError, *, reachable: bool) -> None:
        self._state.record(reachable=reachable, behind=self._state.last.behind, reason=str(error))

    def _open(self) -> SharedRulesFolder:
        """Open the store once; a thread of its own may use it, which a worker may not."""
        if self._folder is None:
            config = self._config
            rules = SnapshotFolder(config.snapshot_path).rules
            self._folder = SharedRulesFolder(rules, config.snapshot_url, config.snapshot_keep_hours)
        return self._folder

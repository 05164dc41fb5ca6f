"""How a follower tells the workers and the log whether it can follow."""

from __future__ import annotations

import logging
import time

from classes.publication.store_state import StoreState, StoreStateFile

logger = logging.getLogger(__name__)


class FollowedState:
    """The last state of what machines share, written down where it has changed.

    Attributes:
        last: The state that was recorded last; all is well at first.
    """

    def __init__(self, file: StoreStateFile, warning: str, well_again: str) -> None:
        """Begin with a state that isn't written down yet.

        Args:
            file: Where the workers read it.
            warning: What is logged once for a new reason, which replaces its "%s".
            well_again: What is logged when there is no reason any more.
        """
        self._file = file
        self._warning = warning
        self._well_again = well_again
        self.last = StoreState(reachable=True, since=time.time(), behind=False)

    def record(self, *, reachable: bool, behind: bool, reason: str = "") -> None:
        """Write the state down where it has changed, and log a new reason once."""
        before = self.last
        since = before.since if reachable == before.reachable else time.time()
        self.last = StoreState(reachable, since, behind, reason)
        if reason and reason != before.reason:
            logger.warning(self._warning, reason)
        elif before.reason and not reason:
            logger.info(self._well_again)
        if self.last != before or self._file.read() is None:
            self._file.write(self.last)

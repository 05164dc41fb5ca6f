"""What `processes.start_build` does for the store of snapshots, in processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from config import Config


class Build(Protocol):
    """Builds a generation, as `processes.start_build.run_builder` does."""

    def __call__(
        self,
        config: Config,
        lock: int,
        *,
        data: bool,
        model: bool,
        announce: Callable[[str], None],
        publish: bool = True,
    ) -> None:
        """Build a generation under the held lock, and publish it unless told not to."""


class Shared(Protocol):
    """The store that services of several machines share, as `processes.start_build` reaches it."""

    def follow(self, lock: int) -> str:
        """Take over what the store has; return the generation, or "" where it is empty."""

    def roll_back(self, lock: int) -> None:
        """Let all machines return to the generation before."""

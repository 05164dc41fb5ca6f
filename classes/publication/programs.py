"""What `processes.start_build` does for snapshots and shared rules, in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from classes.rules.rule import Rule
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

    def replace_rules(self, rules: Sequence[Rule], version: int | None) -> None:
        """Put rules in force on all machines, in place of that version or whichever is."""

    def roll_back_rules(self) -> None:
        """Let all machines return to the version of the rules before."""

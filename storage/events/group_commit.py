"""Group commit: what several threads bring while the disk is busy is made durable at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar, cast

Work = TypeVar("Work")
Result = TypeVar("Result")


class _Entry(Generic[Work, Result]):
    """What one thread brought, and what became of it."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.is_done = False
        self.result: Result | None = None
        self.error: Exception | None = None


class GroupCommit(Generic[Work, Result]):
    """The thread whose turn it is commits for all that wait (DeWitt et al., 1984)."""

    def __init__(self, commit: Callable[[Sequence[Work]], Sequence[Result | Exception]]) -> None:
        """Take the function that commits.

        Args:
            commit: Commits everything in one transaction, and returns for each what became
                of it; what it raises concerns all.
        """
        self._commit = commit
        self._turn = Lock()
        self._lock = Lock()
        self._waiting: list[_Entry[Work, Result]] = []

    def submit(self, work: Work) -> Result:
        """Return once the work is durable.

        Raises:
            Exception: What `commit` raised, or returned for this work.
        """
        entry: _Entry[Work, Result] = _Entry(work)
        with self._lock:
            self._waiting.append(entry)
        with self._turn:
            if not entry.is_done:
                self._commit_all()
        if entry.error is not None:
            raise entry.error
        return cast(Result, entry.result)

    def _commit_all(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting, []
        try:
            results = self._commit([each.work for each in group])
        except Exception as error:  # noqa: BLE001 - raised again in each thread
            results = [error] * len(group)
        for each, result in zip(group, results, strict=True):
            if isinstance(result, Exception):
                each.error = result
            else:
                each.result = result
            each.is_done = True

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from storage.events.group_commit import GroupCommit
from tests.support.process import until


def test_what_is_brought_while_one_commits_is_committed_together() -> None:
    groups: list[list[int]] = []
    begun, may_end = Event(), Event()

    def commit(works: Sequence[int]) -> list[int]:
        groups.append(sorted(works))
        begun.set()
        assert may_end.wait(10)
        return [10 * work for work in works]

    group: GroupCommit[int, int] = GroupCommit(commit)
    with ThreadPoolExecutor(6) as threads:
        results = [threads.submit(group.submit, 0)]
        assert begun.wait(10)
        results += [threads.submit(group.submit, work) for work in range(1, 6)]
        until(lambda: len(group._waiting) == 5)
        may_end.set()
        assert [each.result() for each in results] == [0, 10, 20, 30, 40, 50]
    assert groups == [[0], [1, 2, 3, 4, 5]]


def test_an_error_reaches_whom_it_concerns() -> None:
    def commit(works: Sequence[int]) -> list[int | Exception]:
        if 7 in works:
            raise OSError("the disk is full")
        return [ValueError(f"not {work}") if work % 2 else work for work in works]

    group: GroupCommit[int, int] = GroupCommit(commit)
    assert group.submit(2) == 2
    with pytest.raises(ValueError, match="not 3"):
        group.submit(3)
    with pytest.raises(OSError, match="full"):
        group.submit(7)
    assert group.submit(4) == 4

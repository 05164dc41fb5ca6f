"""Large requests run one at a time and hold up no small one."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import nullcontext

import pytest

from api.asgi.threads import RequestThreads
from api.wsgi.problems import ProblemError


def test_small_requests_overtake_large_ones_which_run_one_at_a_time() -> None:
    threads = RequestThreads(2, threading.Lock())
    may_end = threading.Event()
    running: list[int] = []

    def large() -> int:
        running.append(1)
        assert may_end.wait(10)
        running.pop()
        return len(running)

    async def run() -> tuple[list[int], list[str]]:
        many = [asyncio.create_task(threads.run(large, 10_000)) for _ in range(8)]
        small = [await threads.run(lambda: threading.current_thread().name, 10) for _ in range(4)]
        may_end.set()
        return await asyncio.gather(*many), small

    others, names = asyncio.run(run())
    assert others == [0] * 8
    assert all(name.startswith("request") for name in names)


def test_a_large_request_waits_for_the_turn_of_its_worker() -> None:
    turn = threading.Lock()
    threads = RequestThreads(2, turn)

    async def run() -> bool:
        turn.acquire()
        waiting = asyncio.create_task(threads.run(lambda: True, 10_000))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        turn.release()
        return await waiting

    assert asyncio.run(run())


def test_beyond_sixteen_large_requests_are_refused_and_small_ones_go_on() -> None:
    turn = threading.Lock()
    threads = RequestThreads(2, turn)

    async def run() -> list[bool]:
        turn.acquire()
        waiting = [asyncio.create_task(threads.run(lambda: True, 10_000)) for _ in range(16)]
        await asyncio.sleep(0.05)
        with pytest.raises(ProblemError, match="Too many large requests") as refused:
            await threads.run(lambda: True, 10_000)
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
        assert await threads.run(lambda: True, 10)
        turn.release()
        return [*await asyncio.gather(*waiting), await threads.run(lambda: True, 10_000)]

    assert asyncio.run(run()) == [True] * 17


def test_large_requests_have_a_lower_priority_than_the_process() -> None:
    threads = RequestThreads(2, nullcontext())

    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    large = asyncio.run(threads.run(priority, 10_000))
    assert large > priority() == asyncio.run(threads.run(priority, 10))

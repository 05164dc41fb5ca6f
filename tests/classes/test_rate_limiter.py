from __future__ import annotations

import time
from pathlib import Path

import pytest

from classes.rate_limiter import RateLimiter

NS = 1_000_000_000


class Clock:
    """Stands in for the monotonic clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 5_000 * NS
        monkeypatch.setattr(time, "monotonic_ns", lambda: self.now)

    def pass_s(self, seconds: float) -> None:
        self.now += round(seconds * NS)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def allowed(limiter: RateLimiter, address: str, n_requests: int) -> int:
    return sum(limiter.seconds_to_wait(address) == 0 for _ in range(n_requests))


def test_a_burst_up_to_the_limit_passes_and_not_one_more(clock: Clock) -> None:
    assert allowed(RateLimiter(10, 60), "192.0.2.1", 25) == 10


def test_the_wait_it_tells_is_the_wait_it_takes(clock: Clock) -> None:
    limiter = RateLimiter(10, 60)
    assert allowed(limiter, "192.0.2.1", 10) == 10
    assert limiter.seconds_to_wait("192.0.2.1") == 6.0  # 60 s / 10
    clock.pass_s(5.999)
    assert limiter.seconds_to_wait("192.0.2.1") == pytest.approx(0.001)
    clock.pass_s(0.001)
    assert allowed(limiter, "192.0.2.1", 3) == 1


def test_refused_requests_do_not_lengthen_the_wait(clock: Clock) -> None:
    limiter = RateLimiter(2, 60)
    waits = [limiter.seconds_to_wait("192.0.2.1") for _ in range(100)]
    assert waits == [0, 0] + [30.0] * 98


def test_no_period_lets_more_than_twice_the_limit_pass_wherever_it_begins(clock: Clock) -> None:
    limiter = RateLimiter(60, 60)
    passed: list[float] = []
    for tick in range(1_800):  # three minutes, ten tries a second
        clock.pass_s(0.1)
        if limiter.seconds_to_wait("192.0.2.1") == 0:
            passed.append(tick / 10)
    most = max(sum(begin <= at < begin + 60 for at in passed) for begin in range(120))
    assert most <= 120
    assert len(passed) == pytest.approx(60 + 180, abs=1)  # the burst, then one a second


def test_clients_do_not_limit_each_other(clock: Clock) -> None:
    limiter = RateLimiter(3, 60)
    for number in range(2_000):
        assert allowed(limiter, f"10.0.{number // 250}.{number % 250}", 4) == 3


def test_a_customers_ipv6_network_is_one_client(clock: Clock) -> None:
    limiter = RateLimiter(3, 60)
    passed = [limiter.seconds_to_wait(f"2001:db8:1:2::{number:x}") == 0 for number in range(9)]
    assert passed == [True] * 3 + [False] * 6
    assert allowed(limiter, "2001:db8:1:3::1", 9) == 3
    assert allowed(limiter, "fe80::1%eth0", 9) == 3


def test_workers_count_together(clock: Clock, tmp_path: Path) -> None:
    workers = [RateLimiter(10, 60, tmp_path) for _ in range(4)]
    passed = [worker.seconds_to_wait("192.0.2.1") == 0 for worker in workers * 5]
    assert sum(passed) == 10


def test_without_a_shared_folder_a_worker_counts_for_itself(clock: Clock, tmp_path: Path) -> None:
    workers = [RateLimiter(10, 60, tmp_path / "missing") for _ in range(2)]
    assert [allowed(worker, "192.0.2.1", 20) for worker in workers] == [10, 10]


def test_an_address_that_is_missing_is_a_client_too(clock: Clock) -> None:
    assert allowed(RateLimiter(2, 60), "", 5) == 2

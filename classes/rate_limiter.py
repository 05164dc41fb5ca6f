"""How many requests one client may send, counted by all workers together."""

from __future__ import annotations

import fcntl
import ipaddress
import mmap
import os
import time
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final
from weakref import finalize

_FILE: Final = "clients"
_PLACES: Final = 65_536
_TRIED: Final = 8
_BYTES: Final = _PLACES * 2 * 8
_NS: Final = 1_000_000_000


class RateLimiter:
    """Lets each client send `most` requests a period, evenly spread or in bursts.

    The generic cell rate algorithm: of each client one time is kept, at which its
    allowance will be whole again. It costs one number where a window of counters would
    let twice the limit pass at its border.

    The times lie in a table of fixed size that all workers map and lock. A client takes
    the first of eight places that is its own or out of use; where strangers hold all
    eight, which takes tens of thousands of clients at once, it shares one with them.
    """

    def __init__(self, most: int, period_s: int, folder: Path | None = None) -> None:
        """Join the table in `folder`; where there is none, limit this process alone."""
        self._period_ns = period_s * _NS
        self._interval_ns = self._period_ns // most
        self._lock = Lock()
        if folder is None or not folder.is_dir():
            self._file = None
            table = mmap.mmap(-1, _BYTES)
        else:
            self._file = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT, 0o644)
            finalize(self, os.close, self._file)
            os.truncate(self._file, _BYTES)
            table = mmap.mmap(self._file, _BYTES)
        self._table = memoryview(table).cast("Q")

    def seconds_to_wait(self, address: str) -> float:
        """Count a request of a client; 0 lets it pass, else it says when one would.

        Args:
            address: The client's; an IPv6 one counts for its /64 network, which is what
                one customer has.
        """
        client = _fingerprint(address)
        with self._lock:
            if self._file is None:
                return self._count(client)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                return self._count(client)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _count(self, client: int) -> float:
        now = time.monotonic_ns()
        place = self._place(client, now)
        whole_again = max(self._table[place + 1], now) + self._interval_ns
        too_far = whole_again - now - self._period_ns
        if too_far > 0:
            return too_far / _NS
        self._table[place], self._table[place + 1] = client, whole_again
        return 0.0

    def _place(self, client: int, now: int) -> int:
        """Find a client's place in the table, or one that nobody needs any more."""
        places = [2 * ((client + step) % _PLACES) for step in range(_TRIED)]
        unused = None
        for place in places:
            if self._table[place] == client:
                return place
            if unused is None and self._table[place + 1] <= now:
                unused = place
        return places[0] if unused is None else unused


def _fingerprint(address: str) -> int:
    if ":" in address:
        network = ipaddress.ip_network((address.partition("%")[0], 64), strict=False)
        address = str(network.network_address)
    return int.from_bytes(blake2b(address.encode(), digest_size=8).digest(), "little")

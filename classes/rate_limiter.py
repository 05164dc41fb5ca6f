"""How many requests one client may send, counted by all workers together."""

from __future__ import annotations

import ipaddress
import logging
import time
from hashlib import blake2b
from pathlib import Path
from typing import Final

from storage.run_folder import is_shared
from storage.shared_table import SharedTable

_FILE: Final = "clients"
_PLACES: Final = 65_536
_TRIED: Final = 8
_NS: Final = 1_000_000_000

logger = logging.getLogger(__name__)


class RateLimiter:
    """Lets each client send `most` requests per period, evenly spread or in bursts.

    The generic cell rate algorithm keeps one time per client, at which its allowance will
    be whole again. A window of counters would let twice the limit pass at its border.

    The times lie in a table of fixed size that all workers share. A client takes the first
    of eight places that is its own or out of use; where other clients hold all eight, which
    takes tens of thousands of clients at once, it shares one with them.
    """

    def __init__(self, most: int, period_s: int, folder: Path | None = None) -> None:
        """Join the table in `folder`; where that can't be written, limit this process alone."""
        self._period_ns = period_s * _NS
        self._interval_ns = self._period_ns // most
        path = folder / _FILE if folder is not None and is_shared(folder) else None
        try:
            self._table = SharedTable(2 * _PLACES, path)
        except OSError:
            logger.exception("This process limits clients by itself")
            self._table = SharedTable(2 * _PLACES, None)

    def seconds_to_wait(self, address: str) -> float:
        """Count a request, and return how long the client has to wait; 0 lets it pass.

        Args:
            address: The client's address; IPv6 addresses are counted by their /64 network,
                which is what one customer has.
        """
        client = _fingerprint(address)
        with self._table:
            return self._count(client)

    def _count(self, client: int) -> float:
        now, values = time.monotonic_ns(), self._table.values
        place = self._place(client, now)
        whole_again = max(values[place + 1], now) + self._interval_ns
        too_far = whole_again - now - self._period_ns
        if too_far > 0:
            return too_far / _NS
        values[place], values[place + 1] = client, whole_again
        return 0.0

    def _place(self, client: int, now: int) -> int:
        """Find a client's place in the table, or one that is out of use."""
        places = [2 * ((client + step) % _PLACES) for step in range(_TRIED)]
        values, unused = self._table.values, None
        for place in places:
            if values[place] == client:
                return place
            if unused is None and values[place + 1] <= now:
                unused = place
        return places[0] if unused is None else unused


def _fingerprint(address: str) -> int:
    if ":" in address:
        network = ipaddress.ip_network((address.partition("%")[0], 64), strict=False)
        address = str(network.network_address)
    return int.from_bytes(blake2b(address.encode(), digest_size=8).digest(), "little")

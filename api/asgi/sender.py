"""Sending responses within limits of time and memory, however slowly a client reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from api.asgi.body import Message

Send = Callable[[Message], Awaitable[None]]

PIECE_BYTES: Final = 65_536
"""A body of at most this size is handed over at once; the connection's buffers hold it."""

_BYTES_WAITING: Final = 32 * 1024 * 1024
"""Bytes of larger bodies that a worker holds at a time, waiting for their clients."""


class Response(NamedTuple):
    """A complete response.

    Attributes:
        status: HTTP status.
        headers: Names in lower case, and values.
        body: The whole body.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class ResponseSender:
    """Sends the responses of one worker, all within one event loop.

    A large body is handed over in pieces, as its client takes them. It is given up after
    `timeout_s`, or earlier if it is the oldest when others need its memory: the connection
    closes before the announced length is reached, which clients notice.

    Args:
        timeout_s: Seconds within which a client must have taken a response.
        max_waiting_bytes: Bytes of large bodies in memory at a time.
    """

    def __init__(self, timeout_s: float, max_waiting_bytes: int = _BYTES_WAITING) -> None:
        """Begin with nothing to send."""
        self._timeout_s = timeout_s
        self._max_waiting_bytes = max_waiting_bytes
        self._waiting: dict[asyncio.Timeout, int] = {}

    async def send(self, send: Send, response: Response) -> None:
        """Send a response over the ASGI channel of its request."""
        start = {"type": "http.response.start", "status": response.status}
        await send({**start, "headers": response.headers})
        if len(response.body) <= PIECE_BYTES:
            await send({"type": "http.response.body", "body": response.body})
        else:
            await self._send_in_pieces(send, response.body)

    async def _send_in_pieces(self, send: Send, body: bytes) -> None:
        try:
            async with asyncio.timeout(self._timeout_s) as deadline:
                self._waiting[deadline] = len(body)
                self._give_up_oldest()
                for first in range(0, len(body), PIECE_BYTES):
                    piece = body[first : first + PIECE_BYTES]
                    more = first + PIECE_BYTES < len(body)
                    await send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError:
            pass
        finally:
            del self._waiting[deadline]

    def _give_up_oldest(self) -> None:
        """Give up the clients that have been reading for longest, until the other bodies fit."""
        excess = sum(self._waiting.values()) - self._max_waiting_bytes
        for deadline, n_bytes in [*self._waiting.items()][:-1]:
            if excess <= 0:
                return
            excess -= n_bytes
            if not deadline.expired():
                deadline.reschedule(0)

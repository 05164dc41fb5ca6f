"""Reading request bodies whole, within limits of size, time and memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from api.wsgi.problems import ProblemError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

_BODIES_IN_MEMORY: Final = 32
"""How many bodies of the largest size a worker holds at a time, arriving or being answered."""

_CLOSE: Final = {"Connection": "close"}
"""What is left of a body that was not read to its end can't be told from the next request."""


class BodyReader:
    """Reads the bodies of one worker, all within one event loop.

    Args:
        max_bytes: The largest body of any endpoint; endpoints may allow less.
        timeout_s: Seconds within which a body must have arrived.
    """

    def __init__(self, max_bytes: int, timeout_s: float) -> None:
        """Begin with no body in memory."""
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._free_bytes = _BODIES_IN_MEMORY * max_bytes

    async def read(self, receive: Receive, announced: int | None) -> bytes:
        """Read a body to its end; `release` it once its request is answered.

        Args:
            receive: The ASGI channel of the request.
            announced: Its Content-Length, if it has one.

        Raises:
            ProblemError: 400 if it ends early, 408 if it arrives too slowly, 413 if it is too
                large, 503 if the bodies of other requests take too much memory.
        """
        if announced is not None and announced > self._max_bytes:
            raise self._too_large()
        body = bytearray()
        try:
            async with asyncio.timeout(self._timeout_s):
                while await self._read_chunk(receive, body, announced):
                    pass
        except TimeoutError:
            self.release(body)
            raise ProblemError(
                408,
                f"The request body did not arrive within {self._timeout_s:g} s "
                f"(BODY_TIMEOUT_S); send it again.",
                _CLOSE,
            ) from None
        except ProblemError:
            self.release(body)
            raise
        return bytes(body)

    def release(self, body: bytes | bytearray) -> None:
        """Let other bodies have the memory of this one."""
        self._free_bytes += len(body)

    async def _read_chunk(self, receive: Receive, body: bytearray, announced: int | None) -> bool:
        """Read on; return whether there is more to come."""
        message = await receive()
        if message["type"] == "http.disconnect":
            came = f"{len(body):,}" if announced is None else f"{len(body):,} of {announced:,}"
            raise ProblemError(400, f"The body ended after {came} bytes; send it again.")
        chunk = message.get("body", b"")
        body += chunk
        self._free_bytes -= len(chunk)
        if len(body) > self._max_bytes:
            raise self._too_large()
        if self._free_bytes < 0:
            raise ProblemError(
                503,
                "Too many request bodies are arriving at once; try again in a second.",
                {"Retry-After": "1", **_CLOSE},
            )
        return bool(message.get("more_body", False))

    def _too_large(self) -> ProblemError:
        return ProblemError(
            413, f"The body is larger than {self._max_bytes:,} bytes; send less or none.", _CLOSE
        )

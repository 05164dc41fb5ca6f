"""The ASGI application: reads a request whole, and only then gives it to a thread.

WSGI servers give a request a thread at its first byte, so a few clients that announce a body
and then send nothing stop them. Here the event loop waits for clients; threads only compute.
Requests that are answered in about a millisecond are answered in the event loop itself, which
costs less than handing them over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from api.asgi.body import BodyReader, Receive
from api.asgi.environ import Scope, environ_of
from api.asgi.sender import Response, ResponseSender, Send
from api.asgi.threads import RequestThreads
from api.wsgi.middleware import REFUSAL
from api.wsgi.problems import ProblemError, problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

IsQuick = Callable[[str, str, bytes], bool]
"""Whether a request, by method, path and raw query, is answered in the event loop."""

_BODILESS: Final = frozenset(("GET", "HEAD"))
_MOST_DIGITS: Final = 20
"""Of a Content-Length; the server refuses what doesn't fit 64 bits."""


class Gateway:
    """Passes requests on to a WSGI application.

    Args:
        app: The WSGI application.
        is_quick: Decides which requests need no thread.
        threads: Run all other requests.
        bodies: Reads request bodies.
        responses: Sends responses.
        on_startup: Called within the event loop when the worker starts.
    """

    def __init__(
        self,
        app: WSGIApplication,
        is_quick: IsQuick,
        threads: RequestThreads,
        bodies: BodyReader,
        responses: ResponseSender,
        on_startup: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the application and the parts that do the work."""
        self._app = app
        self._is_quick = is_quick
        self._bodies = bodies
        self._responses = responses
        self._on_startup = on_startup
        self._threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the worker's life (ASGI 3.0)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        await self._responses.send(send, await self._respond(scope, receive))

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = (await receive())["type"]
            if event == "lifespan.startup":
                self._on_startup()
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        method, path = scope["method"], scope["path"]
        if method in _BODILESS and self._is_quick(method, path, scope["query_string"]):
            return self._call(environ_of(scope, b""))
        body = b""
        try:
            if _has_body(scope):
                body = await self._bodies.read(receive, _announced_bytes(scope))
            n_bytes = len(scope["path"]) + len(scope["query_string"]) + len(body)
            return await self._threads.run(partial(self._call, environ_of(scope, body)), n_bytes)
        except ProblemError as error:
            refused = environ_of(scope, b"")
            refused[REFUSAL] = problem(error.status, str(error), error.headers)
            return self._call(refused)
        finally:
            self._bodies.release(body)

    def _call(self, environ: WSGIEnvironment) -> Response:
        """Run the WSGI application to the end of its response."""
        status, headers = "500", []

        def start_response(line: str, found: list[tuple[str, str]], *_: Any) -> Any:
            nonlocal status, headers
            status, headers = line, found

        chunks = self._app(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        encoded = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers]
        return Response(int(status[:3]), encoded, body)


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _announced_bytes(scope: Scope) -> int | None:
    """Content-Length as a number; None without one, as in a body sent in chunks."""
    found = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(found) if found.isdigit() and len(found) < _MOST_DIGITS else None

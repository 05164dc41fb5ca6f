"""A local web server for files that can misbehave as real ones do."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileSite:
    """The files of the server, its behavior and the requests it received.

    Attributes:
        files: Contents by path, without the leading slash.
        statuses: Error statuses by path, sent with an HTML page.
        drops: By path, how many more responses break off after half of their bytes.
        ignores_ranges: Whether it always sends whole files, as simple servers do.
        sends_etag: Whether it sends an ETag.
        chunk_pause_s: Seconds between chunks of 1 KiB.
        requests: (path, Range header or "") of every request, in order.
    """

    files: dict[str, bytes]
    statuses: dict[str, int] = field(default_factory=dict)
    drops: dict[str, int] = field(default_factory=dict)
    ignores_ranges: bool = False
    sends_etag: bool = True
    chunk_pause_s: float = 0.0
    requests: list[tuple[str, str]] = field(default_factory=list)

    def ranges_of(self, path: str) -> list[str]:
        """List the Range headers of the requests for a path, in order."""
        return [ranges for requested, ranges in self.requests if requested == path]


@contextmanager
def serving(site: FileSite) -> Iterator[str]:
    """Serve the site on a free local port, and yield its address."""

    class Handler(_FileHandler):
        pass

    Handler.site = site
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _FileHandler(BaseHTTPRequestHandler):
    site: FileSite

    def do_GET(self) -> None:
        path, wanted = self.path.lstrip("/"), self.headers.get("Range", "")
        self.site.requests.append((path, wanted))
        status = self.site.statuses.get(path, 200 if path in self.site.files else 404)
        if status != 200:
            self._send(status, b"<!DOCTYPE html><p>Sorry.</p>", path, [])
            return
        content = self.site.files[path]
        version = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = [("ETag", version)] if self.site.sends_etag else []
        first = self._first_byte(wanted, version)
        if first >= len(content) > 0 and first:
            self._send(416, b"", path, headers)
        elif first:
            extent = f"bytes {first}-{len(content) - 1}/{len(content)}"
            self._send(206, content[first:], path, [*headers, ("Content-Range", extent)])
        else:
            self._send(200, content, path, headers)

    def _first_byte(self, wanted: str, version: str) -> int:
        if self.site.ignores_ranges or not wanted:
            return 0
        if self.headers.get("If-Range", version) != version:
            return 0
        return int(wanted.removeprefix("bytes=").rstrip("-"))

    def _send(self, status: int, body: bytes, path: str, headers: list[tuple[str, str]]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        breaks_off = status < 300 and self.site.drops.get(path, 0) > 0
        if breaks_off:
            self.site.drops[path] -= 1
            body = body[: len(body) // 2]
        try:
            for start in range(0, len(body), 1024):
                self.wfile.write(body[start : start + 1024])
                self.wfile.flush()
                time.sleep(self.site.chunk_pause_s)
        except ConnectionError:
            return  # the client has gone, as the tests want it
        finally:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""

"""The console's scripts and styles, read once."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pkgutil import get_data
from typing import Final

_SCRIPTS: Final = (
    "address.js",
    "api.js",
    "catalog.js",
    "charts.js",
    "console.js",
    "controls.js",
    "dom.js",
    "items.js",
    "jobs.js",
    "list.js",
    "metrics.js",
    "model.js",
    "operations.js",
    "rules.js",
    "tabs.js",
    "users.js",
    "words.js",
)
_SHARED: Final = "style.css"
"""What the other pages include too."""

_STYLES: Final = (_SHARED, "console.css")

SCRIPTS: Final = tuple(name for name in _SCRIPTS if name != "console.js")
"""The modules that `console.js` imports, for a page to load at once."""


@dataclass(frozen=True)
class PageFile:
    """A file of the console.

    Attributes:
        content: Its bytes.
        media_type: What they are.
        etag: Changes with the content.
    """

    content: bytes
    media_type: str
    etag: str


def read_files() -> dict[str, PageFile]:
    """Read the files by name; they lie among the templates, but aren't rendered."""
    found = {}
    for name in (*_SCRIPTS, *_STYLES):
        folder = "templates" if name == _SHARED else "templates/console"
        content = get_data("api", f"{folder}/{name}") or b""
        kind = "text/javascript" if name.endswith(".js") else "text/css"
        found[name] = PageFile(content, kind, sha256(content).hexdigest()[:16])
    return found

"""Sets up obstore, the client of object stores, and translates what goes wrong there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from os import environ
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client

_CONNECT_S: Final = 2
_ENDPOINTS: Final = {
    "s3": ("endpoint", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "az": ("endpoint", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    "gs": ("base_url", "GOOGLE_BASE_URL"),
}
"""What names another endpoint than the cloud's own: an option of the URL, and variables."""


class StoreError(OSError):
    """The store can't be reached, or it refuses; the message says why, without secrets."""


def place_of(url: str) -> str:
    """Return a URL without its options, which may be secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def open_client(url: str, timeout_s: int, n_retries: int) -> Client:
    """Set up obstore for one kind of request; none is sent yet.

    Args:
        url: The place; credentials that aren't among its options come from the environment.
        timeout_s: Seconds after which a request has failed.
        n_retries: How often a request is sent again.

    Raises:
        StoreError: obstore isn't installed, or the URL has an unknown option.
    """
    place = place_of(url)
    if find_spec("obstore") is None:
        raise StoreError(
            f"{place} needs the package obstore, which isn't installed. Run `make setup-scale`, "
            f"or `pip install obstore`."
        )
    from obstore.store import LocalStore, from_url

    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(prefix=unquote(parts.path), mkdir=True, automatic_cleanup=True)
    options: Any = dict(parse_qsl(parts.query))  # of a type of its own for each kind of store
    option, *variables = _ENDPOINTS[parts.scheme]
    endpoint = options.get(option) or next(filter(None, map(environ.get, variables)), "")
    with translated(place):
        client: Client = from_url(
            place,
            config=options,
            client_options={
                "timeout": timedelta(seconds=timeout_s),
                "connect_timeout": timedelta(seconds=_CONNECT_S),
                "allow_http": endpoint.startswith("http://"),
            },
            retry_config={
                "max_retries": n_retries,
                "retry_timeout": timedelta(seconds=timeout_s),
            },
        )
    return client


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what obstore raises into `StoreError`, and keep secrets out of its message."""
    failures: tuple[type[Exception], ...] = OSError, ValueError, *_errors_of_obstore()
    try:
        yield
    except (StoreError, FileNotFoundError):
        raise
    except failures as error:
        raise StoreError(f"{place} can't be used: {_harmless(error)}.") from None


def _errors_of_obstore() -> tuple[type[Exception], ...]:
    """List what obstore raises besides built-in errors, where it is installed."""
    if find_spec("obstore") is None:
        return ()
    from obstore.exceptions import BaseError

    return (BaseError,)


def _harmless(error: Exception) -> str:
    """Shorten a message to its first line, without queries of URLs and bodies of responses.

    Without durations, too, so that the same failure has the same message each time.
    """
    line = next(iter(str(error).splitlines()), type(error).__name__)
    return re.sub(r"\?\S*| in [\d.]+[nµm]?s\b", "", line.partition("<")[0]).strip(" .:")

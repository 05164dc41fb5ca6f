"""Objects behind a URL, s3://, gs://, az:// or file://, by way of obstore.

Every request ends within seconds: one for a small object within `_QUICK_S`, one for a part of a
large object within `_PART_S`. Credentials come from the variables that each cloud's own tools
read (AWS_*, GOOGLE_*, AZURE_*), or from options in the URL: `s3://bucket/prefix?region=…`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from importlib.util import find_spec
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from storage.file_lock import hold_lock

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client

_QUICK_S: Final = 5
_PART_S: Final = 60
_CONNECT_S: Final = 2
_PART_BYTES: Final = 8 * 2**20
_PARTS_AT_A_TIME: Final = 4
_RETRIES: Final = 2

Version = dict[str, str]
"""What tells one version of an object from another: `e_tag`, `version`, or both."""


class StoreError(OSError):
    """The store can't be reached, or it refuses; the message says why, without secrets."""


class ObjectMovedError(StoreError):
    """Somebody else has replaced the object meanwhile."""


class StoredObject(NamedTuple):
    """An object's content and its version."""

    content: bytes
    version: Version


class Listed(NamedTuple):
    """An object in a listing."""

    key: str
    n_bytes: int
    modified_at: float
    e_tag: str


class ObjectStore:
    """The objects below one URL; every method may be called from any thread.

    All methods raise `StoreError` where the store can't be reached or refuses.
    """

    def __init__(self, url: str) -> None:
        """Prepare requests; none is sent yet.

        Raises:
            StoreError: obstore isn't installed, or the URL has an unknown option.
        """
        parts = urlsplit(url)
        self.place = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self._root = Path(unquote(parts.path)) if parts.scheme == "file" else None
        options = dict(parse_qsl(parts.query))
        with self._translated():
            self._quick = self._client(options, _QUICK_S, 0)
            self._patient = self._client(options, _PART_S, _RETRIES)

    def read(self, key: str, unless: Version | None = None) -> StoredObject | None:
        """Read a small object.

        Args:
            key: Its name.
            unless: A version that the caller has; None is returned if it is still this one.

        Raises:
            FileNotFoundError: There is no such object.
        """
        import obstore
        from obstore.exceptions import NotModifiedError

        options: Any = {"if_none_match": unless["e_tag"]} if unless and "e_tag" in unless else {}
        with self._translated():
            try:
                found = obstore.get(self._quick, key, options=options)
                content = bytes(found.bytes())
            except NotModifiedError:
                return None
            return StoredObject(content, _version(found.meta))

    def replace(self, key: str, content: bytes, expected: Version | None) -> Version:
        """Write a small object in place of a version of it.

        Args:
            key: Its name.
            content: Its new content.
            expected: The version to be replaced; None where there must be no such object.

        Raises:
            ObjectMovedError: It is another version by now.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._translated(), self._instead_of_a_condition(key, expected):
            local = self._root is not None
            mode: Any = ("overwrite" if local else expected) if expected else "create"
            try:
                put = obstore.put(self._quick, key, content, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError) as error:
                raise self._moved(key) from error
            except FileNotFoundError as error:  # how S3 says that an expected object is gone
                raise self._moved(key) from error
            return _version(put)

    def upload(self, key: str, source: Path | bytes) -> None:
        """Write an object of any size, in parts."""
        import obstore

        with self._translated():
            obstore.put(
                self._patient,
                key,
                source,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_A_TIME,
            )

    def download(self, key: str, n_bytes: int) -> Iterator[bytes]:
        """Read an object of any size in parts, each by a request of its own.

        Raises:
            FileNotFoundError: There is no such object.
        """
        import obstore

        for start in range(0, n_bytes, _PART_BYTES):
            with self._translated():
                length = min(_PART_BYTES, n_bytes - start)
                part = obstore.get_range(self._patient, key, start=start, length=length)
            yield bytes(part)

    def head(self, key: str) -> Listed | None:
        """Describe one object; None if there is no such object."""
        import obstore

        with self._translated():
            try:
                return _listed(obstore.head(self._quick, key))
            except FileNotFoundError:
                return None

    def list(self, prefix: str) -> list[Listed]:
        """List the objects below a folder."""
        import obstore

        with self._translated():
            chunks = obstore.list(self._patient, prefix)
            return [_listed(meta) for chunk in chunks for meta in chunk]

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; one that is gone already is fine."""
        import obstore

        with self._translated():
            try:
                obstore.delete(self._patient, list(keys))
            except FileNotFoundError:
                return

    def _client(self, options: Any, timeout_s: int, n_retries: int) -> Client:
        """Set up obstore for one kind of request."""
        if find_spec("obstore") is None:
            raise StoreError(
                f"{self.place} needs the package obstore, which isn't installed. Run "
                f"`make setup-scale`, or `pip install obstore`."
            )
        from obstore.store import LocalStore, from_url

        if self._root is not None:
            return LocalStore(prefix=self._root, mkdir=True, automatic_cleanup=True)
        endpoint = options.get("endpoint") or environ.get("AWS_ENDPOINT_URL", "")
        client: Client = from_url(
            self.place,
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

    def _instead_of_a_condition(
        self, key: str, expected: Version | None
    ) -> AbstractContextManager[None]:
        """Compare and write in one step where folders have no conditional writes."""
        if self._root is None or expected is None:
            return nullcontext()
        return self._unchanged(self._root, key, expected)

    @contextmanager
    def _unchanged(self, root: Path, key: str, expected: Version) -> Iterator[None]:
        import obstore

        with hold_lock(root / ".lock"):
            if _version(obstore.head(self._quick, key)) != expected:
                raise self._moved(key)
            yield

    def _moved(self, key: str) -> ObjectMovedError:
        return ObjectMovedError(f"{self.place}/{key} was replaced by another service meanwhile.")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what obstore raises into `StoreError`, and keep secrets out of its message."""
        failures: tuple[type[Exception], ...] = OSError, ValueError, *_errors_of_obstore()
        try:
            yield
        except (StoreError, FileNotFoundError):
            raise
        except failures as error:
            raise StoreError(f"{self.place} can't be used: {_harmless(error)}.") from None


def _errors_of_obstore() -> tuple[type[Exception], ...]:
    """List what obstore raises besides built-in errors, where it is installed."""
    if find_spec("obstore") is None:
        return ()
    from obstore.exceptions import BaseError

    return (BaseError,)


def _version(meta: Any) -> Version:
    return {name: meta[name] for name in ("e_tag", "version") if meta.get(name)}


def _listed(meta: Any) -> Listed:
    modified_at = meta["last_modified"].timestamp()
    return Listed(meta["path"], meta["size"], modified_at, meta.get("e_tag") or "")


def _harmless(error: Exception) -> str:
    """Shorten a message to its first line, without queries of URLs and bodies of responses.

    Without durations, too, so that the same failure has the same message each time.
    """
    line = next(iter(str(error).splitlines()), type(error).__name__)
    return re.sub(r"\?\S*| in [\d.]+[nµm]?s\b", "", line.partition("<")[0]).strip(" .:")

"""Objects behind a URL, s3://, gs://, az:// or file://, by way of obstore.

Every request ends within seconds: one for a small object within `_QUICK_S`, one for a part of a
large object within `_PART_S`. Credentials come from the variables that each cloud's own tools
read (AWS_*, GOOGLE_*, AZURE_*), or from options in the URL: `s3://bucket/prefix?region=…`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from storage.file_lock import hold_lock
from storage.remote.client import StoreError, open_client, place_of, translated

_QUICK_S: Final = 5
_PART_S: Final = 60
_PART_BYTES: Final = 8 * 2**20
_PARTS_AT_A_TIME: Final = 4
_RETRIES: Final = 2

Version = dict[str, str]
"""What tells one version of an object from another: `e_tag`, `version`, or both."""


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
        self.place = place_of(url)
        self._root = Path(unquote(parts.path)) if parts.scheme == "file" else None
        self._quick = open_client(url, _QUICK_S, 0)
        self._patient = open_client(url, _PART_S, _RETRIES)

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
        with translated(self.place):
            try:
                found = obstore.get(self._quick, key, options=options)
                content = bytes(found.bytes())
            except NotModifiedError:
                return None
            version = _version(found.meta)  # some servers send what they were told not to
            return None if version == unless else StoredObject(content, version)

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

        with translated(self.place), self._instead_of_a_condition(key, expected):
            local = self._root is not None
            mode: Any = ("overwrite" if local else expected) if expected else "create"
            try:
                put = obstore.put(self._quick, key, content, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError) as error:
                raise self._moved(key) from error
            except FileNotFoundError:  # how S3 says that an expected object is gone
                raise (self._moved(key) if expected else self._nowhere()) from None
            return _version(put)

    def upload(self, key: str, source: Path | bytes) -> None:
        """Write an object of any size, in parts."""
        import obstore

        with translated(self.place):
            try:
                obstore.put(
                    self._patient,
                    key,
                    source,
                    chunk_size=_PART_BYTES,
                    max_concurrency=_PARTS_AT_A_TIME,
                )
            except FileNotFoundError:
                raise self._nowhere() from None

    def download(self, key: str, n_bytes: int) -> Iterator[bytes]:
        """Read an object of any size in parts, each by a request of its own.

        Raises:
            FileNotFoundError: There is no such object.
        """
        import obstore

        for start in range(0, n_bytes, _PART_BYTES):
            with translated(self.place):
                length = min(_PART_BYTES, n_bytes - start)
                part = obstore.get_range(self._patient, key, start=start, length=length)
            yield bytes(part)

    def head(self, key: str) -> Listed | None:
        """Describe one object; None if there is no such object."""
        import obstore

        with translated(self.place):
            try:
                return _listed(obstore.head(self._quick, key))
            except FileNotFoundError:
                return None

    def list(self, prefix: str) -> list[Listed]:
        """List the objects below a folder."""
        import obstore

        with translated(self.place):
            chunks = obstore.list(self._patient, prefix)
            return [_listed(meta) for chunk in chunks for meta in chunk]

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; one that is gone already is fine."""
        import obstore

        with translated(self.place):
            try:
                obstore.delete(self._patient, list(keys))
            except FileNotFoundError:
                return

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

    def _nowhere(self) -> StoreError:
        return StoreError(
            f"{self.place} can't be used: there is no such bucket or container; create it first."
        )


def _version(meta: Any) -> Version:
    return {name: meta[name] for name in ("e_tag", "version") if meta.get(name)}


def _listed(meta: Any) -> Listed:
    modified_at = meta["last_modified"].timestamp()
    return Listed(meta["path"], meta["size"], modified_at, meta.get("e_tag") or "")

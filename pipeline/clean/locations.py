"""Where raw reviews lie: a file here, a file in an object store, a folder of either, a database."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.fs

from pipeline.errors import PipelineError

STORES: Final = ("s3", "gs")
DATABASES: Final = ("postgresql", "postgres")

_URL: Final = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_SECRET: Final = re.compile(r"(?<=://)[^/@]*@|\?.*", re.DOTALL)
_BUFFER_BYTES: Final = 4 << 20
_RETRY_S: Final = 30


@dataclass(frozen=True)
class RemoteFile:
    """A file or folder in an object store, used like a `Path`.

    Attributes:
        url: s3://bucket/key or gs://bucket/key; what Arrow allows after a question mark may
            follow. Credentials come from the environment, as for other programs of the store.
    """

    url: str = field(repr=False)

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open for reading; what is read is fetched as it is needed.

        Raises:
            OSError: It is missing or can't be fetched.
        """
        del mode
        return cast("BinaryIO", io.BufferedReader(self.opened(), _BUFFER_BYTES))

    def opened(self) -> Any:
        """Open as Arrow's readers take it, a pyarrow.NativeFile."""
        store, path = _store(self.url)
        return store.open_input_file(path)

    def is_dir(self) -> bool:
        """Whether it is a prefix of several files."""
        store, path = _store(self.url)
        kind = store.get_file_info(path).type
        return bool(kind == pyarrow.fs.FileType.Directory)

    def files(self) -> list[RemoteFile]:
        """List the files directly below it."""
        store, path = _store(self.url)
        found = store.get_file_info(pyarrow.fs.FileSelector(path))
        names = [each.base_name for each in found if each.type == pyarrow.fs.FileType.File]
        start, mark, options = self.url.partition("?")
        return [RemoteFile(f"{start.rstrip('/')}/{name}{mark}{options}") for name in names]

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(str(self)).name

    def n_bytes(self) -> int:
        """Its size as it is stored."""
        store, path = _store(self.url)
        return int(store.get_file_info(path).size or 0)

    def __str__(self) -> str:
        """Show the URL without what may be secret."""
        return _SECRET.sub("", self.url)


@dataclass(frozen=True)
class Query:
    """The rows of a query to a PostgreSQL database.

    Attributes:
        url: postgresql://user:password@host:port/database, in libpq's form.
        sql: One SELECT. Its order is that of the file that it stands for.
    """

    url: str = field(repr=False)
    sql: str

    @property
    def name(self) -> str:
        """The database, for a progress bar."""
        return PurePosixPath(str(self)).name or "query"

    def is_dir(self) -> bool:
        """Never: it is one source."""
        return False

    def __str__(self) -> str:
        """Show the URL without password and options."""
        return _SECRET.sub("", self.url)


RawFile = Path | RemoteFile
Location = Path | RemoteFile | Query


def locate(text: str, sql: str = "") -> Location:
    """Read a path or URL from the command line.

    Raises:
        PipelineError: The URL is of another kind, or a query is missing or without use.
    """
    found = _URL.match(text)
    scheme = found[1].lower() if found else ""
    if bool(sql) != (scheme in DATABASES):
        shown = _SECRET.sub("", text)
        raise PipelineError(
            f"--query is for databases, and {shown} is none."
            if sql
            else f"{shown} is a database; say what to read: --query 'SELECT …'."
        )
    if scheme in DATABASES:
        return Query(text, sql)
    if scheme in STORES:
        return RemoteFile(text)
    if scheme:
        known = ", ".join(f"{each}://" for each in (*STORES, DATABASES[0]))
        raise PipelineError(f"{scheme}:// can't be read; expected a path, or {known}.")
    return Path(text)


def files_of(location: Location) -> list[Location]:
    """List the files of a folder in the order of their names; anything else is one file.

    Raises:
        PipelineError: The folder has no files, or the store can't be reached.
    """
    try:
        if isinstance(location, Query) or not location.is_dir():
            return [location]
        inside = location.files() if isinstance(location, RemoteFile) else location.iterdir()
        seen = [each for each in inside if not each.name.startswith((".", "_"))]
        files: list[Location] = [each for each in seen if not each.is_dir()]
    except (OSError, pa.ArrowException) as error:
        raise PipelineError(f"{location} can't be read: {str(error).splitlines()[0]}.") from error
    if not files:
        raise PipelineError(f"{location} is a folder without files; expected some with reviews.")
    return sorted(files, key=lambda each: each.name)


def size_of(location: Location) -> int:
    """Size of a file in bytes, 0 where nobody knows."""
    if isinstance(location, Query):
        return 0
    return location.n_bytes() if isinstance(location, RemoteFile) else location.stat().st_size


def _store(url: str) -> tuple[Any, str]:
    if url.lower().startswith("gs://") and "retry_limit_seconds=" not in url:
        # Google's client would try for minutes, without a word, where there are no credentials.
        url += f"{'&' if '?' in url else '?'}retry_limit_seconds={_RETRY_S}"
    try:
        store, path = pyarrow.fs.FileSystem.from_uri(url)
    except pa.ArrowInvalid as error:
        shown, reason = _SECRET.sub("", url), str(error).splitlines()[0]
        raise PipelineError(f"{shown} is not an address of a file: {reason}.") from error
    return store, path

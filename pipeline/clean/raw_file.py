"""Open a raw file: recognize its form, unpack it on the way, count the bytes read."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import BinaryIO

from pipeline.clean.locations import RawFile
from pipeline.errors import PipelineError

_GZIP = b"\x1f\x8b"
_FOREIGN = {
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"BZh": "a bzip2 archive; unpack it first",
    b"\xfd7zXZ": "an xz archive; unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd archive; unpack it first",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
    b"<": "a web page or XML",
}
_EXPECTED = "expected CSV, parquet or JSON lines (CSV and JSON lines also as .gz)"


class Form(StrEnum):
    """The forms that a raw file may have."""

    CSV = "CSV"
    JSON_LINES = "JSON lines"
    PARQUET = "parquet"


class CountingStream(io.RawIOBase):
    """A stream that counts how far its file has been read, and the quotes in what was read."""

    def __init__(self, raw: BinaryIO, content: BinaryIO | gzip.GzipFile) -> None:
        """Read from `content`, which is `raw` itself or unpacks it."""
        self._raw = raw
        self._content = content
        self.n_quotes = 0
        self.n_unpacked = 0

    @property
    def n_bytes_read(self) -> int:
        """Position in the file as it is on disk, in packed bytes."""
        return self._raw.tell()

    def readable(self) -> bool:
        """Whether it can be read, which `io` asks."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` unpacked bytes."""
        data = self._content.read(size)
        self.n_quotes += data.count(b'"')
        self.n_unpacked += len(data)
        return data

    def readline(self, size: int | None = -1) -> bytes:
        """Read one line of unpacked bytes."""
        return self._content.readline(-1 if size is None else size)


@contextmanager
def open_raw(path: RawFile) -> Iterator[CountingStream]:
    """Open a file for reading, unpacked if it is gzip.

    Raises:
        PipelineError: It can't be opened, or its gzip data are cut off or damaged.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(_GZIP)) == _GZIP
            raw.seek(0)
            with gzip.open(raw) if packed else raw as content:
                yield CountingStream(raw, content)
    except EOFError as error:
        raise PipelineError(
            f"{path} is cut off: its gzip data end too early. Fetch or write it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise PipelineError(f"{path} is damaged gzip data ({error}). Fetch it again.") from error
    except OSError as error:
        raise PipelineError(f"{path} can't be read: {error.strerror or error}.") from error


def decode_line(line: bytes, number: int, path: RawFile) -> str:
    """Decode a line of a file as UTF-8, without a byte order mark.

    Raises:
        PipelineError: It is not UTF-8.
    """
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PipelineError(
            f"{path} line {number:,} is not UTF-8 text (byte {error.start + 1:,} of the line is "
            f"0x{line[error.start]:02x}). Convert the file to UTF-8."
        ) from error


def recognize(path: RawFile) -> Form:
    """Recognize the form of a file by its first bytes, not by its name.

    Raises:
        PipelineError: It is missing, a folder, empty, binary or of another form.
    """
    if path.is_dir():
        raise PipelineError(f"{path} is a folder; {_EXPECTED}.")
    with open_raw(path) as source:
        start = source.read(65_536)
    if not start.strip():
        raise PipelineError(f"{path} is empty; {_EXPECTED}.")
    if start.startswith(b"PAR1"):
        return Form.PARQUET
    for magic, name in _FOREIGN.items():
        if start.startswith(magic):
            raise PipelineError(f"{path} is {name}; {_EXPECTED}.")
    if b"\0" in start:
        raise PipelineError(f"{path} is a binary file; {_EXPECTED}.")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return Form.JSON_LINES
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[{"):
        raise PipelineError(f"{path} is one JSON array; expected JSON lines, one object a line.")
    return Form.CSV

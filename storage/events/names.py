"""The keyed hash of users' names: finds their events, and outlives them in tombstones."""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path
from typing import Final

from storage.atomic import sync

_KEY_BYTES: Final = 32
_HASH_BYTES: Final = 32


class NameHash:
    """Hashes names by BLAKE2b with a secret key (RFC 7693), in half the time of HMAC-SHA256.

    Whoever has the hashes but not the key can't find out by trying names whose they are.
    """

    def __init__(self, key: bytes) -> None:
        """Keep the key."""
        self.key = key

    def of(self, name: str) -> bytes:
        """Hash a name, 32 bytes."""
        encoded = name.encode(errors="surrogatepass")
        return blake2b(encoded, key=self.key, digest_size=_HASH_BYTES).digest()

    @property
    def check(self) -> bytes:
        """What a store keeps to recognize a wrong key."""
        return self.of("")[:8]

    def person(self, name: str) -> int:
        """Shorten the hash of a name to the number under which its events are found."""
        return person_of(self.of(name))


def person_of(name_hash: bytes) -> int:
    """Shorten a hash to 64 bits, signed."""
    return int.from_bytes(name_hash[:8], "little", signed=True)


def new_key() -> bytes:
    """Draw a key."""
    return secrets.token_bytes(_KEY_BYTES)


def read_key(path: Path) -> bytes | None:
    """Read a key; None where there is none.

    Raises:
        OSError: The file can't be read, or holds no key.
    """
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(key) != _KEY_BYTES:
        raise OSError(f"{path} has {len(key)} bytes; expected a key of {_KEY_BYTES}")
    return key


def write_key(path: Path, key: bytes) -> None:
    """Write a key to a file for its owner alone; one process at a time may do so.

    Raises:
        OSError: The file can't be written.
    """
    unfinished = path.with_name(f".{path.name}-unfinished")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, key)
        os.fsync(handle)
    finally:
        os.close(handle)
    unfinished.replace(path)
    sync(path.parent)

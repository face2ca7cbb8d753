"""A file of what a long run has done so far, replaced as a whole.

It is always either the older or the newer one, whatever happens: a full disk, an interrupt, a
kill. It says what it is and carries a checksum over itself:

    a name and a version, line feed   what it is, and its layout
    32 bytes                          SHA-256 of all that follows
    zlib                              what is kept
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from assuage.clock import Clock, SystemClock
from assuage.refusals import Refusal, Refused

Kept = TypeVar("Kept")

VERSION = b"1\n"
EVERY_S = 15.0  # how often it is kept: what a kill may cost


@dataclass(frozen=True)
class Kind:
    """What such a file is: its first words, its name for people, and how damage is refused."""

    magic: bytes
    name: str
    damaged: Refusal


def store(path: Path, kind: Kind, packed: bytes) -> None:
    """Put zlib's bytes into a file, whole or not at all.

    Raises Refused (FILE_UNWRITABLE); what was there then stays.
    """
    content = kind.magic + VERSION + hashlib.sha256(packed).digest() + packed
    try:
        _replace(Path(os.path.realpath(path)), content)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Refused(Refusal.FILE_UNWRITABLE, path=path, why=why) from error


def load(path: Path, kind: Kind) -> bytes | None:
    """Return what a file holds, unpacked, None where there is none.

    Raises Refused for a file that can't be read, is damaged or is something else.
    """
    try:
        content = _plain_bytes(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=why) from error
    why = f"it isn't {kind.name}"
    if content.startswith(kind.magic):
        start = len(kind.magic) + len(VERSION)
        checksum, packed = content[start : start + 32], content[start + 32 :]
        whole = hashlib.sha256(packed).digest() == checksum
        if whole and content[len(kind.magic) : start] == VERSION:
            return zlib.decompress(packed)
        why = "another version of assuage wrote it" if whole else "it is damaged or cut short"
    raise Refused(kind.damaged, path=path, why=why)


def _replace(path: Path, content: bytes) -> None:
    """Put `content` in place of what a file holds, or leave it as it is. Raises OSError."""
    beside = path.with_name(f".{path.name[:200]}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        with suppress(OSError):
            beside.unlink()


def _plain_bytes(path: Path) -> bytes:
    """Return a plain file's bytes. Raises OSError or ValueError: a device may have no end."""
    if path.exists() and not path.is_file():
        raise ValueError("it is not a plain file")
    return path.read_bytes()


class Keeper(Generic[Kept]):
    """Keeps the newest of a run by `write`, every EVERY_S and at the end."""

    def __init__(self, write: Callable[[Kept], None], clock: Clock | None = None) -> None:
        self._write, self._clock = write, clock or SystemClock()
        self._kept_s = self._clock.monotonic_s()
        self._newest: Callable[[], Kept] | None = None

    def take(self, so_far: Callable[[], Kept]) -> None:
        """Take in what gives the newest; keep it if the last was kept long ago."""
        self._newest = so_far
        if self._clock.monotonic_s() - self._kept_s >= EVERY_S:
            self.keep()

    def keep(self) -> None:
        """Write the newest if it isn't written yet. Raises Refused on a full disk."""
        newest, self._newest = self._newest, None
        if newest is not None:
            self._write(newest())
            self._kept_s = self._clock.monotonic_s()

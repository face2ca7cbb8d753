"""What a store of events does, whatever holds it.

A store keeps two things. Events: one table, only ever added to. Secrets: keys and sign-in
verifiers, which must be replaced or destroyed and so can't be events.

    AssuageError
    ├── Conflict       somebody else wrote to that stream first; read it again and decide again
    ├── StoreFailed    the disk or the server failed while storing; it may be stored or not
    └── Refused        RECORD_BUSY, RECORD_BROKEN, RECORD_UNREADABLE, ...
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from assuage.record.chain import Head, Row, nameable
from assuage.refusals import AssuageError, Refusal, Refused


class Conflict(AssuageError):
    """A stream has moved on since it was read. Nothing was stored."""

    def __init__(self, stream: str, expected: int, found: int) -> None:
        super().__init__(f"{stream} is at version {found}, not {expected}")
        self.stream = stream


class StoreFailed(AssuageError):
    """Storage failed while something was being stored, so it may be stored or not."""

    def __init__(self, where: str, why: object) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


@dataclass(frozen=True)
class Write:
    """Bodies to add to one stream, by a writer who has read it up to `after`.

    Raises Refused (FIELD_INVALID) for a name that no stream can have; see chain.nameable.
    """

    stream: str
    after: int
    bodies: tuple[bytes, ...]

    def __post_init__(self) -> None:
        _check_name("stream", self.stream)
        if not all(self.bodies):
            raise ValueError("an event has a body")


@dataclass(frozen=True)
class Secret:
    """A key or a sign-in verifier of `owner`. `body` None destroys it.

    Raises Refused (FIELD_INVALID) for a kind or an owner that can't be named so.
    """

    kind: str
    owner: str
    body: bytes | None

    def __post_init__(self) -> None:
        _check_name("kind of secret", self.kind)
        _check_name("owner of a secret", self.owner)


def _check_name(what: str, text: str) -> None:
    if not nameable(text):
        told = {"field": f"the name of a {what}", "what": "the record"}
        why = f"{ascii(text)[:60]} is empty, too long, or holds a character that no name can hold"
        raise Refused(Refusal.FIELD_INVALID, why=why, **told)


class Store(Protocol):
    """One record. Not to be shared between threads without a lock of the caller's own."""

    @property
    def name(self) -> str:
        """Where the record is, without any password."""

    def append(self, writes: Sequence[Write], secrets: Sequence[Secret] = ()) -> tuple[Row, ...]:
        """Add events and change secrets, all or nothing, and return once they are on the disk.

        Raises Conflict when a stream isn't at the version that its writer read, and Refused
        (RECORD_BUSY) when the lock didn't come in time; nothing is stored then. Raises
        StoreFailed when the disk or the server failed: it may be stored or not. Ever after that
        the same store object raises Refused (RECORD_BROKEN), because a failed sync is never tried
        again on the same handle.
        """

    def read(self, stream: str, after: int = 0) -> Iterator[Row]:
        """Yield the events of one stream after a version, in order."""

    def read_all(self, after: int = 0) -> Iterator[Row]:
        """Yield every event after a position, in order, from one consistent view."""

    def streams(self, prefix: str = "") -> tuple[tuple[str, int], ...]:
        """Return (stream, last version) of all streams whose name starts so, sorted by name."""

    def head(self) -> Head:
        """Return where the record stands."""

    def secret(self, kind: str, owner: str) -> bytes | None:
        """Return one secret, or None when there is none or it was destroyed."""

    def secrets(self) -> Iterator[Secret]:
        """Yield every secret, sorted by kind and owner."""

    def snapshot(self) -> AbstractContextManager[None]:
        """While it is held, every read of this store sees one moment, whatever others add."""

    def adopt(self, rows: Iterator[Row], secrets: Iterator[Secret]) -> Head:
        """Fill an empty record with rows that keep their positions and hashes, or fail whole.

        The chain is checked while they pass. Raises Refused: RECORD_NOT_EMPTY, CHAIN_BROKEN.
        """

    def close(self) -> None:
        """Let go of it. What was acknowledged stays."""

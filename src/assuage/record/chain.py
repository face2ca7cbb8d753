"""The chain that makes a change visible.

Each event's hash covers the hash of the event before it in its own stream, the hash of the event
before it in the whole record, its position, stream and version, and its bytes. No column of the
table lies outside. The hash of the last event is therefore the head of the whole record: who
holds an older head can tell that nothing up to it was altered, removed or moved.

The claim, in full. Claimant: the clinic. Claim: this record holds every event that was
acknowledged before the head, unaltered and in order. Who may believe it: an inspector, a court,
the patient. Who can check it: anyone with the file and one head. A chain that nobody outside
holds a head of can be rewritten whole, so print the head, and keep it elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from assuage.refusals import Refusal, Refused

GENESIS = bytes(32)
NAME_MAX = 255  # characters; an index of PostgreSQL has room for ten times as many
_HEAD = re.compile(r"(0|[1-9][0-9]{0,14}):([0-9a-f]{64})")


class Row(NamedTuple):
    """One event as it is stored."""

    position: int
    stream: str
    version: int
    body: bytes
    hash: bytes


@dataclass(frozen=True)
class Head:
    """Where the record stands: the position and hash of its last event, or 0 and zeros."""

    position: int = 0
    hash: bytes = GENESIS

    def __str__(self) -> str:
        return f"{self.position}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read a head as it is printed. Raises Refused (HEAD_UNREADABLE) for anything else."""
        found = _HEAD.fullmatch(text.strip().lower())
        if not found or (int(found[1]) == 0) != (found[2] == GENESIS.hex()):
            raise Refused(Refusal.HEAD_UNREADABLE, text=text.strip()[:100])
        return cls(int(found[1]), bytes.fromhex(found[2]))


@dataclass(frozen=True)
class Fault:
    """The first event at which the chain breaks, and how. `version` is 0 where it has no row."""

    position: int
    stream: str
    version: int
    why: str

    def __str__(self) -> str:
        place = f"event {self.position}"
        return f"{place} ({self.stream}, version {self.version}): {self.why}"


@dataclass(frozen=True)
class Verdict:
    """What a check of the whole chain found. `fault` is None when it holds."""

    events: int
    streams: int
    head: Head
    fault: Fault | None = None


def nameable(text: str) -> bool:
    """Say whether a stream can be named so: not empty or long, no zero byte, and UTF-8 holds it.

    A zero byte ends the name in what is hashed, so a name that held one could pass for another.
    """
    if not (0 < len(text) <= NAME_MAX and "\0" not in text):
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def link(before: bytes, previous: bytes, row: tuple[int, str, int], body: bytes) -> bytes:
    """Return the hash of one event.

    `before` is the hash of the event before it in the record and `previous` that of the one
    before it in its stream (GENESIS for the first); `row` is (position, stream, version). The
    lengths are fixed or ended by a zero byte, so no two events can be read as one another.
    """
    position, stream, version = row
    told = b"%d\n%d\n%b\0" % (position, version, stream.encode("utf-8"))
    return hashlib.sha256(before + previous + told + body).digest()


def verify(rows: Iterable[Row], against: Head | None = None) -> Verdict:
    """Check every event, in the order of their positions, and name the first bad one.

    `against` is an older head; the event at its position must exist and have its hash.
    """
    streams: dict[str, tuple[int, bytes]] = {}
    first = (0, GENESIS)
    before = GENESIS
    last = 0
    sha256 = hashlib.sha256
    wanted = against.position if against else 0
    for position, stream, version, body, stored in rows:
        known, previous = streams.get(stream, first)
        if not body or (known == 0 and not nameable(stream)):
            why = "it has no body, or its stream a name that no stream can have"
            fault = Fault(last + 1, ascii(stream), version, why)
            return Verdict(last, len(streams), Head(last, before), fault)
        told = b"%d\n%d\n%b\0" % (position, version, stream.encode("utf-8"))
        computed = sha256(before + previous + told + body).digest()
        if position != last + 1 or version != known + 1 or computed != stored:
            why = _why(last + 1, position, known + 1, version)
            fault = Fault(last + 1, stream, version, why)
            return Verdict(last, len(streams), Head(last, before), fault)
        if position == wanted and against and stored != against.hash:
            fault = Fault(position, stream, version, "it isn't the event that the head names")
            return Verdict(last, len(streams), Head(last, before), fault)
        streams[stream] = (version, stored)
        before, last = stored, position
    head = Head(last, before)
    if wanted > last:
        why = f"the record ends at {last}, and the head names an event at {wanted}"
        return Verdict(last, len(streams), head, Fault(last + 1, "record", 0, why))
    return Verdict(last, len(streams), head)


def passing(rows: Iterable[Row], store: Callable[[Row], object]) -> Iterator[Row]:
    """Yield each row and store it afterwards, when who asked for it has found it good."""
    for row in rows:
        yield row
        store(row)


def _why(due: int, position: int, version_due: int, version: int) -> str:
    if position != due:
        return f"position {due} is missing; the next one stored is {position}"
    if version != version_due:
        return f"it should be version {version_due} of its stream"
    return "its bytes, its place or an event before it were changed"

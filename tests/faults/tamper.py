"""Tampering with the file of a record: bits are flipped and rows are edited, and who notices?

A change counts when the record then says something else: when the rows of the events differ, in
the table or in the index by which a stream is read, or when they can't be read. That is found out
by another reader, Python's own sqlite3, from the file alone. A flip in bytes that hold nothing, in
the text of a trigger or in a secret changes no event: the chain can't see those and doesn't claim
to. A changed secret is noticed when its lock doesn't open. Edits that the chain can't see without
an older head (a tail cut off, everything rewritten from some event on) are judged against one.

Found means: opening or reading is refused, or the chain names a fault, or the file's structure is
reported as damaged.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from assuage.record import chain
from assuage.record.chain import GENESIS, Head, Row, Verdict, link
from assuage.record.recordfile import RecordFile
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Secret, Write
from assuage.refusals import Refused

NAME = "tampered.db"
STREAMS = ("patient/a", "patient/b", "course/1", "session/7", "register/x/ketamine")
INDEX = "sqlite_autoindex_event_1"
Verify = Callable[[Iterable[Row], Head | None], Verdict]


def build(folder: Path, events: int) -> bytes:
    """Return the bytes of a closed record of so many events and a few secrets."""
    rng = random.Random(events)
    path = folder / "whole.db"
    store = SqliteStore(path, create=True)
    versions: Counter[str] = Counter()
    secrets = [Secret("key", f"patient/{n}", rng.randbytes(60)) for n in range(20)]
    for n in range(events):
        stream = rng.choice(STREAMS)
        body = rng.randbytes(rng.choice((40, 200, 300, 400, 6000 if n % 50 == 7 else 250)))
        store.append([Write(stream, versions[stream], (body,))], secrets if n == 0 else ())
        versions[stream] += 1
    store.close()
    whole = path.read_bytes()
    path.unlink()
    return whole


def content(path: Path) -> object:
    """Return what the file says, read by another SQLite than the store's; None if it can't."""
    connection = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    connection.text_factory = lambda text: ("text", text)
    try:
        rows = connection.execute("SELECT * FROM event NOT INDEXED ORDER BY position").fetchall()
        kept = f"SELECT stream, version, position FROM event INDEXED BY {INDEX}"  # noqa: S608
        return rows, connection.execute(kept + " ORDER BY stream, version").fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    finally:
        connection.close()


def secrets_of(path: Path) -> object:
    """Return what the file holds in secrets; None if that can't be read."""
    connection = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    connection.text_factory = lambda text: ("text", text)
    try:
        return connection.execute("SELECT * FROM secret ORDER BY 1, 2").fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    finally:
        connection.close()


@dataclass(frozen=True)
class Finding:
    """How a change was noticed, and the first bad event where the chain named one."""

    how: str
    position: int = 0


def find(path: Path, against: Head | None = None, verify: Verify = chain.verify) -> Finding | None:
    """Look at a record as its owner would; None when nothing is amiss."""
    try:
        store = SqliteStore(path)
    except Refused:
        return Finding("refused on opening")
    try:
        verdict = verify(store.read_all(), against)
        if verdict.fault:
            return Finding("the chain", verdict.fault.position)
        list(store.secrets())
    except Refused:
        return Finding("refused on reading")
    finally:
        store.close()
    try:
        with RecordFile(path) as file:
            return Finding("the file's structure") if file.problem() else None
    except apsw.Error:
        return Finding("the file's structure")


@dataclass
class Tally:
    """What became of the changes. `missed` names those that count and weren't noticed."""

    changes: int = 0
    effective: int = 0
    found: Counter[str] = field(default_factory=Counter)
    in_secrets: int = 0
    noticed_without_effect: int = 0
    missed: list[str] = field(default_factory=list)
    misnamed: list[str] = field(default_factory=list)

    def join(self, other: Tally) -> None:
        self.changes += other.changes
        self.effective += other.effective
        self.found += other.found
        self.in_secrets += other.in_secrets
        self.noticed_without_effect += other.noticed_without_effect
        self.missed += other.missed
        self.misnamed += other.misnamed

    @property
    def without_effect(self) -> int:
        return self.changes - self.effective


def _put(path: Path, data: bytes) -> None:
    for beside in ("-wal", "-shm", "-journal"):
        Path(f"{path}{beside}").unlink(missing_ok=True)
    path.write_bytes(data)


def flip_bits(
    folder: Path, whole: bytes, flips: int, seed: int, verify: Verify = chain.verify
) -> Tally:
    """Flip one bit anywhere in the file, so many times, each time in a fresh copy."""
    rng = random.Random(seed)
    path = folder / NAME
    _put(path, whole)
    true, true_secrets = content(path), secrets_of(path)
    assert true is not None
    assert find(path, None, verify) is None
    tally = Tally(flips)
    for _ in range(flips):
        place, bit = rng.randrange(len(whole)), rng.randrange(8)
        changed = bytearray(whole)
        changed[place] ^= 1 << bit
        _put(path, changed)
        effective = content(path) != true
        tally.in_secrets += not effective and secrets_of(path) != true_secrets
        finding = find(path, None, verify)
        tally.effective += effective
        if effective and finding:
            tally.found[finding.how] += 1
        elif effective:
            tally.missed.append(f"seed {seed}: bit {bit} of byte {place}")
        else:
            tally.noticed_without_effect += finding is not None
    return tally


class Edits:
    """Changes that somebody with the file and an SQL prompt makes, the triggers dropped.

    Each takes event k and returns the position of the first event that is then wrong.
    """

    def __init__(self, connection: apsw.Connection, rows: list[Row], rng: random.Random) -> None:
        self._sql = connection.execute
        self._rows = rows
        self._rng = rng
        self._last = len(rows)
        for (name,) in list(self._sql("SELECT name FROM sqlite_schema WHERE type = 'trigger'")):
            self._sql(f"DROP TRIGGER {name}")

    def _set(self, k: int, column: str, value: object) -> int:
        self._sql(f"UPDATE event SET {column} = ? WHERE position = ?", (value, k))  # noqa: S608
        return k

    def body(self, k: int) -> int:
        changed = bytearray(self._rows[k - 1].body)
        changed[self._rng.randrange(len(changed))] ^= 1 << self._rng.randrange(8)
        return self._set(k, "body", bytes(changed))

    def longer_body(self, k: int) -> int:
        return self._set(k, "body", self._rows[k - 1].body + b"\0")

    def stream(self, k: int) -> int:
        return self._set(k, "stream", "patient/z")

    def version(self, k: int) -> int:
        return self._set(k, "version", self._rows[k - 1].version + 10_000)

    def place(self, k: int) -> int:
        return self._set(k, "position", self._last + 5)

    def hash(self, k: int) -> int:
        return self._set(k, "hash", self._rng.randbytes(32))

    def deleted(self, k: int) -> int:
        self._sql("DELETE FROM event WHERE position = ?", (k,))
        return k

    def first_deleted(self, _: int) -> int:
        return self.deleted(1)

    def tail_cut(self, k: int) -> int:
        self._sql("DELETE FROM event WHERE position >= ?", (k,))
        return k

    def all_deleted(self, _: int) -> int:
        return self.tail_cut(1)

    def swapped(self, k: int) -> int:
        first, second = sorted((k, k % self._last + 1))
        one, other = self._rows[first - 1], self._rows[second - 1]
        self._sql("DELETE FROM event WHERE position IN (?, ?)", (first, second))
        self._add(one._replace(position=second), other._replace(position=first))
        return first

    def bodies_swapped(self, k: int) -> int:
        first, second = sorted((k, k % self._last + 1))
        self._set(first, "body", self._rows[second - 1].body)
        self._set(second, "body", self._rows[first - 1].body)
        return first

    def forged(self, _: int) -> int:
        row = Row(self._last + 1, "patient/forged", 1, b"never happened", self._rng.randbytes(32))
        self._add(row)
        return row.position

    def inserted(self, k: int) -> int:
        """A true chain up to here, then the later events moved on and left as they were."""
        self._sql("DELETE FROM event WHERE position >= ?", (k,))
        self._add(*self._linked(k, [("patient/forged", b"never happened")]))
        self._add(*(row._replace(position=row.position + 1) for row in self._rows[k - 1 :]))
        return k + 1 if k < self._last else k  # there the head names another

    def rehashed(self, k: int) -> int:
        """One event with a hash that fits it; the one after it, or the head, gives it away."""
        row = self._linked(k, [(self._rows[k - 1].stream, b"something else")])[0]
        self._set(k, "body", row.body)
        self._set(k, "hash", row.hash)
        return k + 1 if k < self._last else k

    def rewritten(self, k: int) -> int:
        """Everything from k on is another, and fits; only an older head gives it away."""
        self._sql("DELETE FROM event WHERE position >= ?", (k,))
        told = [(row.stream, b"else" + row.body) for row in self._rows[k - 1 :]]
        self._add(*self._linked(k, told))
        return self._last

    def left_out(self, k: int) -> int:
        """Event k is gone, and all later ones are moved up and fit."""
        self._sql("DELETE FROM event WHERE position >= ?", (k,))
        self._add(*self._linked(k, [(row.stream, row.body) for row in self._rows[k:]]))
        return self._last

    def _linked(self, k: int, told: list[tuple[str, bytes]]) -> list[Row]:
        before = self._rows[k - 2].hash if k > 1 else GENESIS
        tips = {row.stream: (row.version, row.hash) for row in self._rows[: k - 1]}
        made = []
        for position, (stream, body) in enumerate(told, start=k):
            version, previous = tips.get(stream, (0, GENESIS))
            before = link(before, previous, (position, stream, version + 1), body)
            tips[stream] = (version + 1, before)
            made.append(Row(position, stream, version + 1, body, before))
        return made

    def _add(self, *rows: Row) -> None:
        for row in rows:
            self._sql("INSERT INTO event VALUES (?, ?, ?, ?, ?)", row)


KINDS = tuple(name for name in vars(Edits) if not name.startswith("_"))


def edit(folder: Path, whole: bytes, edits: int, seed: int, verify: Verify = chain.verify) -> Tally:
    """Edit rows, each kind in turn at events drawn anew, each time in a fresh copy.

    The record is judged against its last head, which its owner printed before.
    """
    rng = random.Random(seed)
    path = folder / NAME
    _put(path, whole)
    true = content(path)
    with RecordFile(path) as file:
        rows, head = list(file.read_all()), file.head()
    tally = Tally(edits)
    for n in range(edits):
        kind, k = KINDS[n % len(KINDS)], rng.randint(1, len(rows))
        _put(path, whole)
        connection = apsw.Connection(str(path))
        connection.pragma("synchronous", "OFF")
        connection.execute("BEGIN")
        due = getattr(Edits(connection, rows, rng), kind)(k)
        connection.execute("COMMIT")
        connection.close()
        effective = content(path) != true
        finding = find(path, head, verify)
        tally.effective += effective
        if finding:
            tally.found[finding.how] += 1
            if finding.position != due:
                tally.misnamed.append(f"seed {seed}: {kind} {k}: {finding}, not {due}")
        else:
            tally.missed.append(f"seed {seed}: {kind} {k}")
    return tally


def without_hashes(rows: Iterable[Row], against: Head | None = None) -> Verdict:
    """A verifier that compares no hash, for the canary: places and versions alone."""
    relinked: list[Row] = []
    tips: dict[str, bytes] = {}
    before = GENESIS
    for row in rows:
        before = link(before, tips.get(row.stream, GENESIS), row[:3], row.body)
        tips[row.stream] = before
        relinked.append(row._replace(hash=before))
    return chain.verify(relinked)

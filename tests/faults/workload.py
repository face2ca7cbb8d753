"""What is done to a record while its disk fails: a script from a seed, and who carries it out."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from assuage.record import sqlite
from assuage.record.chain import GENESIS, Row, link
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Secret, StoreFailed, Write
from assuage.refusals import Refused

STREAMS = ("patient/a", "patient/b", "course/1", "session/7", "register/x/ketamine")
OWNERS = ("patient/a", "patient/b", "staff/1")
LOG_PAGES = 12  # so that the log is copied in every few appends


@dataclass(frozen=True)
class Step:
    """An append, or "close" and "crash": the file is let go with or without copying the log."""

    kind: str
    bodies: tuple[tuple[str, tuple[bytes, ...]], ...] = ()
    secrets: tuple[Secret, ...] = ()


def script(seed: int, appends: int) -> list[Step]:
    """Return the steps of a seed: most bodies are short, some need pages of their own."""
    rng = random.Random(seed)
    steps = []
    for n in range(appends):
        chosen = rng.sample(STREAMS, rng.choice((1, 1, 1, 2, 3)))
        bodies = tuple(
            (stream, tuple(_body(rng) for _ in range(rng.choice((1, 1, 2, 5)))))
            for stream in chosen
        )
        steps.append(Step("append", bodies, tuple(_secrets(rng))))
        if n % 7 == 6:
            steps.append(Step(rng.choice(("close", "crash"))))
    return steps


def _body(rng: random.Random) -> bytes:
    return rng.randbytes(rng.choice((1, 40, 200, 200, 511, 900, 5000)))


def _secrets(rng: random.Random) -> Iterator[Secret]:
    if rng.random() < 0.4:
        gone = rng.random() < 0.3
        yield Secret("key", rng.choice(OWNERS), None if gone else rng.randbytes(48))


def settings(synchronous: str) -> tuple[str, ...]:
    """Return the store's pragmas with another `synchronous`, for canaries."""
    changed = tuple(
        f"synchronous = {synchronous}" if one.startswith("synchronous") else one
        for one in sqlite.PRAGMAS
    )
    assert changed != sqlite.PRAGMAS
    return changed


@contextmanager
def short_log(pragmas: tuple[str, ...] | None = None) -> Iterator[None]:
    """Keep the log short, and perhaps change the pragmas, while this is held."""
    with (
        patch.object(sqlite, "LOG_PAGES_MAX", LOG_PAGES),
        patch.object(sqlite, "PRAGMAS", pragmas or sqlite.PRAGMAS),
    ):
        yield


def state(store: SqliteStore) -> tuple[list[Row], dict[tuple[str, str], bytes]]:
    """Return all events and all secrets."""
    rows = list(store.read_all())
    return rows, {(one.kind, one.owner): one.body or b"" for one in store.secrets()}


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a folder that is gone afterwards, in memory where the system has such a place."""
    memory = Path("/dev/shm")  # noqa: S108
    found = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="assuage-faults-", dir=found))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Boundary:
    """Where the record may stand: how many events and which secrets.

    `known_at` is the length of the log of operations when somebody was told that this much is
    stored, and `begun_at` when it was first sent to the disk.
    """

    events: int
    secrets: dict[tuple[str, str], bytes]
    begun_at: int
    known_at: int | None


UNFINISHED = "its making was cut off"


@dataclass
class Driver:
    """Carries a script out and keeps what a reader may expect after it."""

    path: Path
    vfs: str
    length: Callable[[], int]  # of the log of operations
    kind: type[SqliteStore] = SqliteStore
    rows: list[Row] = field(default_factory=list)
    boundaries: list[Boundary] = field(default_factory=lambda: [Boundary(0, {}, 0, 0)])
    failures: int = 0
    made_at: int = 0

    def open(self) -> SqliteStore:
        """Open the record, making it if need be; one failure is forgiven and counted."""
        create = not self.path.exists() or not self.path.stat().st_size
        for _ in range(3):
            try:
                store = self.kind(self.path, create=create, vfs=self.vfs)
            except Refused as error:
                create = UNFINISHED in error.sentence  # its making was cut off, so it is finished
                self.failures += not create
                continue
            self._take_stock(store)
            return store
        raise AssertionError("the record doesn't open again")

    def _take_stock(self, store: SqliteStore) -> None:
        """Keep what an opened record shows: it may hold an append that nobody was told of."""
        rows, secrets = state(store)
        for n, one in enumerate(self.boundaries):
            same = (len(rows), secrets) == (one.events, one.secrets)
            if same and rows == self.rows[: len(rows)]:
                known = self.length() if one.known_at is None else one.known_at
                kept = Boundary(one.events, one.secrets, one.begun_at, known)
                self.boundaries[n:] = [kept]
                del self.rows[len(rows) :]
                return
        raise AssertionError(f"opened with {len(rows)} events, which is no state it was ever in")

    def next_state(self, step: Step) -> tuple[list[Row], dict[tuple[str, str], bytes]]:
        """Return the rows that an append adds and the secrets after it."""
        tips: dict[str, tuple[int, bytes]] = {}
        for row in self.rows:
            tips[row.stream] = (row.version, row.hash)
        before = self.rows[-1].hash if self.rows else GENESIS
        position = len(self.rows)
        added = []
        for stream, bodies in step.bodies:
            for body in bodies:
                version, previous = tips.get(stream, (0, GENESIS))
                place = (position + 1, stream, version + 1)
                before = link(before, previous, place, body)
                position += 1
                tips[stream] = (version + 1, before)
                added.append(Row(*place, body, before))
        secrets = dict(self.boundaries[-1].secrets)
        for one in step.secrets:
            secrets.pop((one.kind, one.owner), None)
            if one.body is not None:
                secrets[one.kind, one.owner] = one.body
        return added, secrets

    def append(self, store: SqliteStore, step: Step) -> None:
        """Append; what was acknowledged must be what was expected. Raises what the store does."""
        added, secrets = self.next_state(step)
        tips = {row.stream: row.version for row in self.rows}
        writes = [Write(stream, tips.get(stream, 0), bodies) for stream, bodies in step.bodies]
        begun = self.length()
        self.rows += added
        self.boundaries.append(Boundary(len(self.rows), secrets, begun, None))
        returned = store.append(writes, step.secrets)
        assert list(returned) == added
        self.boundaries[-1] = Boundary(len(self.rows), secrets, begun, self.length())

    def run(self, steps: list[Step]) -> None:
        """Carry the script out. After a failure the record is opened anew and the step retried."""
        store = self.open()
        self.made_at = self.length()
        for step in steps:
            if step.kind == "append":
                try:
                    self.append(store, step)
                except (StoreFailed, Refused):
                    self.failures += 1
                    if self.boundaries[-1].known_at is not None:
                        raise
                    store = self.open()
            else:
                if step.kind == "crash":
                    store._connection.close(force=True)
                else:
                    store.close()
                store = self.open()
        store._connection.close(force=True)

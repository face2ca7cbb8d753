"""Power cuts: what a disk may hold when the power goes, and whether the record survives it.

The store runs on a watched file system. The power is cut after any operation, and the disk is
rebuilt as it might then be:

- what was written before a file's last finished sync is there;
- each later write is there, or lost, or torn: any part of its 512-byte sectors is there. Where a
  lost sector lies beyond the old end, zeros or noise stand in its place;
- each later truncate is there or lost;
- a file created or deleted since the last sync of the folder may be as it was before, or at any
  step between. The folder is synced by SQLite after the first sync of a log that it may have
  made, and by the store after making a record;
- after a failed sync the writes it was for are off the disk for good, all or some, though reads
  still show them. A later sync that succeeds doesn't bring them back.

The record is recovered from the file, its log and its rollback journal; the shared-memory index
is lost. Not modelled: sectors that change though nobody wrote them, disks that lie about a sync,
writes torn inside a sector, and a file system whose own structures break.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import apsw

from assuage.record import chain, sqlite
from assuage.record.chain import Row
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Write
from assuage.refusals import Refused
from faults.vfs import Op, watched
from faults.workload import UNFINISHED, Boundary, Driver, script, short_log, state

SECTOR = 512
NAME = "record.db"
Image = dict[str, bytes]


class Style(NamedTuple):
    """How a cut treats what wasn't synced."""

    kept: float
    torn: float
    noise: bool

    @classmethod
    def drawn(cls, rng: random.Random) -> Style:
        kept = rng.choice((0.0, 0.05, 0.3, 0.5, 0.7, 0.95, 1.0))
        return cls(kept, rng.choice((0.0, 0.3, 1.0)), rng.random() < 0.3)


@dataclass
class Inode:
    """A file's bytes as the last sync left them, and what was done since."""

    synced: bytes = b""
    since: list[Op] = field(default_factory=list)

    def current(self) -> bytes:
        content = bytearray(self.synced)
        for op in self.since:
            _done(content, op)
        return bytes(content)

    def surviving(self, rng: random.Random, style: Style) -> bytes:
        content = bytearray(self.synced)
        for op in self.since:
            if rng.random() < style.torn and op.kind == "write":
                for piece in _sectors(op):
                    _perhaps(content, piece, rng, style)
            else:
                _perhaps(content, op, rng, style)
        return bytes(content)


def _sectors(op: Op) -> Iterator[Op]:
    start = op.place
    end = op.place + len(op.data)
    while start < end:
        stop = start + SECTOR - start % SECTOR
        yield op._replace(place=start, data=op.data[start - op.place : stop - op.place])
        start = stop


def _perhaps(content: bytearray, op: Op, rng: random.Random, style: Style) -> None:
    if rng.random() < style.kept:
        _done(content, op)
    elif op.kind == "write" and style.noise and op.place >= len(content) and rng.random() < 0.5:
        _done(content, op._replace(data=rng.randbytes(len(op.data))))


def _done(content: bytearray, op: Op) -> None:
    if len(content) < op.place:
        content.extend(bytes(op.place - len(content)))
    if op.kind == "truncate":
        del content[op.place :]
    else:
        content[op.place : op.place + len(op.data)] = op.data


class Disk:
    """The disk while operations reach it."""

    def __init__(self, start: Image, rng: random.Random) -> None:
        self._rng = rng
        self._inodes = [Inode(content) for content in start.values()]
        self._names: dict[str, list[int | None]] = {name: [n] for n, name in enumerate(start)}
        self._handles: dict[int, int] = {}

    def take(self, op: Op) -> None:
        match op.kind:
            case "create":
                self._inodes.append(Inode())
                self._names.setdefault(op.name, [None]).append(len(self._inodes) - 1)
            case "delete":
                self._names[op.name].append(None)
            case "open":
                found = self._names[op.name][-1]
                assert found is not None
                self._handles[op.handle] = found
            case "folder":
                self._names = {name: steps[-1:] for name, steps in self._names.items()}
            case "write" | "truncate":
                self._inodes[self._handles[op.handle]].since.append(op)
            case "sync":
                inode = self._inodes[self._handles[op.handle]]
                inode.synced, inode.since = inode.current(), []
            case "failed":
                inode = self._inodes[self._handles[op.handle]]
                style = Style(self._rng.choice((0.0, 0.0, 0.5)), 0.5, noise=False)
                inode.synced, inode.since = inode.surviving(self._rng, style), []

    def surviving(self, rng: random.Random) -> Image:
        style = Style.drawn(rng)
        found = {name: rng.choice(steps) for name, steps in self._names.items()}
        there = {name: self._inodes[n] for name, n in found.items() if n is not None}
        return {name: inode.surviving(rng, style) for name, inode in there.items()}


@dataclass(frozen=True)
class Run:
    """One run of a script: what the disk held, what was done to it, what was acknowledged."""

    seed: int
    start: Image
    ops: list[Op]
    rows: list[Row]
    boundaries: list[Boundary]
    made_at: int
    failures: int = 0


class Log:
    """Keeps every operation, and fails the sync of a given number."""

    def __init__(self, failing_sync: int = 0) -> None:
        self.ops: list[Op] = []
        self._left = failing_sync

    def __call__(self, op: Op) -> None:
        if op.kind == "sync":
            self._left -= 1
            if self._left == 0:
                self.ops.append(op._replace(kind="failed"))
                raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
        self.ops.append(op)


def run(
    folder: Path,
    seed: int,
    appends: int = 40,
    pragmas: tuple[str, ...] | None = None,
    failing_sync: int = 0,
    after: tuple[Run, int] | None = None,
) -> Run:
    """Carry out the script of a seed, from nothing or from what a cut of another run left."""
    empty(folder)
    log = Log(failing_sync)
    start: Image = {}
    driver = Driver(folder / NAME, "", lambda: len(log.ops))
    if after:
        earlier, cut = after
        start = image_of(earlier, cut, random.Random(seed))
        if NAME in start:
            driver.rows = list(earlier.rows)
            driver.boundaries = [
                Boundary(one.events, one.secrets, 0, 0 if _known(one, cut) else None)
                for one in earlier.boundaries
                if one.begun_at <= cut
            ]
    put(folder, start)
    if NAME not in start:
        log.ops.append(Op("create", NAME))  # the store makes the empty file itself

    def folder_synced(_: Path) -> None:
        log.ops.append(Op("folder", NAME))

    with (
        watched(log) as driver.vfs,
        short_log(pragmas),
        patch.object(sqlite, "_sync_folder", folder_synced),
    ):
        driver.run(script(seed, appends))
    return Run(
        seed, start, log.ops, driver.rows, driver.boundaries, driver.made_at, driver.failures
    )


def _known(one: Boundary, cut: int) -> bool:
    return one.known_at is not None and one.known_at <= cut


def image_of(of: Run, cut: int, rng: random.Random) -> Image:
    """Return what is on the disk when the power goes after `cut` operations."""
    disk = Disk(of.start, random.Random(of.seed))
    for op in of.ops[:cut]:
        disk.take(op)
    return disk.surviving(rng)


def empty(folder: Path) -> None:
    for path in folder.glob(f"{NAME}*"):
        path.unlink()


def put(folder: Path, image: Image) -> None:
    for name, content in image.items():
        (folder / name).write_bytes(content)


@dataclass
class Tally:
    """What the cuts showed. `found` has a line, with its seed, for each cut that did harm."""

    cuts: int = 0
    lost: int = 0
    lossy: int = 0
    worst: int = 0
    corrupt: int = 0
    found: list[str] = field(default_factory=list)

    def add(self, of: Run, cut: int, seed: int, verdict: tuple[int, str]) -> None:
        lost, why = verdict
        self.cuts += 1
        self.lost += lost
        self.lossy += lost > 0
        self.worst = max(self.worst, lost)
        self.corrupt += bool(why)
        if lost or why:
            self.found.append(f"run {of.seed}, cut {cut}, seed {seed}: lost {lost}; {why}")

    def join(self, other: Tally, where: str = "") -> None:
        self.cuts += other.cuts
        self.lost += other.lost
        self.lossy += other.lossy
        self.worst = max(self.worst, other.worst)
        self.corrupt += other.corrupt
        self.found += [where + one for one in other.found]


def cut_often(of: Run, cuts: int, seed: int, folder: Path) -> Tally:
    """Cut the power `cuts` times, after every operation once before any comes a second time."""
    places = [n % (len(of.ops) + 1) for n in range(cuts)]
    if cuts <= len(of.ops):
        places = random.Random(seed).sample(range(len(of.ops) + 1), cuts)
    tally = Tally()
    disk = Disk(of.start, random.Random(of.seed))
    done = 0
    for n, cut in enumerate(sorted(places)):
        for op in of.ops[done:cut]:
            disk.take(op)
        done = cut
        own = seed * 1_000_003 + n
        empty(folder)
        put(folder, disk.surviving(random.Random(own)))
        tally.add(of, cut, own, judged(of, cut, folder / NAME))
    empty(folder)
    return tally


def judged(of: Run, cut: int, path: Path) -> tuple[int, str]:
    """Return how many acknowledged events are lost, and what is wrong with the record."""
    known = max((one.events for one in of.boundaries if _known(one, cut)), default=0)
    if not path.exists():
        made = cut >= of.made_at
        return known, "the record is gone" if made else ""
    try:
        store = SqliteStore(path)
    except Refused as error:
        if cut < of.made_at and UNFINISHED in error.sentence:
            return known, ""
        return known, f"it doesn't open: {error}"
    try:
        return _judged(of, cut, store, known)
    except (Refused, apsw.Error) as error:
        return known, f"it can't be read: {error}"
    finally:
        store.close()


def _judged(of: Run, cut: int, store: SqliteStore, known: int) -> tuple[int, str]:
    rows, secrets = state(store)
    same = 0
    while same < len(rows) and same < len(of.rows) and rows[same] == of.rows[same]:
        same += 1
    lost = known - same if same < known else 0
    if same < len(rows):
        return lost, f"event {same + 1} isn't what was stored"
    if fault := chain.verify(rows).fault:
        return lost, str(fault)
    possible = [one for one in of.boundaries if one.begun_at <= cut and one.events == len(rows)]
    if not possible:
        return lost, f"{len(rows)} events: half an append"
    last_known = max((n for n, one in enumerate(of.boundaries) if _known(one, cut)), default=0)
    allowed = possible if lost else [one for one in possible if one in of.boundaries[last_known:]]
    if not any(one.secrets == secrets for one in allowed):
        return lost, "the secrets aren't those of its events"
    checked = store._connection.pragma("integrity_check")
    if checked != "ok":
        return lost, f"integrity_check: {checked}"
    added = store.append([Write("patient/after", 0, (b"after the cut",))])
    if chain.verify(store.read_all()).fault or added[0].position != len(rows) + 1:
        return lost, "it doesn't take another event"
    return lost, ""


def again(of: Run, seed: int, folder: Path, appends: int = 12) -> Run:
    """Return a run that begins with recovering what a cut of another run left."""
    cut = random.Random(seed).randrange(of.made_at, len(of.ops) + 1)
    return run(folder, seed, appends, after=(of, cut))


def after_failed_syncs(folder: Path, seed: int, appends: int, cuts: int) -> Tally:
    """Fail each sync of a script in turn; the record is opened again, used on, and cut off."""
    tally = Tally()
    for n in itertools.count(1):
        of = run(folder, seed, appends, failing_sync=n)
        if all(op.kind != "failed" for op in of.ops):
            return tally
        tally.join(cut_often(of, cuts, n, folder), f"failed sync {n}, ")
    raise AssertionError("a count ends")

"""One fault of the disk at a time: the n-th sync, write, truncate or opening fails, for every n.

For each n the script runs until the fault, and the harness asks: did the store say so, did it
refuse everything after, was a failed sync left alone, and is all that was acknowledged there when
the record is opened on a sound disk? The last is asked twice: of the files as the running machine
shows them, and of the disk after a power cut, on which what a failed sync was for never arrived.

A write that fails gets half way. A full disk stays full for all writes until the file is let go,
or for ever. Faults of reading are not swept here: a read acknowledges nothing.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import apsw

from assuage.record import sqlite
from assuage.record.sqlite import SqliteStore
from assuage.record.store import StoreFailed, Write
from assuage.refusals import Refusal, Refused
from faults import power
from faults.power import NAME, Run
from faults.vfs import Op, watched
from faults.workload import Driver, Step, script, short_log

# Kind of fault: the operation it hits, and the code that SQLite is given.
FAULTS = {
    "sync": ("sync", apsw.SQLITE_IOERR_FSYNC),
    "write": ("write", apsw.SQLITE_IOERR_WRITE),
    "full until let go": ("write", apsw.SQLITE_FULL),
    "full for ever": ("write", apsw.SQLITE_FULL),
    "truncate": ("truncate", apsw.SQLITE_IOERR_TRUNCATE),
    "open": ("open", apsw.SQLITE_CANTOPEN),
    "delete": ("delete", apsw.SQLITE_IOERR_DELETE),
}
BENIGN = {"delete", "truncate"}  # SQLite may leave a log to be removed or cut short another time


class Faulty:
    """Keeps every operation and makes the n-th of a kind fail."""

    def __init__(self, fault: str, n: int) -> None:
        self.ops: list[Op] = []
        self.hits = 0
        self.retried = 0
        self.made = False  # SQLite takes back what it began on a new file, and syncs it anew
        self._kind, self._code = FAULTS[fault]
        self._lasting = fault.startswith("full")
        self._for_ever = fault == "full for ever"
        self._left = n
        self._failed: set[int] = set()

    def __call__(self, op: Op) -> None:
        if self.made and op.kind == self._kind == "sync":
            self.retried += op.handle in self._failed
        if op.kind == "close" and op.handle in self._failed and not self._for_ever:
            self._lasting = False
        if op.kind == self._kind:
            self._left -= 1
            if self._left == 0 or (self._left < 0 and self._lasting):
                self._fail(op)
        self.ops.append(op)

    def _fail(self, op: Op) -> None:
        self.hits += 1
        self._failed.add(op.handle)
        if op.kind == "sync":
            self.ops.append(op._replace(kind="failed"))
        if op.kind == "write":
            self.ops.append(op._replace(data=op.data[: len(op.data) // 2]))
        raise apsw.exception_for(self._code)


@dataclass
class Outcome:
    """What one fault showed. `reached` is whether there was an n-th operation at all."""

    reached: bool
    acknowledged: int = 0
    told: str = ""
    wrong: list[str] = field(default_factory=list)


def once(
    folder: Path, fault: str, n: int, seed: int, appends: int, kind: type[SqliteStore] = SqliteStore
) -> Outcome:
    """Carry out the script on a disk that fails at one place, and judge what is left."""
    power.empty(folder)
    disk = Faulty(fault, n)
    disk.ops.append(Op("create", NAME))
    driver = Driver(folder / NAME, "", lambda: len(disk.ops), kind)
    outcome = Outcome(True)

    def folder_synced(_: Path) -> None:
        disk.ops.append(Op("folder", NAME))

    with (
        watched(disk) as driver.vfs,
        short_log(),
        patch.object(sqlite, "_sync_folder", folder_synced),
    ):
        _until_failure(driver, disk, fault, script(seed, appends), outcome)
        outcome.reached = disk.hits > 0
        if disk.retried:
            outcome.wrong.append("a failed sync was tried again on the same handle")
    made_at = driver.made_at or len(disk.ops) + 1
    left = Run(seed, {}, disk.ops, driver.rows, driver.boundaries, made_at)
    outcome.acknowledged = max(one.events for one in driver.boundaries if one.known_at is not None)
    for where in ("as the machine shows it", "after a power cut"):
        if where == "after a power cut":
            power.empty(folder)
            power.put(folder, power.image_of(left, len(left.ops), random.Random(n)))
        lost, why = power.judged(left, len(left.ops), folder / NAME)
        if lost or why:
            outcome.wrong.append(f"{where}: lost {lost}; {why}")
    return outcome


def _until_failure(
    driver: Driver, disk: Faulty, fault: str, steps: list[Step], outcome: Outcome
) -> None:
    """Run until the store says no, and see that it says no from then on."""
    store = None
    for step in [Step("open"), *steps]:
        hits = disk.hits
        if step.kind == "append":
            assert store
            if not _appended(driver, disk, store, step, outcome):
                return
            if disk.hits > hits and fault not in BENIGN:  # the event is safe, its log is not
                outcome.told = "by refusing the next"
                outcome.wrong += _not_refused(store)
                return
            continue
        if store:
            store.close() if step.kind == "close" else store._connection.close(force=True)
            hits = disk.hits
        try:
            store = driver.kind(driver.path, create=store is None, vfs=driver.vfs)
        except Refused:
            outcome.told = "on opening"
            return
        driver.made_at, disk.made = driver.made_at or len(disk.ops), True
        if disk.hits > hits and fault not in BENIGN:
            outcome.wrong.append("a fault was met on opening and nothing was said")


def _appended(
    driver: Driver, disk: Faulty, store: SqliteStore, step: Step, outcome: Outcome
) -> bool:
    try:
        driver.append(store, step)
    except (StoreFailed, Refused) as error:
        outcome.told = f"by {type(error).__name__}"
        if not disk.hits:
            outcome.wrong.append("an append failed though the disk was sound")
        outcome.wrong += _not_refused(store)
        return False
    return True


def _not_refused(store: SqliteStore) -> list[str]:
    """Return what a store that met a fault does all the same."""
    attempts = {
        "append": lambda: store.append([Write("patient/late", 0, (b"too late",))]),
        "read_all": lambda: list(store.read_all()),
        "read": lambda: list(store.read("patient/a")),
        "head": store.head,
        "streams": store.streams,
        "secrets": lambda: list(store.secrets()),
        "secret": lambda: store.secret("key", "patient/a"),
    }
    wrong = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except Refused as error:
            if error.refusal is Refusal.RECORD_BROKEN:
                continue
        wrong.append(f"{name} isn't refused after a fault")
    store.close()
    return wrong


@dataclass
class Sweep:
    """Every n of one fault. `places` is how many there were; `told` counts how it was said."""

    fault: str
    places: int = 0
    acknowledged: int = 0
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def sweep(
    folder: Path, fault: str, seed: int, appends: int, kind: type[SqliteStore] = SqliteStore
) -> Sweep:
    """Fail the first, the second, ... until the script is done without meeting the fault."""
    found = Sweep(fault)
    for n in itertools.count(1):
        outcome = once(folder, fault, n, seed, appends, kind)
        found.wrong += [f"{fault} {n}, seed {seed}: {one}" for one in outcome.wrong]
        if not outcome.reached:
            return found
        found.places += 1
        found.acknowledged += outcome.acknowledged
        found.told[outcome.told or "nowhere; it did no harm"] += 1
    raise AssertionError("a count ends")

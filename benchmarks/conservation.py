"""Nothing is lost: random commands on many registers, and several writers on one.

    python benchmarks/conservation.py [commands] [processes]

Each register takes its share of the commands, hostile ones among them, and is then checked four
ways: against dictionaries kept beside it, by the second checker on the raw rows, by building the
book anew from its first event, and by the chain. Then four writers share one SQLite file. Prints
the outcomes and the micrograms that don't add up, which have to be none. Ends with 1 otherwise.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from assuage.care.register.book import Book
from assuage.care.register.book import stream as register_stream
from assuage.record import canonical, chain
from assuage.record.keyring import Keyring
from assuage.record.record import Record
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Conflict, Secret, Write

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
worlds = importlib.import_module("care.world")
generator = importlib.import_module("care.register.generator")
checker = importlib.import_module("care.register.checker")

COMMANDS = 1_000_000
PROCESSES = 2
PER_REGISTER = 5_000
WRITERS = 4
PER_WRITER = 5_000
PLACES = (("gb-eng", "Europe/London"), ("us", "America/New_York"), ("at", "Europe/Vienna"))


@dataclass
class Sum:
    """What one run, or all of them, came to."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    conflicts: int = 0
    entries: int = 0
    imbalance_ug: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: Sum) -> None:
        """Take in another run."""
        self.outcomes += other.outcomes
        self.conflicts += other.conflicts
        self.entries += other.entries
        self.imbalance_ug += other.imbalance_ug
        self.violations += other.violations


class CountingStore(SqliteStore):
    """Counts how often somebody else had written first."""

    conflicts = 0

    def append(
        self, writes: Sequence[Write], secrets: Sequence[Secret] = ()
    ) -> tuple[chain.Row, ...]:
        """Add events and change secrets; see Store.append."""
        try:
            return super().append(writes, secrets)
        except Conflict:
            self.conflicts += 1
            raise


def judged(record: Record, world: Any) -> Sum:
    """Check a record by everything but the dictionaries."""
    found = checker.check(generator.rows(world))
    wrong = list(found.violations)
    stream = register_stream(worlds.NORTH)
    kept = record.view(Book, stream)
    told = canonical.encode(kept.as_json())
    mine = found.balances.get(worlds.NORTH, {})
    wrong += ["the book and the second checker differ"] * (mine != generator.balances(kept))
    wrong += ["a rebuilt book differs"] * (told != canonical.encode(fresh(record, stream)))
    items = {item for item, _ in kept.balance_ug}
    wrong += [f"{item} doesn't sum to zero" for item in items if kept.sum_ug(item)]
    fault = chain.verify(record.store.read_all()).fault
    wrong += [str(fault)] if fault else []
    return Sum(entries=found.entries, imbalance_ug=found.total_ug, violations=wrong)


def fresh(record: Record, stream: str) -> dict[str, Any]:
    """Return a book built from its first event on, beside the one that is kept."""
    return Record(record.store, record.keyring).view(Book, stream).as_json()


def one_register(seed: int, commands: int) -> Sum:
    world = worlds.in_memory()
    place, zone = PLACES[seed % len(PLACES)]
    world.found(place=place, zone=zone)
    service = generator.Service(world, seed)
    service.run(commands)
    found = judged(world.record, world)
    found.violations += service.model.faults(world.book())
    found.outcomes = service.tally
    found.violations = [f"seed {seed}: {one}" for one in found.violations]
    return found


def one_writer(path: Path, seed: int) -> Sum:
    store = CountingStore(path)
    world = worlds.World(Record(store, Keyring(store, worlds.SITE_KEY)))
    service = generator.Service(world, seed, tag=f"-w{seed}", alone=False)
    service.run(PER_WRITER)
    store.close()
    return Sum(outcomes=service.tally, conflicts=store.conflicts)


def together(folder: Path) -> Sum:
    """Let several processes write to one file, then check it."""
    path = folder / "record.sqlite"
    store = CountingStore(path, create=True)
    world = worlds.World(Record(store, Keyring(store, worlds.SITE_KEY)))
    world.found()
    found = Sum()
    with Pool(WRITERS) as pool:
        for one in pool.imap_unordered(partial(one_writer, path), range(WRITERS)):
            found.add(one)
    found.add(judged(world.record, world))
    store.close()
    return found


def show(name: str, found: Sum, seconds: float) -> None:
    accepted = sum(n for (_, code), n in found.outcomes.items() if code == "ok")
    commands = found.outcomes.total()
    print(f"\n{name}: {commands:,} commands, {accepted:,} accepted, {found.entries:,} entries")
    print(f"  conflicts {found.conflicts:,}   {seconds:.0f} s")
    print(f"  imbalance {found.imbalance_ug} ug   violations {len(found.violations)}")
    for one, n in Counter(found.violations).most_common(10):
        print(f"    {n} x {one}")
    kinds = [f"{kind} {found.outcomes[kind, 'ok']:,}" for kind in generator.KINDS]
    print("  accepted: " + ", ".join(kinds))
    codes: Counter[str] = Counter()
    for (_, code), n in found.outcomes.items():
        codes[code] += n if code != "ok" else 0
    print("  refused:  " + ", ".join(f"{code} {n:,}" for code, n in codes.most_common() if n))


def main() -> int:
    given = [int(text) for text in sys.argv[1:]]
    commands, processes = [*given, *(COMMANDS, PROCESSES)[len(given) :]]
    start = time.perf_counter()
    alone = Sum()
    with Pool(processes) as pool:
        work = partial(one_register, commands=PER_REGISTER)
        for one in pool.imap_unordered(work, range(-(-commands // PER_REGISTER))):
            alone.add(one)
    show("one writer to a register", alone, time.perf_counter() - start)
    start = time.perf_counter()
    memory = Path("/dev/shm")  # noqa: S108 - a disk is under test elsewhere
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        shared = together(Path(name))
    show(f"{WRITERS} writers to one file", shared, time.perf_counter() - start)
    return 1 if any(one.violations or one.imbalance_ug for one in (alone, shared)) else 0


if __name__ == "__main__":
    sys.exit(main())

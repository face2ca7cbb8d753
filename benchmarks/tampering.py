"""Changes the file of a record in many ways, counts what is found, and times the check.

    python benchmarks/tampering.py [bit flips] [events to verify]

tests/faults/tamper.py says which changes count: those after which the events read otherwise, or
not at all, by another reader. The speed of the check stands beside its parts, measured in the
same run on one core: reading the rows without hashing, and sha256 over the same bytes from memory.
Exits with 1 when a change is missed, or the check is slower than the target.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import time
from collections.abc import Callable
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from assuage.record import chain
from assuage.record.sqlite import SqliteStore
from assuage.record.store import Write

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
tamper = importlib.import_module("faults.tamper")
workload = importlib.import_module("faults.workload")

FLIPS = 125_000  # about four in five change an event
EDITS_OF_EACH = 300
EVENTS = 200_000
RECORD_EVENTS = 300
BODY_BYTES = 300
TARGET_PER_S = 200_000
PARTS, PROCESSES = 40, 2


def _part(given: tuple[str, int, int]) -> Any:
    kind, count, seed = given
    with workload.scratch() as folder:
        whole = tamper.build(folder, RECORD_EVENTS)
        return (tamper.flip_bits if kind == "flips" else tamper.edit)(folder, whole, count, seed)


def tampered(kind: str, count: int) -> Any:
    tally = tamper.Tally()
    with Pool(PROCESSES) as pool:
        parts = [(kind, count // PARTS, seed) for seed in range(PARTS)]
        for found in pool.imap_unordered(_part, parts):
            tally.join(found)
    return tally


def missed_without_hashes() -> int:
    with workload.scratch() as folder:
        whole = tamper.build(folder, RECORD_EVENTS)
        return len(tamper.flip_bits(folder, whole, 500, 1, tamper.without_hashes).missed)


def show(name: str, tally: Any) -> None:
    print(f"{name}: {tally.changes} made, {tally.effective} of them change an event")
    for how, count in tally.found.most_common():
        print(f"  {how:<40} {count:>7}")
    print(f"  {'missed':<40} {len(tally.missed):>7}")
    print(f"  {'without effect on any event':<40} {tally.without_effect:>7}")
    if tally.without_effect:
        print(f"    {'in a secret':<38} {tally.in_secrets:>7}")
        print(f"    {'noticed all the same':<38} {tally.noticed_without_effect:>7}")
    for line in (tally.missed + tally.misnamed)[:20]:
        print(f"  {line}")


def best_s(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def speed(events: int) -> float:
    """Print and return how many events the check does in a second."""
    with workload.scratch() as folder:
        store = SqliteStore(folder / "long.db", create=True)
        at_once = 1000
        for n in range(0, events, at_once):
            stream, after = f"session/{n // at_once % 20}", n // at_once // 20 * at_once
            bodies = tuple(b"%0*d" % (BODY_BYTES, n + k) for k in range(at_once))
            store.append([Write(stream, after, bodies)])
        rows = list(store.read_all())
        told = [bytes(64) + row.stream.encode() + bytes(10) + row.body for row in rows]

        def hashed() -> None:
            for one in told:
                hashlib.sha256(one).digest()

        times = {
            "check, from the store": best_s(lambda: chain.verify(store.read_all())),
            "  reading the rows alone": best_s(lambda: sum(1 for _ in store.read_all())),
            "  check of rows in memory": best_s(lambda: chain.verify(rows)),
            "  sha256 of the same bytes alone": best_s(hashed),
        }
        store.close()
    for name, seconds in times.items():
        print(f"{name:<36} {len(rows) / seconds:>11,.0f} events/s")
    return len(rows) / times["check, from the store"]


def main() -> int:
    given = [int(text) for text in sys.argv[1:]]
    flips, events = [*given, *(FLIPS, EVENTS)[len(given) :]]
    begun = time.perf_counter()
    flipped = tampered("flips", flips)
    edited = tampered("edits", EDITS_OF_EACH * len(tamper.KINDS))
    show("bits flipped", flipped)
    show("rows edited", edited)
    canary = missed_without_hashes()
    print(f"a verifier that compares no hash misses {canary} of 500 flips (canary)")
    print(f"{time.perf_counter() - begun:.0f} s\n")
    per_s = speed(events)
    print(f"target: {TARGET_PER_S:,} events/s")
    bad = flipped.missed or edited.missed or edited.misnamed or not canary
    return int(bool(bad) or not per_s >= TARGET_PER_S)


if __name__ == "__main__":
    sys.exit(main())

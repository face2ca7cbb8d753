"""Cuts the power under a record and counts what is lost, then the same for weaker settings.

    python benchmarks/power_cuts.py [cuts]

The store is the one in use, on a file system that keeps a log of all that is done to the disk;
tests/faults/power.py says what a disk may hold after a cut, and what isn't modelled. The rows
"NORMAL", "OFF" and "log not renewed" must show losses: a harness that can't see them sees nothing.
Exits with 1 when anything is lost or corrupt, or a canary shows nothing.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
disk = importlib.import_module("faults.disk")
power = importlib.import_module("faults.power")
workload = importlib.import_module("faults.workload")

CUTS = 10_000
SEEDS = 10
CANARY_CUTS = 500


def from_nothing(folder: Path, cuts: int, pragmas: tuple[str, ...] | None = None) -> Any:
    """Cut runs of several seeds, made from nothing."""
    tally = power.Tally()
    for seed in range(SEEDS):
        of = power.run(folder, seed, pragmas=pragmas)
        tally.join(power.cut_often(of, cuts // SEEDS, seed, folder))
    return tally


def recovered(folder: Path, cuts: int) -> Any:
    """Cut runs that begin with recovering what an earlier cut left."""
    tally = power.Tally()
    for seed in range(SEEDS):
        second = power.again(power.run(folder, seed, 25), seed + 100, folder)
        tally.join(power.cut_often(second, cuts // SEEDS, seed, folder))
    return tally


def synced_in_vain(folder: Path, cuts: int) -> Any:
    """Cut runs in which one sync failed and the record was opened again."""
    return power.after_failed_syncs(folder, 3, 20, cuts // 50)


def not_renewed(folder: Path, cuts: int) -> Any:
    with patch.object(disk.SqliteStore, "_renew_log", lambda _: None):
        return synced_in_vain(folder, cuts)


def shown(name: str, made: Callable[[], Any]) -> Any:
    begun = time.perf_counter()
    tally = made()
    seconds = time.perf_counter() - begun
    print(
        f"{name:<36} {tally.cuts:>6} {tally.lost:>8} {tally.worst:>6} {tally.corrupt:>8}"
        f" {seconds:>6.1f} s",
        flush=True,
    )
    return tally


def main() -> int:
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else CUTS
    with workload.scratch() as folder:
        print(f"{'':<36} {'cuts':>6} {'lost':>8} {'worst':>6} {'corrupt':>8}")
        good = [
            shown("FULL, from nothing", lambda: from_nothing(folder, cuts * 6 // 10)),
            shown("FULL, recovered from a cut", lambda: recovered(folder, cuts * 2 // 10)),
            shown("FULL, after a failed sync", lambda: synced_in_vain(folder, cuts * 2 // 10)),
        ]
        normal, off = workload.settings("NORMAL"), workload.settings("OFF")
        bad = [
            shown("NORMAL (canary)", lambda: from_nothing(folder, CANARY_CUTS, normal)),
            shown("OFF (canary)", lambda: from_nothing(folder, CANARY_CUTS, off)),
            shown("log not renewed (canary)", lambda: not_renewed(folder, CANARY_CUTS)),
        ]
        print(f"\n{'one fault at each place':<36} {'places':>6} {'false':>8}   and who was told")
        faults = [disk.sweep(folder, fault, 1, 30) for fault in disk.FAULTS]
        for one in faults:
            told = ", ".join(f"{count} {how}" for how, count in one.told.most_common())
            print(f"{one.fault:<36} {one.places:>6} {len(one.wrong):>8}   {told}")
    total = sum(one.cuts for one in good)
    print(f"\n{total} cuts: {sum(one.lost for one in good)} acknowledged events lost,", end=" ")
    print(f"{sum(one.corrupt for one in good)} records corrupt; seeds 0 to {SEEDS - 1}")
    for line in (line for one in good for line in one.found):
        print(line)
    for line in (line for one in faults for line in one.wrong):
        print(line)
    harmless = any(not one.found for one in bad)
    return int(harmless or any(one.found for one in good) or any(one.wrong for one in faults))


if __name__ == "__main__":
    sys.exit(main())

"""Eight processes write to one record at once, on both stores: what is lost, and how long it takes.

    python benchmarks/writers.py [appends of each]

Twice: at 50 appends a second in all, as a busy service writes, where the target is; and as fast as
they can. PostgreSQL's writers take turns there, because each event is chained to the last, while
its bare commits share their syncs.

An append's time stands beside that of a bare commit, measured in the same run: as many processes,
the same place, one plain row of the same size, as safe. Half of the appends go to streams that all
write to, so many are refused as conflicts and decided anew; those attempts aren't in the times.
Exits with 1 when an event is lost or there twice, or the ratio at the 99th percentile is missed.
"""

from __future__ import annotations

import importlib
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
writers = importlib.import_module("faults.writers")
postgres_server = importlib.import_module("postgres_server")

PROCESSES = 8
APPENDS = 500
PER_S = 50
RATIO_MAX = 5.0


def at(share: float, times_s: list[float]) -> float:
    return times_s[int(share * (len(times_s) - 1))]


def show(name: str, found: Any, bare_s: list[float], ratio_max: float) -> bool:
    """Print one store's rows and return whether the targets are met."""
    shares = (0.5, 0.99)
    ours, bare = ([at(share, one) * 1e3 for share in shares] for one in (found.times_s, bare_s))
    ratios = [one / other for one, other in zip(ours, bare, strict=True)]
    print(f"{name}: {found.appends} appends, {found.conflicts} conflicts decided anew")
    print(
        f"  {found.lost} lost, {found.twice} there twice, chain: {found.verdict.fault or 'whole'}"
    )
    print(f"  {'':<12} {'p50':>9} {'p99':>9}")
    print(f"  {'append':<12} {ours[0]:>6.2f} ms {ours[1]:>6.2f} ms")
    print(f"  {'bare commit':<12} {bare[0]:>6.2f} ms {bare[1]:>6.2f} ms")
    target = f"{ratio_max:g}" if math.isfinite(ratio_max) else "none"
    print(f"  {'ratio':<12} {ratios[0]:>9.2f} {ratios[1]:>9.2f}   (target: {target})")
    whole = not (found.lost or found.twice or found.verdict.fault)
    return whole and found.verdict.events == found.appends and ratios[1] <= ratio_max


def main() -> int:
    appends = int(sys.argv[1]) if len(sys.argv) > 1 else APPENDS
    good = []
    for pace, per_s, ratio_max in (("50 a second", PER_S, RATIO_MAX), ("flat out", 0, math.inf)):
        given = PROCESSES, appends, per_s
        with tempfile.TemporaryDirectory() as folder:
            bare = writers.bare_race(str(Path(folder) / "bare.db"), *given)
            found = writers.race(str(Path(folder) / "record.db"), *given)
        good.append(show(f"SQLite, {pace}", found, bare, ratio_max))
        with postgres_server.PostgresServer() as server:
            bare = writers.bare_race(server.create("bare"), *given)
            found = writers.race(server.create("record"), *given)
        good.append(show(f"PostgreSQL, {pace}", found, bare, ratio_max))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

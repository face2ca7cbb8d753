"""Replicate trials of 60 people with 12 visits, drawn and analysed: how long 1,000 take.

    python benchmarks/trials.py [trials] [processes]

The design is examples/trials/crps-sigtermans.toml: pain at 12 visits and mood at 4, each analysed
by an unstructured mixed model with Kenward-Roger. The people, their kinetics and the doses are
worked out within the time. Prints the time for 1,000, where it went, how many analyses failed,
and whether one process gives the same bytes. Ends with 1 beyond two minutes on two cores, or when
a byte differs.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from assuage.evidence.virtual import threads

threads.one_each()  # as the command does, before NumPy is loaded

from assuage.evidence.virtual.analysis import ENDS, FITTED  # noqa: E402
from assuage.evidence.virtual.design import Design  # noqa: E402
from assuage.evidence.virtual.reading import read  # noqa: E402
from assuage.evidence.virtual.scores import draw, world_of  # noqa: E402
from assuage.evidence.virtual.trials import Results, run, task_of  # noqa: E402
from assuage.kinetics.executors import Processes, Serial  # noqa: E402

DESIGN = Path(__file__).parents[1] / "examples" / "trials" / "crps-sigtermans.toml"
TRIALS = 1000
PROCESSES = 2
MOST_S = 120.0  # for 1,000 trials on two cores
SEED = 1
COMPARED = 16  # trials that one process repeats


def design() -> Design:
    found = read(DESIGN)
    alone = found.analysis.model_copy(update={"null": False})
    return found.model_copy(update={"analysis": alone})


def worked_s() -> float:
    of = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, of))


def same(one: Results, other: Results) -> bool:
    return all(
        one.main[name].tobytes() == other.main[name][:COMPARED].tobytes() for name in one.main
    )


def main(arguments: list[str]) -> int:
    trials = int(arguments[0]) if arguments else TRIALS
    processes = int(arguments[1]) if len(arguments) > 1 else PROCESSES
    asked = design()
    start_s, start_worked_s = time.perf_counter(), worked_s()
    world = world_of(asked, SEED)
    pool_s = time.perf_counter() - start_s
    found = run(task_of(world), trials, Processes(processes))
    took_s, worked = time.perf_counter() - start_s, worked_s() - start_worked_s
    drawing_s = time.process_time()
    draw(world, 0, trials)
    drawing_s = time.process_time() - drawing_s
    for_1000_s = took_s * 1000.0 / trials
    days = len(asked.visits_d)
    print(f"{trials} trials of {asked.people} people with {days} visits, {processes} processes")
    print(f"  {took_s:.1f} s in all, {worked:.1f} s of processor; {for_1000_s:.1f} s for 1,000")
    print(f"  people and kinetics {pool_s:.2f} s; drawing every trial {drawing_s:.2f} s")
    for name in asked.outcomes:
        failed = int((found.main[f"{name}.end"] != ENDS.index(FITTED)).sum())
        print(f"  {name}: {failed} of {trials} analyses without an estimate")
    again = run(task_of(world), min(COMPARED, trials), Serial())
    alike = same(again, found)
    print(f"  one process gives {'the same bytes' if alike else 'OTHER BYTES'}")
    quick = for_1000_s <= MOST_S
    if not quick:
        print(f"  beyond {MOST_S:g} s")
    return 0 if quick and alike else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A population that streams past: time, memory, and the error of its quantiles.

    python benchmarks/streaming.py [patients] [processes]

W1: three compartments, 0.5 mg/kg over 40 min, 30 % on clearance and central volume, 1,441 times.
Prints patients a second and the peak memory of this process and all others, which has to stay
below 1 GB with one process; and, on 20,000 patients held in memory, the largest difference from
np.quantile, which has to stay within the error that the sketch states. Ends with 1 otherwise.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace

import numpy as np

from assuage.kinetics import stream
from assuage.kinetics.executors import Executor, Processes, Serial
from assuage.kinetics.points import has_kernels
from assuage.kinetics.sketch import ERROR, FLOOR
from assuage.kinetics.stream import Task
from assuage.kinetics.structure import Dose, Subject
from assuage.kinetics.tally import Tally
from assuage.knowledge import library
from assuage.knowledge.schema.model import Variability

PATIENTS = 10_000_000
WITHOUT_KERNELS = 20_000
HELD = 20_000
MOST_MB = 1000.0
LEVELS = (0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999)


def w1() -> Task:
    model = library.model("kamp-2020")
    fact = {"source": "assuage-design", "where": "issue 4, W1", "read": "design"}
    varies = tuple(Variability(parameter=name, cv=0.3, **fact) for name in ("CL", "V1"))
    dose = Dose(0.0, 35.0, "iv", 40.0 / 60.0)
    times_h = np.arange(1441) / 60.0
    return stream.task_of(
        model.model_copy(update={"variability": varies}),
        Subject(70.0, 35.0),
        (dose,),
        times_h,
        seed=1,
        thresholds_mg_per_l=(0.3,),
    )


def memory_mb(processes: int) -> float:
    mine, largest = (
        resource.getrusage(one).ru_maxrss / 1e3
        for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return mine + (processes * largest if processes > 1 else 0.0)


def worked_s() -> float:
    of = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, of))


def worst(task: Task) -> float:
    """Return the largest relative difference from the quantiles of patients held in memory."""
    levels = np.empty((HELD, 1, len(task.times_h)))
    stream.levels(task, np.array(task.times_h), 0, levels)
    truth = np.quantile(levels[:, 0], LEVELS, axis=0, method="inverted_cdf")
    told, error = stream.run(task, HELD, Serial()).levels.quantiles(LEVELS)
    known = truth >= FLOOR  # what is less is told as 0
    off = np.abs(told - truth)[known] / truth[known]
    print(f"quantiles of {HELD:,} patients, relative difference from np.quantile:")
    print(f"  median {np.median(off):.2e}, largest {off.max():.2e}, stated {error.max():.2e}")
    assert (told[~known] == 0.0).all()
    return float((off - error[known]).max())


def done(task: Task, patients: int, executor: Executor) -> Tally:
    stream.run(replace(task, seed=2), 64, Serial())  # compiles or reads the kernels
    start, worked = time.monotonic(), worked_s()
    found = stream.run(task, patients, executor)
    took, worked = time.monotonic() - start, worked_s() - worked
    values = patients * len(task.times_h)
    print(f"{executor}: {patients:,} patients in {took:.1f} s, {patients / took:,.0f} a second,")
    print(f"  {took / values * 1e9:.1f} ns a level, {worked / values * 1e9:.1f} of a core's time;")
    print(f"  the tally takes {found.levels.counts.nbytes / 1e6:.0f} MB")
    return found


def main() -> int:
    patients = PATIENTS if has_kernels() else WITHOUT_KERNELS
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else patients
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    task = w1()
    found = done(task, patients, Processes(processes) if processes > 1 else Serial())
    used = memory_mb(processes)
    print(f"  peak memory {used:.0f} MB")
    over = found.peaks_over[0, 0] / found.patients
    print(f"  {over:.4%} of patients over 300 ng/mL at some time")
    wrong = [] if used <= MOST_MB else [f"{used:.0f} MB is more than {MOST_MB:.0f}"]
    wrong += [] if worst(task) <= 0.0 else [f"a quantile is off by more than stated (<= {ERROR})"]
    print("\n".join(wrong) or "every claim holds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""A whole population, patient after patient, kept only as a tally.

Patients come in chunks that fit in memory, and chunks in blocks that are worth sending to a
worker. Patient k is the same whatever chunk and block hold it, and tallies merge exactly, so that
neither changes a byte of the result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal

import numpy as np

import assuage
from assuage.kinetics import fast, sketch, tally
from assuage.kinetics.engine import curves, is_time_varying
from assuage.kinetics.exact import Array
from assuage.kinetics.executors import Executor
from assuage.kinetics.points import has_kernels
from assuage.kinetics.population import deviations
from assuage.kinetics.structure import Dose, Subject, build, parameter_values, pushes_of
from assuage.kinetics.tally import Counting, Shape, Tally
from assuage.knowledge.schema.model import Model
from assuage.refusals import Refusal, Refused

Solver = Literal["kernels", "numpy"]
Block = tuple[int, int]  # the first patient, and how many
Told = Callable[[Tally], None]

CHUNK_VALUES = 2_000_000  # levels in memory at once, 16 MB
BLOCK_VALUES = {"kernels": 40_000_000, "numpy": 2_000_000}  # about a second's work
TOGETHER = 64  # patients that NumPy solves in one go


@dataclass(frozen=True)
class Task:
    """What is to be simulated, whole: a worker needs nothing else.

    A worker with another `version` of assuage, or without what the `solver` needs, refuses it.
    """

    model: Model
    subject: Subject
    doses: tuple[Dose, ...]
    times_h: tuple[float, ...]
    seed: int
    thresholds_mg_per_l: tuple[float, ...]
    solver: Solver
    version: str

    @property
    def shape(self) -> Shape:
        """How much is watched."""
        return Shape(len(self.model.analyte), len(self.times_h), len(self.thresholds_mg_per_l))

    def digest(self) -> str:
        """Return a SHA-256 over all that decides what a patient's levels are and how they count."""
        all_of_it = {
            "model": self.model.model_dump(mode="json"),
            "subject": asdict(self.subject),
            "doses": [asdict(one) for one in self.doses],
            "times_h": self.times_h,
            "thresholds_mg_per_l": self.thresholds_mg_per_l,
            "drawn_and_solved": [self.seed, self.solver, self.version],
            "grid": [sketch.BITS, sketch.LEAST, sketch.MOST],
        }
        text = json.dumps(all_of_it, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def task_of(
    model: Model,
    subject: Subject,
    doses: tuple[Dose, ...],
    times_h: Array,
    seed: int,
    thresholds_mg_per_l: tuple[float, ...] = (),
) -> Task:
    """Describe a simulation, to be solved by the best that is installed here.

    Raises ValueError for a model without variability, or a threshold that isn't above zero.
    """
    if not model.variability:
        raise ValueError(f"{model.id} has no variability")
    if not all(0.0 < one < float("inf") for one in thresholds_mg_per_l):
        raise ValueError("a threshold is not above zero")
    quick = has_kernels() and not is_time_varying(model)
    return Task(
        model,
        subject,
        doses,
        tuple(float(one) for one in times_h),
        seed,
        thresholds_mg_per_l,
        "kernels" if quick else "numpy",
        assuage.__version__,
    )


def run(
    task: Task,
    patients: int,
    executor: Executor,
    *,
    chunk: int | None = None,
    block: int | None = None,
    start: Tally | None = None,
    progress: Told = lambda _: None,
) -> Tally:
    """Simulate patients 0 to `patients` - 1 and return their tally.

    chunk     patients in memory at once; block: patients that one worker does at a time
    start     the tally of the first of them, from which to go on
    progress  is told each tally on the way; what it was told last is valid, whatever happens next

    Raises ValueError for numbers that make no sense or a level that isn't one, Refused when a
    worker fails.
    """
    found = start or tally.empty(task.shape)
    if found.shape != task.shape or not 0 <= found.patients <= patients <= sketch.MOST_VALUES:
        raise ValueError("the start belongs to another task, or to more patients")
    rows = task.shape.level_rows
    chunk = chunk or max(CHUNK_VALUES // rows, 1)
    block = block or max(BLOCK_VALUES[task.solver] // rows, chunk)
    if not (chunk > 0 and block > 0):
        raise ValueError("a chunk and a block hold at least one patient")
    blocks = _pieces(found.patients, patients, block)
    for part in executor.map_blocks(partial(tally_of, task, chunk), blocks):
        found = found.merged(part)
        progress(found)
    return found


def _pieces(first: int, end: int, size: int) -> Iterator[Block]:
    return ((at, min(size, end - at)) for at in range(first, end, size))


def tally_of(task: Task, chunk: int, block: Block) -> Tally:
    """Return the tally of one block. Raises Refused when this worker isn't as the task needs."""
    _check(task)
    times_h = np.array(task.times_h)
    counting = Counting(task.shape, times_h, np.array(task.thresholds_mg_per_l))
    first, patients = block
    buffer = np.empty((min(chunk, patients), task.shape.outputs, task.shape.times))
    for at, size in _pieces(first, first + patients, chunk):
        levels(task, times_h, at, buffer[:size])
        counting.add(buffer[:size])
    return counting.done()


def _check(task: Task) -> None:
    if assuage.__version__ != task.version:
        raise Refused(Refusal.WORKER_DIFFERS, what=f"version {assuage.__version__} of assuage")
    if task.solver == "kernels" and not has_kernels():
        raise Refused(Refusal.WORKER_DIFFERS, what="no numba")


def levels(task: Task, times_h: Array, first: int, out: Array) -> None:
    """Write the levels (mg/L) of patients from `first` on to `out` (patients, outputs, times)."""
    model = task.model
    if task.solver == "kernels":
        shifts = deviations(model, len(out), task.seed, first)
        system = build(model, parameter_values(model, task.subject, shifts))
        pushes = pushes_of(model, system, task.doses)
        fast.solve(system.matrix, pushes, times_h, system.outputs, out=out)
        return
    # NumPy solves rows of patients that start at multiples of TOGETHER, so that nothing in a
    # patient's levels can depend on where a chunk starts or ends.
    end = first + len(out)
    for start in range(first - first % TOGETHER, end, TOGETHER):
        shifts = deviations(model, TOGETHER, task.seed, start)
        _, found = curves(model, task.subject, task.doses, times_h, shifts)
        low, high = max(start, first), min(start + TOGETHER, end)
        out[low - first : high - first] = found[low - start : high - start].transpose(0, 2, 1)

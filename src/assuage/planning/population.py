"""A large population of one simulation: run, kept on the way, taken up again, told in numbers.

A population file (`planning.checkpoint`) holds the tally of the patients done so far, and names
the simulation that it belongs to by a digest: 4 bytes length, JSON, the arrays one after another.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from assuage.clock import Clock
from assuage.kinetics import tally as tallies
from assuage.kinetics.effects import NG_PER_ML_PER_MG_PER_L
from assuage.kinetics.engine import LEVELS
from assuage.kinetics.exact import Array
from assuage.kinetics.executors import LOCAL, Dask, Executor, Processes, Serial, cores
from assuage.kinetics.sketch import Sketch
from assuage.kinetics.stream import Task, run
from assuage.kinetics.tally import PROPERTIES, Shape, Share, Tally, share_of
from assuage.planning import checkpoint
from assuage.planning.checkpoint import Keeper, Kind
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, parse

FILE = Kind(b"assuage population ", "a population file", Refusal.POPULATION_FILE_DAMAGED)
MOST_PATIENTS = 100_000_000
MOST_THRESHOLDS = 10
MOST_WORKERS = 1024
Told = Callable[[int], None]
Bands = tuple[float, float, float]  # at LEVELS


@dataclass(frozen=True)
class Exceeding:
    """One analyte over one threshold. Hours are bands over patients, at LEVELS."""

    analyte: str
    threshold: str  # as written
    threshold_ng_per_ml: float
    over: tuple[Share, ...]  # at each time
    peak_over: Share
    hours_over: Bands


@dataclass(frozen=True)
class CourseBands:
    """One analyte's peak, its time and the area under it, over patients, at LEVELS."""

    analyte: str
    peak_ng_per_ml: Bands
    time_of_peak_h: Bands
    area_ng_h_per_ml: Bands


@dataclass(frozen=True)
class Population:
    """What a streamed population came to.

    bands            (analytes, levels, times) ng/mL
    quantile_error   the largest relative error that a quantile told here may have
    step_h           the longest step between two times that peaks and crossings may hide in
    """

    patients: int
    bands: Array
    quantile_error: float
    step_h: float
    courses: tuple[CourseBands, ...]
    exceeding: tuple[Exceeding, ...]


@dataclass(frozen=True)
class Threshold:
    """A level that patients are counted over."""

    text: str
    ng_per_ml: float


def thresholds_of(texts: tuple[str, ...]) -> tuple[Threshold, ...]:
    """Read thresholds such as '100 ng/mL'. Raises Refused."""
    if not len(texts) <= MOST_THRESHOLDS:
        raise Refused(
            Refusal.QUANTITY_IMPLAUSIBLE,
            what="number of --over",
            text=len(texts),
            low=0,
            high=MOST_THRESHOLDS,
            unit="thresholds",
            example="--over '100 ng/mL'",
        )
    read = (parse(text, Dimension.CONCENTRATION, what="a threshold") for text in texts)
    return tuple(Threshold(one.text, one.magnitude) for one in read)


def executor_of(workers: str | None, cluster: str | None) -> Executor:
    """Return where the blocks run. `cluster` is an address or 'local'. Raises Refused."""
    if cluster is not None and cluster != LOCAL:
        if workers is not None:
            raise Refused(
                Refusal.OPTION_CONFLICT,
                what="--workers and the address of a cluster",
                remedy="leave --workers out: the cluster has workers of its own",
            )
        return Dask(cluster)
    many = cores() if workers == "all" or (workers is None and cluster) else _many(workers)
    if cluster is not None:
        return Dask(LOCAL, many)
    return Processes(many) if many > 1 else Serial()


def _many(workers: str | None) -> int:
    if workers is None:
        return 1
    if workers.isascii() and workers.isdigit() and 1 <= int(workers[:9]) <= MOST_WORKERS:
        return int(workers)
    raise Refused(
        Refusal.VALUE_NOT_ALLOWED,
        text=workers[:60],
        what="number of workers",
        choices=f"1 to {MOST_WORKERS}, all",
    )


def gather(
    task: Task,
    patients: int,
    executor: Executor,
    *,
    path: Path | None = None,
    told: Told = lambda _: None,
    clock: Clock | None = None,
) -> Tally:
    """Simulate a population, going on from `path` if it is there and keeping it there.

    `told` hears how many patients are done. Whatever ends it, an interrupt included, the file
    then holds all that was done. Raises Refused, leaving a file that it can't use as it is.
    """
    if path is None:
        return run(task, patients, executor, progress=lambda one: told(one.patients))
    digest = task.digest()
    keeper = Keeper[Tally](lambda tally: store(path, digest, tally), clock)
    start = _taken_up(path, digest, patients)
    if start is None:  # see that it can be written
        keeper.take(lambda: tallies.empty(task.shape))
        keeper.keep()
    told(start.patients if start else 0)

    def progress(found: Tally) -> None:
        keeper.take(lambda: found)
        told(found.patients)

    try:
        return run(task, patients, executor, start=start, progress=progress)
    finally:
        keeper.keep()


def _taken_up(path: Path, digest: str, patients: int) -> Tally | None:
    """Return what the file holds, None where there is none. Raises Refused for another's."""
    found = load(path)
    if found is None:
        return None
    held, tally = found
    if held != digest:
        why = "its model, person, doses, times, thresholds, seed or solver differ"
        raise Refused(Refusal.POPULATION_FILE_OTHER, path=path, why=why)
    if not tally.patients <= patients:
        why = f"it has {tally.patients} patients already, and {patients} were asked for"
        raise Refused(Refusal.POPULATION_FILE_OTHER, path=path, why=why)
    return tally


def store(path: Path, digest: str, tally: Tally) -> None:
    """Put a tally into a file, whole or not at all. Raises Refused; what was there then stays."""
    found = tallies.arrays(tally)
    head = {
        "digest": digest,
        "shape": [tally.shape.outputs, tally.shape.times, tally.shape.thresholds],
        "patients": tally.patients,
        "totals": [tally.levels.total, tally.courses.total],
        "arrays": [[name, one.dtype.str, len(one.ravel())] for name, one in found.items()],
    }
    text = json.dumps(head).encode()
    packer = zlib.compressobj(1)
    pieces = [packer.compress(len(text).to_bytes(4, "little") + text)]
    pieces += [packer.compress(np.ascontiguousarray(one).data) for one in found.values()]
    checkpoint.store(path, FILE, b"".join([*pieces, packer.flush()]))


def load(path: Path) -> tuple[str, Tally] | None:
    """Return the digest and the tally of a file, None where there is none.

    Raises Refused for a file that can't be read, is damaged or is something else.
    """
    content = checkpoint.load(path, FILE)
    return None if content is None else _read(content)


def _read(content: bytes) -> tuple[str, Tally]:
    at = 4 + int.from_bytes(content[:4], "little")
    head = json.loads(content[4:at])
    found = {}
    for name, kind, length in head["arrays"]:
        found[name] = np.frombuffer(content, kind, length, at).copy()
        at += found[name].nbytes
    shape = Shape(*head["shape"])
    levels, courses = (
        Sketch(total, *(found[f"{name}.{one}"] for one in ("low", "width", "counts")))
        for name, total in zip(("levels", "courses"), head["totals"], strict=True)
    )
    over = found["over"].reshape(shape.outputs, shape.thresholds, shape.times)
    peaks_over = found["peaks_over"].reshape(shape.outputs, shape.thresholds)
    return head["digest"], Tally(shape, head["patients"], levels, courses, over, peaks_over)


def told_in_numbers(
    tally: Tally, analytes: tuple[str, ...], times_h: Array, thresholds: tuple[Threshold, ...]
) -> Population:
    """Return bands and shares. Raises ValueError for a level above what a sketch can tell."""
    shape = tally.shape
    bands, error = tally.levels.quantiles(LEVELS)
    courses, course_error = tally.courses.quantiles(LEVELS)
    by_analyte = courses.reshape(len(LEVELS), shape.outputs, -1)
    return Population(
        tally.patients,
        bands.reshape(len(LEVELS), shape.outputs, shape.times).transpose(1, 0, 2)
        * NG_PER_ML_PER_MG_PER_L,
        float(max(error.max(initial=0.0), course_error.max(initial=0.0))),
        float(max((two - one for one, two in pairwise(times_h)), default=0.0)),
        tuple(_course(name, by_analyte[:, k]) for k, name in enumerate(analytes)),
        tuple(
            Exceeding(
                name,
                one.text,
                one.ng_per_ml,
                tuple(share_of(int(count), tally.patients) for count in tally.over[k, place]),
                share_of(int(tally.peaks_over[k, place]), tally.patients),
                _bands(by_analyte[:, k, len(PROPERTIES) + place]),
            )
            for k, name in enumerate(analytes)
            for place, one in enumerate(thresholds)
        ),
    )


def _course(analyte: str, values: Array) -> CourseBands:
    peak, at_h, area = (values[:, one] for one in range(len(PROPERTIES)))
    return CourseBands(
        analyte,
        _bands(peak * NG_PER_ML_PER_MG_PER_L),
        _bands(at_h),
        _bands(area * NG_PER_ML_PER_MG_PER_L),
    )


def _bands(values: Array) -> Bands:
    low, middle, high = (float(one) for one in values)
    return low, middle, high

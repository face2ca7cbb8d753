"""What the machine itself can do, measured in the same run as what it is compared with.

One thread is timed in seconds of a core, two by the wall. Bandwidth counts the bytes that a loop
names (STREAM's way): 24 for an element of the triad, 8 for one of a fill. The calibrated loop
is a chain-free multiply-add over an array in cache.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from assuage.kinetics.exact import Array

ELEMENTS = 1 << 25  # 256 MiB an array: far beyond any cache here
IN_CACHE = 2048
PASSES = 20_000


def _triad(a, b, c, scale):  # type: ignore[no-untyped-def]
    for k in range(a.size):
        a[k] = b[k] + scale * c[k]


def _fill(a, value):  # type: ignore[no-untyped-def]
    for k in range(a.size):
        a[k] = value


def _axpy(a, b, passes):  # type: ignore[no-untyped-def]
    for one in range(passes):
        scale = 1.0 / (one + 2.0)
        for k in range(a.size):
            a[k] = a[k] * scale + b[k]


@dataclass(frozen=True)
class Machine:
    """Bytes a second by number of threads, and multiply-adds a second of one and two threads."""

    triad: dict[int, float]
    fill: dict[int, float]
    first_touch: dict[int, float]
    multiply_adds: dict[int, float]


Clock = Callable[[], float]
WALL: Clock = time.perf_counter
CORE: Clock = time.process_time  # seconds of a core: what runs beside it hardly enters


def seconds(work: Callable[[], object], times: int = 5, clock: Clock = WALL) -> list[float]:
    """Return how long each of several runs took."""
    found = []
    for _ in range(times):
        start = clock()
        work()
        found.append(clock() - start)
    return found


def _together(jobs: list[Callable[[], object]]) -> None:
    if len(jobs) == 1:
        jobs[0]()
        return
    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(one) for one in jobs]:
            done.result()


def measured() -> Machine:
    """Measure. The kernels are compiled before any clock starts."""
    numba: Any = importlib.import_module("numba")
    triad, fill, axpy = (
        numba.njit(nogil=True, fastmath=True)(one) for one in (_triad, _fill, _axpy)
    )
    small = np.ones(64)
    triad(small, small, small, 1.0)
    fill(small, 1.0)
    axpy(small, small, 1)
    a, b, c = (np.full(ELEMENTS, value) for value in (0.0, 1.0, 2.0))
    found = Machine({}, {}, {}, {})
    for threads, clock in ((1, CORE), (2, WALL)):
        cut = [slice(ELEMENTS * n // threads, ELEMENTS * (n + 1) // threads) for n in (0, 1)]
        cut = cut[:threads]
        triads: list[Callable[[], object]] = [
            partial(triad, a[one], b[one], c[one], 0.5) for one in cut
        ]
        found.triad[threads] = (
            24.0 * ELEMENTS / min(seconds(partial(_together, triads), clock=clock))
        )
        fills: list[Callable[[], object]] = [partial(fill, a[one], 3.0) for one in cut]
        found.fill[threads] = 8.0 * ELEMENTS / min(seconds(partial(_together, fills), clock=clock))
        found.first_touch[threads] = 8.0 * ELEMENTS / min(_fresh(fill, cut, clock))
        lanes: list[Array] = [np.ones(IN_CACHE) for _ in range(2 * threads)]
        loops: list[Callable[[], object]] = [
            partial(axpy, lanes[2 * n], lanes[2 * n + 1], PASSES) for n in range(threads)
        ]
        took = min(seconds(partial(_together, loops), clock=clock))
        found.multiply_adds[threads] = threads * IN_CACHE * PASSES / took
    return found


def _fresh(fill: Callable[[Array, float], None], cut: list[slice], clock: Clock) -> list[float]:
    """Time the first writing of memory that the system has just given."""
    found = []
    for _ in range(3):
        new = np.empty(ELEMENTS)
        jobs: list[Callable[[], object]] = [partial(fill, new[one], 1.0) for one in cut]
        found += seconds(partial(_together, jobs), 1, clock)
        del new
    return found

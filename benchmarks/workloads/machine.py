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
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

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


Clock = Callable[[], float]
Job = Callable[[], object]
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


def _together(jobs: list[Job]) -> None:
    if len(jobs) == 1:
        jobs[0]()
        return
    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(one) for one in jobs]:
            done.result()


class Machine:
    """Loops that measure it, compiled before any clock starts: what one or two threads reach.

    One thread is timed in seconds of a core, two by the wall; a rate is the best of `times` runs.
    """

    def __init__(self) -> None:
        numba: Any = importlib.import_module("numba")
        self._triad, self._fill, self._axpy = (
            numba.njit(nogil=True, fastmath=True)(one) for one in (_triad, _fill, _axpy)
        )
        small = np.ones(64)
        self._triad(small, small, small, 1.0)
        self._fill(small, 1.0)
        self._axpy(small, small, 1)
        self._arrays = [np.full(ELEMENTS, value) for value in (0.0, 1.0, 2.0)]

    def triad(self, threads: int, times: int = 5) -> float:
        """Return the bytes a second that a triad names."""
        a, b, c = self._arrays
        jobs: list[Job] = [
            partial(self._triad, a[one], b[one], c[one], 0.5) for one in _cut(threads)
        ]
        return 24.0 * ELEMENTS / _best(jobs, times)

    def fill(self, threads: int, times: int = 5) -> float:
        """Return the bytes a second that a fill names."""
        jobs: list[Job] = [partial(self._fill, self._arrays[0][one], 3.0) for one in _cut(threads)]
        return 8.0 * ELEMENTS / _best(jobs, times)

    def first_touch(self, threads: int, times: int = 3) -> float:
        """Return the bytes a second written to memory that the system has just given."""
        found = []
        for _ in range(times):
            new = np.empty(ELEMENTS)
            jobs: list[Job] = [partial(self._fill, new[one], 1.0) for one in _cut(threads)]
            found.append(_best(jobs, 1))
            del new, jobs
        return 8.0 * ELEMENTS / min(found)

    def multiply_adds(self, threads: int, times: int = 5, clock: Clock | None = None) -> float:
        """Return the multiply-adds a second of the calibrated loop."""
        lanes = [np.ones(IN_CACHE) for _ in range(2 * threads)]
        jobs: list[Job] = [
            partial(self._axpy, one, other, PASSES)
            for one, other in zip(lanes[::2], lanes[1::2], strict=True)
        ]
        return threads * IN_CACHE * PASSES / _best(jobs, times, clock)


def _cut(threads: int) -> list[slice]:
    edges = [ELEMENTS * n // threads for n in range(threads + 1)]
    return [slice(*one) for one in pairwise(edges)]


def _best(jobs: list[Job], times: int, clock: Clock | None = None) -> float:
    clock = clock or (CORE if len(jobs) == 1 else WALL)
    return min(seconds(partial(_together, jobs), times, clock))

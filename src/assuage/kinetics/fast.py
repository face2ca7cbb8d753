"""`exact.solve` for whole populations: compiled, in threads, into a buffer of the caller's.

The same answers as `exact.solve`, which serves where Numba is not installed and is the tests'
oracle. A patient's answer doesn't depend on the threads, nor on who else is solved beside them,
while all have their zeros in the same places: what is zero for everybody is left out of the sums,
and another's flow may change how they are grouped, and so the last bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics import exact
from assuage.kinetics.exact import Array, Push
from assuage.kinetics.pattern import pattern_of
from assuage.kinetics.points import has_kernels
from assuage.kinetics.shape import Products, shape_of
from assuage.kinetics.timetable import (
    RUN,
    Timetable,
    timetable,
    with_jumps,
)

Counts = NDArray[np.int64]
CACHED_BYTES = 1 << 25  # what is larger won't be read again before it has left the cache


def buffer(patients: int, outputs: int, times: int) -> Array:
    """Return room for `solve` to write into. First use of new memory costs more than the sums."""
    return np.empty((patients, outputs, times))


def solve(
    matrix: Array,
    pushes: Sequence[Push],
    times_h: Array,
    weights: Array,
    *,
    initial: Array | None = None,
    out: Array | None = None,
    workers: int = 1,
) -> Array:
    """Solve all patients and return (patients, outputs, times): time runs fastest.

    matrix (patients, m, m) in 1/h; weights (patients, k, m); initial (patients, m), empty when
    left out; out, a buffer of the result's shape, is written and returned. `workers` threads
    share the patients.

    Raises ValueError on times, pushes, matrices or a buffer that can't be used.
    """
    patients, size, _ = matrix.shape
    exact.check(pushes, times_h, size)
    shape = (patients, weights.shape[1], len(times_h))
    if out is None:
        out = np.empty(shape)
    if out.shape != shape or out.dtype != np.float64 or not out.flags.carray:
        raise ValueError(f"the buffer must be a contiguous float64 array of {shape}")
    abreast = _abreast(matrix)
    low, high = least_and_largest(abreast, patients=-1)
    if not (weights.shape == (patients, shape[1], size) and np.isfinite(weights).all()):
        raise ValueError("a weight is not finite, or patients or states don't agree")
    start = np.zeros((patients, size)) if initial is None else initial
    if not (start.shape == (patients, size) and np.isfinite(start).all()):
        raise ValueError(f"the initial state must be finite and of shape {(patients, size)}")
    if not has_kernels():
        found = exact.solve(matrix, pushes, times_h, weights, initial=start)
        out[:] = found.transpose(0, 2, 1)
        return out
    if out.size:
        filled = (low != 0.0) | (high != 0.0)
        _compiled(abreast, filled, pushes, times_h, weights, start, out, workers)
    return out


def least_and_largest(matrix: Array, patients: int) -> tuple[Array, Array]:
    """Return the least of each entry (m, m) and nought, and the largest, over axis `patients`.

    Raises ValueError where a matrix moves drug at no rate that can be.
    """
    low, high = matrix.min(axis=patients, initial=0.0), matrix.max(axis=patients, initial=0.0)
    between = ~np.eye(len(low), dtype=bool)
    # A NaN comes through both.
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low[between] >= 0.0).all()):
        raise ValueError("not a compartment matrix")
    return low, high


def _compiled(
    matrix: Array,
    filled: NDArray[np.bool_],
    pushes: Sequence[Push],
    times_h: Array,
    weights: Array,
    initial: Array,
    out: Array,
    workers: int,
) -> None:
    from assuage.kinetics.kernels import grid
    from assuage.kinetics.kernels.tile import LANES
    from assuage.kinetics.kernels.wide import WIDE

    table = timetable(pushes, times_h)
    seen = (weights != 0.0).any(axis=0)
    pattern = pattern_of(filled, table.targets)
    shape = shape_of(pattern, seen)
    moves, jumps = with_jumps(table)
    lanes = np.uint64(LANES)
    rest = (
        matrix,
        *(_abreast(one) for one in (weights, initial)),
        _amounts(pushes, table, len(out)),
        np.array([pushes[n].state for n in table.boluses], dtype=np.int64),
        _flows(pushes, table, len(out)),
        table.span_h,
        table.table_h,
        moves,
        shape.rows_of,
        shape.columns_of,
        shape.slots_of,
        np.array([pattern.slot[n, pattern.size + k] for k, n in enumerate(table.targets)], int),
        pattern.first.astype(np.uint64),
        pattern.left.astype(np.uint64) * lanes,
        pattern.right.astype(np.uint64) * lanes,
        pattern.diagonal.astype(np.uint64) * lanes,
        jumps,
        *(part for one in (shape.flowing, shape.still) for part in _in_lanes(one)),
        shape.output_first,
        shape.output_columns.astype(np.uint64) * lanes,
        shape.still_counts,
        shape.term_first,
        shape.terms.astype(np.uint64),
        shape.sources.astype(np.uint64) * lanes,
        shape.slots.astype(np.uint64) * lanes,
        shape.sources.astype(np.uint64) * np.uint64(grid.LONG),
        shape.slots.astype(np.uint64) * np.uint64(WIDE),
        np.arange(len(shape.output_columns), dtype=np.uint64) * np.uint64(grid.LONG),
        _blocks(table),
        out.reshape(-1),
        out.nbytes > CACHED_BYTES,
    )
    in_threads(lambda begin, end: grid.solve(begin, end, *rest), len(out), workers)


def _abreast(one: Array) -> Array:
    """Return an array with the patients last, side by side."""
    return np.ascontiguousarray(np.moveaxis(one, 0, -1))


def _in_lanes(products: Products) -> tuple[NDArray[np.uint64], ...]:
    from assuage.kinetics.kernels.tile import LANES

    lanes = np.uint64(LANES)
    first, slots = products.first.astype(np.uint64), products.slots.astype(np.uint64)
    return first, slots * lanes, products.columns.astype(np.uint64) * lanes


def _blocks(table: Timetable) -> int:
    """Return how many blocks of outputs the runs make, a single one making one."""
    from assuage.kinetics.kernels.ahead import BLOCK

    runs = table.moves[:, 0] == RUN
    return int((-(-table.moves[runs, 2] // BLOCK)).sum())


def in_threads(work: Callable[[int, int], None], patients: int, workers: int) -> None:
    """Share patients among threads, by whole tiles: work(begin, end) must hold no lock for long."""
    from assuage.kinetics.kernels.tile import LANES

    tiles = -(-patients // LANES)
    workers = max(1, min(workers, tiles))
    if workers == 1:
        work(0, patients)
        return
    edges = [min(patients, LANES * (tiles * n // workers)) for n in range(workers + 1)]
    with ThreadPoolExecutor(workers) as pool:
        for part in [pool.submit(work, *some) for some in pairwise(edges)]:
            part.result()


def _amounts(pushes: Sequence[Push], table: Timetable, patients: int) -> Array:
    found = np.zeros((len(table.boluses), patients))
    for row, number in enumerate(table.boluses):
        found[row] = pushes[number].amount_mg
    return found


def _flows(pushes: Sequence[Push], table: Timetable, patients: int) -> Array:
    """Return (patterns, targets, patients) mg/h."""
    found = np.zeros((len(table.flows), len(table.targets), patients))
    for row, flowing in enumerate(table.flows):
        for number in flowing:
            push = pushes[number]
            assert push.end_h is not None
            rate = push.amount_mg / (push.end_h - push.start_h)
            found[row, table.targets.index(push.state)] += rate
    return found

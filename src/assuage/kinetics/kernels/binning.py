"""Counts levels into the bins of a sketch, and follows each patient over its times.

Each has its NumPy twin in `kinetics.sketch` or `kinetics.tally`, which gives the same bits: for
that reason nothing here may be contracted into fewer roundings, and each sum runs in the order
of the times.

Indices are unsigned. A signed one could count from the end, and that check takes longer than
the count itself (measured on W1: 9 ns a value against 2.7).
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.compile import plain

U = np.uint64
ONE = np.uint32(1)
TILE = U(64)  # rows whose counts stay in the second-level cache; without, it takes 4.7 ns


@plain
def _widen(row, low, high):  # type: ignore[no-untyped-def]
    for r in range(U(row.shape[0])):
        low[r] = min(low[r], row[r])
        high[r] = max(high[r], row[r])


@plain
def ends(bits, low, high):  # type: ignore[no-untyped-def]
    """Lower `low` and raise `high` (rows,) to what `bits` (patients, rows) holds."""
    for i in range(U(bits.shape[0])):
        _widen(bits[i], low, high)


@plain
def _bump(row, start, end, counts, base, shift):  # type: ignore[no-untyped-def]
    for r in range(start, end):
        counts[(row[r] >> shift) + base[r]] += ONE


@plain
def count(bits, start, end, counts, base, shift):  # type: ignore[no-untyped-def]
    """Count rows start to end, all of them within range: one bin up at `bits >> shift` + base.

    `base` (rows,) wraps around zero, as unsigned numbers do.
    """
    first = U(start)
    while first < U(end):
        beyond = min(first + TILE, U(end))
        for i in range(U(bits.shape[0])):
            _bump(bits[i], first, beyond, counts, base, U(shift))
        first = beyond


@plain
def count_clipped(  # type: ignore[no-untyped-def]
    bits, start, end, counts, base, shift, before, last
):
    """Count rows start to end where zero, too little or too much occur; see `sketch.bins`."""
    for i in range(U(bits.shape[0])):
        for r in range(U(start), U(end)):
            value = bits[i, r]
            place = value >> U(shift)
            place = place - U(before) if place > U(before) else U(0)
            if place == U(0) and value != U(0):
                place = U(1)
            counts[min(place, U(last)) + base[r]] += ONE


@plain
def _courses(levels, times_h, out, place):  # type: ignore[no-untyped-def]
    """Write peak, its time and the area of one patient's output."""
    peak, at, area = levels[0], times_h[0], 0.0
    for t in range(U(1), U(levels.shape[0])):
        before = t - U(1)
        if levels[t] > peak:
            peak, at = levels[t], times_h[t]
        area += (times_h[t] - times_h[before]) * ((levels[before] + levels[t]) * 0.5)
    out[place], out[place + U(1)], out[place + U(2)] = peak, at, area


@plain
def _above(levels, times_h, threshold, over):  # type: ignore[no-untyped-def]
    """Count where one patient's output is over the threshold; return for how long."""
    long_h = 0.0
    last = levels[0] - threshold
    over[0] += np.int64(last > 0.0)
    for t in range(U(1), U(levels.shape[0])):
        now = levels[t] - threshold
        over[t] += np.int64(now > 0.0)
        if now > 0.0 or last > 0.0:
            share = (max(last, 0.0) + max(now, 0.0)) / (abs(last) + abs(now))
            long_h += (times_h[t] - times_h[t - U(1)]) * share
        last = now
    return long_h


@plain
def follow(levels, times_h, thresholds, courses, over):  # type: ignore[no-untyped-def]
    """Follow each patient: see `tally.follow`, whose arrays these are."""
    for i in range(U(levels.shape[0])):
        for k in range(U(levels.shape[1])):
            _courses(levels[i, k], times_h, courses[i, k], U(0))
            for one in range(U(thresholds.shape[0])):
                long_h = _above(levels[i, k], times_h, thresholds[one], over[k, one])
                courses[i, k, one + U(3)] = long_h

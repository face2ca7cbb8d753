"""What a patient's mesh follows from, as `turnover.fineness` and `falling_bound`, compiled."""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.compile import kernel
from assuage.kinetics.turnover import LEAK_PER_H, RISE_FIRST

EPS = float(np.finfo(np.float64).eps)
AT_ONCE = -1.0  # in place of the end of a bolus


@kernel
def _largest(  # type: ignore[no-untyped-def]
    states, starts_h, ends_h, amounts, i, inflow, at_once, together
):  # fmt: skip
    """Write the largest inflow (mg/h), the largest boluses at once and all boluses together."""
    size = inflow.shape[0]
    flowing, now = np.zeros(size), np.zeros(size)
    inflow[:], at_once[:], together[:] = 0.0, 0.0, 0.0
    for first in range(states.shape[0]):
        start = starts_h[first]
        flowing[:], now[:] = 0.0, 0.0
        for one in range(states.shape[0]):
            if ends_h[one] == AT_ONCE:
                if starts_h[one] == start:
                    now[states[one]] += amounts[one, i]
            elif starts_h[one] <= start < ends_h[one]:
                flowing[states[one]] += amounts[one, i] / (ends_h[one] - starts_h[one])
        for k in range(size):
            inflow[k], at_once[k] = max(inflow[k], flowing[k]), max(at_once[k], now[k])
        if ends_h[first] == AT_ONCE:
            together[states[first]] += amounts[first, i]


@kernel
def _rise(  # type: ignore[no-untyped-def]
    matrix, ways, to, source, weights, inflow, at_once, step_h, moved, term, into
):  # fmt: skip
    """Return a bound on what doses add to the drive within a step after them.

    Drug goes `ways` ways, n from place source[n] to place to[n].
    """
    size = weights.shape[0]
    total = 0.0
    for k in range(size):
        moved[k], term[k] = at_once[k], inflow[k] * step_h
        total += weights[k] * term[k]
    for order in range(1, size + 2):
        for some, share in ((moved, step_h / order), (term, step_h / (order + 1))):
            for k in range(size):
                into[k] = 0.0
            for n in range(ways):
                into[to[n]] += matrix[to[n], source[n]] * some[source[n]]
            for k in range(size):
                some[k] = into[k] * share
                total += weights[k] * some[k]
    return total


@kernel
def _ways(matrix, to, source):  # type: ignore[no-untyped-def]
    """Write where drug goes to and from; return how many ways it goes."""
    found = 0
    for k in range(matrix.shape[0]):
        for j in range(matrix.shape[0]):
            if j != k and matrix[k, j] > 0.0:
                to[found], source[found] = k, j
                found += 1
    return found


@kernel
def _drained(matrix, leak, weights, reaches, a, area):  # type: ignore[no-untyped-def]
    """Write the area under the drive that one mg in each state will make, by elimination."""
    size = weights.shape[0]
    scale = 0.0
    for i in range(size):
        area[i] = weights[i]
        for j in range(size):
            inside = reaches[i] and reaches[j]
            a[i, j] = -matrix[j, i] if inside else 0.0
        a[i, i] = leak - matrix[i, i] if reaches[i] else 1.0
        scale = max(scale, abs(a[i, i]))
    for k in range(size):
        if not a[k, k] > scale * size * EPS:  # drug that reaches the drive never leaves
            for i in range(size):
                area[i] = np.inf if reaches[i] else 0.0
            return
        for i in range(k + 1, size):
            if a[i, k] != 0.0:
                factor = a[i, k] / a[k, k]
                for j in range(k, size):
                    a[i, j] -= factor * a[k, j]
                area[i] -= factor * area[k]
    for k in range(size - 1, -1, -1):
        for j in range(k + 1, size):
            area[k] -= a[k, j] * area[j]
        area[k] = max(area[k] / a[k, k], 0.0)


@kernel
def _factor(area, weights):  # type: ignore[no-untyped-def]
    """Return what lifts the area over the weights: the falling bound."""
    found = 0.0
    for k in range(area.shape[0]):
        if not np.isfinite(area[k]):
            return 1.0
        if weights[k] > 0.0:
            found = max(found, weights[k] / area[k])
    return found


@kernel
def measure(  # type: ignore[no-untyped-def]
    begin, end, matrix, weights, c50, states, starts_h, ends_h, amounts, rise_h, peak, bound
):  # fmt: skip
    """Halve rise_h (patients,) until no dose lifts the drive too far; write peak and bound.

    For patients begin .. end - 1.

    matrix (patients, m, m); weights and bound (patients, m); pushes with amounts (pushes,
    patients), ends_h AT_ONCE for a bolus.
    """
    size = weights.shape[1]
    inflow, at_once, together = np.zeros(size), np.zeros(size), np.zeros(size)
    moved, term, into, area = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    to, source = np.zeros(size * size, dtype=np.int64), np.zeros(size * size, dtype=np.int64)
    reaches, a = np.zeros(size, dtype=np.bool_), np.zeros((size, size))
    for i in range(begin, end):
        mine, seen = matrix[i], weights[i]
        _largest(states, starts_h, ends_h, amounts, i, inflow, at_once, together)
        allowed, ways = RISE_FIRST * c50[i], _ways(mine, to, source)
        while allowed < _rise(
            mine, ways, to, source, seen, inflow, at_once, rise_h[i], moved, term, into
        ):
            rise_h[i] /= 2.0
        for k in range(size):
            reaches[k] = seen[k] > 0.0
        more = True
        while more:
            more = False
            for n in range(ways):
                if reaches[to[n]] and not reaches[source[n]]:
                    reaches[source[n]], more = True, True
        _drained(mine, LEAK_PER_H, seen, reaches, a, area)
        factor = _factor(area, seen)
        peak[i] = 0.0
        for k in range(size):
            if inflow[k] > 0.0:
                peak[i] += area[k] * inflow[k]
            if together[k] > 0.0:
                peak[i] += area[k] * factor * together[k]
        _drained(mine, 0.0, seen, reaches, a, area)
        factor = _factor(area, seen)
        for k in range(size):
            bound[i, k] = area[k] * factor

"""What a patient's mesh follows from, as `turnover.fineness` and `falling_bound`, compiled."""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.compile import inner, kernel
from assuage.kinetics.turnover import LEAK_PER_H, RISE_FIRST

U = np.uint64
EPS = float(np.finfo(np.float64).eps)
AT_ONCE = -1.0  # in place of how long a bolus lasts


@inner
def _largest(  # type: ignore[no-untyped-def]
    entered, states, lasting_h, acting_first, acting, amounts, i, flowing, now, inflow, at_once,
    together,
):  # fmt: skip
    """Write the largest inflow (mg/h), the largest boluses at once and all boluses together.

    Drug enters the places `entered`, and what acts from one start on is
    acting[acting_first[n]:acting_first[n + 1]].
    """
    for k in entered:
        inflow[k], at_once[k], together[k] = 0.0, 0.0, 0.0
    for start in range(acting_first.shape[0] - 1):
        for k in entered:
            flowing[k], now[k] = 0.0, 0.0
        for p in range(acting_first[start], acting_first[start + 1]):
            one = acting[p]
            if lasting_h[one] == AT_ONCE:
                now[states[one]] += amounts[one, i]
                together[states[one]] += amounts[one, i]
            else:
                flowing[states[one]] += amounts[one, i] / lasting_h[one]
        for k in entered:
            inflow[k], at_once[k] = max(inflow[k], flowing[k]), max(at_once[k], now[k])


@inner
def _series(  # type: ignore[no-untyped-def]
    ways, to, source, rate, where, weights, entering, moved, into, least, rises
):  # fmt: skip
    """Add to rises[least + n] what `entering`, having moved n times, weighs in the drive.

    Drug goes `ways` ways, n from place source[n] to place to[n], all among the places `where`.
    """
    for k in where:
        moved[k] = entering[k]
        if least > 0:
            rises[least] += weights[k] * moved[k]
    for order in range(1, weights.shape[0] + 2):
        for k in where:
            into[k] = 0.0
        for n in range(ways):
            into[to[n]] += rate[n] * moved[source[n]]
        total, share = 0.0, 1.0 / (order + least)
        for k in where:
            moved[k] = into[k] * share
            total += weights[k] * moved[k]
        rises[least + order] += total


@inner
def _rise(rises, step_h):  # type: ignore[no-untyped-def]
    """Return a bound on what doses add to the drive within a step after them."""
    total = 0.0
    for order in range(rises.shape[0] - 1, 0, -1):
        total = (total + rises[order]) * step_h
    return total


@inner
def _alike(matrix, weights, other, others):  # type: ignore[no-untyped-def]
    """Return whether two patients' drug goes the same ways and drives from the same places."""
    found = True
    for k in range(U(matrix.shape[0])):
        found &= (weights[k] > 0.0) == (others[k] > 0.0)
        for j in range(U(matrix.shape[0])):
            found &= (matrix[k, j] > 0.0) == (other[k, j] > 0.0)
    return found


@inner
def _ways(matrix, weights, reaches, to, source):  # type: ignore[no-untyped-def]
    """Mark the places from which drug reaches the drive; write where it goes to and from there.

    Returns how many ways it goes.
    """
    size = matrix.shape[0]
    for k in range(size):
        reaches[k] = weights[k] > 0.0
    more = True
    while more:
        more = False
        for k in range(size):
            if reaches[k]:
                for j in range(size):
                    if not reaches[j] and matrix[k, j] > 0.0:
                        reaches[j], more = True, True
    found = 0
    for k in range(size):
        if reaches[k]:
            for j in range(size):
                if j != k and matrix[k, j] > 0.0:
                    to[found], source[found] = k, j
                    found += 1
    return found


@inner
def _drained(matrix, leak, weights, where, a, area):  # type: ignore[no-untyped-def]
    """Write the area under the drive that one mg in each state will make, by elimination.

    Drug reaches the drive from the places `where`.
    """
    reaching = where.shape[0]
    scale = 0.0
    area[:] = 0.0
    for i in range(reaching):
        area[where[i]] = weights[where[i]]
        for j in range(reaching):
            a[i, j] = -matrix[where[j], where[i]]
        a[i, i] += leak
        scale = max(scale, abs(a[i, i]))
    for k in range(reaching):
        if not a[k, k] > scale * reaching * EPS:  # drug that reaches the drive never leaves
            for i in where:
                area[i] = np.inf
            return
        for i in range(k + 1, reaching):
            if a[i, k] != 0.0:
                factor = a[i, k] / a[k, k]
                for j in range(k, reaching):
                    a[i, j] -= factor * a[k, j]
                area[where[i]] -= factor * area[where[k]]
    for k in range(reaching - 1, -1, -1):
        here = where[k]
        for j in range(k + 1, reaching):
            area[here] -= a[k, j] * area[where[j]]
        area[here] = max(area[here] / a[k, k], 0.0)


@inner
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
    matrix, weights, c50, entered, states, lasting_h, acting_first, acting, amounts,
    rise_h, peak, bound,
):  # fmt: skip
    """Halve rise_h (patients,) until no dose lifts the drive too far; write peak and bound.

    matrix (patients, m, m); weights and bound (patients, m); pushes with amounts (pushes,
    patients), lasting_h AT_ONCE for a bolus; `entered` and `acting` as in `_largest`.
    """
    size = weights.shape[1]
    inflow, at_once, together = np.zeros(size), np.zeros(size), np.zeros(size)
    flowing, now = np.zeros(size), np.zeros(size)
    moved, into, area = np.zeros(size), np.zeros(size), np.zeros(size)
    rate, rises = np.zeros(size * size), np.zeros(size + 3)
    to, source = np.zeros(size * size, dtype=np.int64), np.zeros(size * size, dtype=np.int64)
    reaches, a = np.zeros(size, dtype=np.bool_), np.zeros((size, size))
    places = np.zeros(size, dtype=np.int64)
    where, ways = places[:0], 0
    for i in range(matrix.shape[0]):
        mine, seen = matrix[i], weights[i]
        _largest(
            entered, states, lasting_h, acting_first, acting, amounts, i, flowing, now, inflow,
            at_once, together,
        )  # fmt: skip
        if i == 0 or not _alike(mine, seen, matrix[i - 1], weights[i - 1]):
            ways = _ways(mine, seen, reaches, to, source)
            reaching = 0
            for k in range(size):
                if reaches[k]:
                    places[reaching] = k
                    reaching += 1
            where = places[:reaching]
        for n in range(ways):
            rate[n] = mine[to[n], source[n]]
        rises[:] = 0.0
        _series(ways, to, source, rate, where, seen, at_once, moved, into, 0, rises)
        _series(ways, to, source, rate, where, seen, inflow, moved, into, 1, rises)
        while _rise(rises, rise_h[i]) > RISE_FIRST * c50[i]:
            rise_h[i] /= 2.0
        _drained(mine, LEAK_PER_H, seen, where, a, area)
        factor = _factor(area, seen)
        peak[i] = 0.0
        for k in where:
            if inflow[k] > 0.0:
                peak[i] += area[k] * inflow[k]
            if together[k] > 0.0:
                peak[i] += area[k] * factor * together[k]
        _drained(mine, 0.0, seen, where, a, area)
        factor = _factor(area, seen)
        for k in range(size):
            bound[i, k] = area[k] * factor

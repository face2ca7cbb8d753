"""Least squares under linear limits, for the few rates of a schedule.

The dual method of Goldfarb and Idnani (Math Program 1983;27:1): it starts at the free optimum and
takes in the limit that is passed most, one at a time, so every point on its way is optimal for
the limits taken in. With some ten unknowns each step is a small dense solve.
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.exact import Array

TIGHT = 1e-10  # of the largest bound: how far a limit may be passed by rounding
DEPENDENT = 1e-9  # a limit whose direction the active ones span to this share adds none
MOST_TURNS = 500


def minimise(square: Array, linear: Array, limits: Array, bounds: Array) -> Array | None:
    """Return x (n,) that makes x.square.x - 2 linear.x least while limits x <= bounds.

    square (n, n) positive definite; limits (k, n); bounds (k,). None when no x keeps the limits,
    or `square` is singular to rounding.
    """
    try:
        inverse = np.asarray(np.linalg.inv(square), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    x: Array = inverse @ linear
    if not np.isfinite(x).all():
        return None
    slack = TIGHT * float(np.abs(bounds).max(initial=1.0))
    active: list[int] = []
    force = np.zeros(0)
    for _ in range(MOST_TURNS):
        passed = limits @ x - bounds
        worst = int(np.argmax(passed))
        if not passed[worst] > slack:
            return x
        try:
            found = _take_in(inverse, limits, x, active, force, (worst, float(passed[worst])))
        except np.linalg.LinAlgError:
            return None
        if found is None:
            return None
        x, active, force = found
    return None


def _take_in(
    inverse: Array,
    limits: Array,
    x: Array,
    active: list[int],
    force: Array,
    worst: tuple[int, float],
) -> tuple[Array, list[int], Array] | None:
    """Return x, the active limits and their forces once the worst limit holds; None if it can't."""
    place, over = worst
    normal, own = -limits[place], 0.0
    while True:
        held = -limits[active].T
        direction = inverse @ normal
        if active:
            share = np.linalg.solve(held.T @ inverse @ held, held.T @ direction)
            direction = direction - inverse @ held @ share
        else:
            share = np.zeros(0)
        curve = float(normal @ direction)
        free = curve > DEPENDENT * float(normal @ inverse @ normal)
        far = over / curve if free else np.inf
        pressing = [k for k in range(len(active)) if share[k] > 0.0]
        near = min((float(force[k] / share[k]) for k in pressing), default=np.inf)
        step = min(far, near)
        if not step < np.inf:
            return None
        if free:
            x = x + step * direction
            over -= step * curve
        force = force - step * share
        own += step
        if far <= near:
            return x, [*active, place], np.append(force, own)
        drop = min(pressing, key=lambda k: float(force[k] / share[k]) if share[k] else np.inf)
        active = [one for k, one in enumerate(active) if k != drop]
        force = np.delete(force, drop)

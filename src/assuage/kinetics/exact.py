"""The exact solution of a linear compartment system between dose events.

x' = A x + u, with u constant between events, so over a step h

    x(t + h) = Phi x(t) + Gamma u,    Phi = exp(A h),    Gamma = integral of exp(A s) over the step

and both come from one exponential of the matrix [[A, B], [0, 0]].

A compartment matrix has no negative entry off its diagonal. Shifting by its largest rate leaves
only non-negative numbers, so the Taylor sum and the squarings never subtract: every entry of
the exponential, however small, keeps its relative accuracy (Xue and Ye, Math Comp 2013;82:1577).
Equal rate constants need no special case, since nothing is diagonalised.

Times are in h, amounts in mg. The first axis is always patients. Output is right-continuous: at
the time of a bolus it includes the bolus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TAYLOR_TERMS = 26
TIME_DECIMALS = 12  # steps that agree to 1e-12 h share one exponential


@dataclass(frozen=True)
class Push:
    """Drug entering one state: at once, or at a constant rate until `end_h`.

    `amount_mg` has shape (patients,); with `end_h` it is spread evenly from start to end.
    """

    state: int
    start_h: float
    amount_mg: Array
    end_h: float | None = None


def transition(matrix: Array, step_h: float) -> Array:
    """Return exp(matrix * step_h) for matrices that are non-negative off the diagonal.

    Shape (patients, m, m) in and out. Raises ValueError when an entry off the diagonal is
    negative, anything is not finite, or the step is negative.
    """
    size = matrix.shape[-1]
    eye = np.eye(size)
    off_diagonal = matrix * (1.0 - eye)
    if not (np.isfinite(matrix).all() and (off_diagonal >= 0.0).all() and step_h >= 0.0):
        raise ValueError("not a compartment matrix, or a negative step")
    shift = -np.minimum(np.diagonal(matrix, axis1=-2, axis2=-1).min(axis=-1), 0.0)
    # Each matrix has its own scaling: its answer is the same whatever the others hold.
    squarings = np.ceil(np.log2(np.maximum(shift * step_h, 1.0)))
    scale = step_h / 2.0**squarings
    positive = (matrix + shift[:, None, None] * eye) * scale[:, None, None]
    total = np.broadcast_to(eye, matrix.shape).copy()
    for term in range(TAYLOR_TERMS, 0, -1):
        total = eye + (positive @ total) / term
    total *= np.exp(-shift * scale)[:, None, None]
    for done in range(int(squarings.max(initial=0.0))):
        left = squarings > done
        total[left] = total[left] @ total[left]
    return total


def _steps(matrix: Array, targets: Sequence[int]) -> Callable[[float], tuple[Array, Array]]:
    """Return a function of the step that gives (Phi, Gamma restricted to the targets), kept."""
    patients, size, _ = matrix.shape
    joined = np.zeros((patients, size + len(targets), size + len(targets)))
    joined[:, :size, :size] = matrix
    for column, state in enumerate(targets):
        joined[:, state, size + column] = 1.0
    known: dict[float, tuple[Array, Array]] = {}

    def step(step_h: float) -> tuple[Array, Array]:
        key = round(step_h, TIME_DECIMALS)
        if key not in known:
            full = transition(joined, step_h)
            known[key] = (
                np.ascontiguousarray(full[:, :size, :size]),
                np.ascontiguousarray(full[:, :size, size:]),
            )
        return known[key]

    return step


def solve(
    matrix: Array | Callable[[float, float], Array],
    pushes: Sequence[Push],
    times_h: Array,
    weights: Array,
    *,
    hold_h: float | None = None,
    initial: Array | None = None,
) -> Array:
    """Solve and return the outputs at the times asked for.

    matrix   (patients, m, m) in 1/h; or, for time-varying clearance, a function of a step's
             start and end that returns the one to hold over it, in steps of at most `hold_h`.
    times_h  (times,), rising, not negative.
    weights  (patients, outputs, m): an output is weights . state.
    initial  (patients, m) mg at time zero; an empty body when left out.
    Returns  (patients, times, outputs).

    Raises ValueError on times or pushes that are not finite, fall or start before zero, and on a
    push into a state that isn't there.
    """
    varying = callable(matrix)
    first = matrix(0.0, 0.0) if callable(matrix) else matrix
    patients, size, _ = first.shape
    check(pushes, times_h, size)
    targets = sorted({one.state for one in pushes if one.end_h is not None})
    grid = _grid(pushes, times_h, hold_h if varying else None)
    wanted = {float(time): place for place, time in enumerate(times_h)}
    out = np.zeros((patients, len(times_h), weights.shape[1]))
    state = np.zeros((patients, size, 1))
    if initial is not None:
        state[..., 0] = initial
    step = None if varying else _steps(first, targets)
    for place, time in enumerate(grid):
        for push in pushes:
            if push.end_h is None and push.start_h == time:
                state[:, push.state, 0] += push.amount_mg
        if time in wanted:
            out[:, wanted[time]] = (weights @ state)[..., 0]
        if place + 1 == len(grid):
            break
        span = grid[place + 1] - time
        middle = time + span / 2.0
        if callable(matrix):
            step = _steps(matrix(time, grid[place + 1]), targets)
        assert step is not None
        phi, gamma = step(span)
        state = phi @ state
        rates = _rates(pushes, targets, middle, patients)
        if rates is not None:
            state = state + gamma @ rates
    return out


def check(pushes: Sequence[Push], times_h: Array, states: int) -> None:
    """Raise ValueError when a time, an amount or one of so many states can't be used."""
    ends = [one.start_h for one in pushes]
    ends += [one.end_h for one in pushes if one.end_h is not None]
    if not (np.isfinite(times_h).all() and np.isfinite(ends).all()):
        raise ValueError("a time is not finite")
    if not (np.diff(times_h) > 0.0).all() or not min([*ends, *times_h[:1]], default=0.0) >= 0.0:
        raise ValueError("times must rise from zero or later")
    for one in pushes:
        if one.end_h is not None and not one.end_h > one.start_h:
            raise ValueError("an infusion must end after it starts")
        if not (np.isfinite(one.amount_mg).all() and (one.amount_mg >= 0.0).all()):
            raise ValueError("an amount is negative or not finite")
        if not 0 <= one.state < states:
            raise ValueError(f"drug enters state {one.state}, and there are {states}")


def _grid(pushes: Sequence[Push], times_h: Array, hold_h: float | None) -> list[float]:
    edges = {0.0, *(float(t) for t in times_h), *(one.start_h for one in pushes)}
    edges |= {one.end_h for one in pushes if one.end_h is not None}
    last = float(times_h[-1]) if len(times_h) else 0.0
    grid = sorted(edge for edge in edges if edge <= last)
    if hold_h is None:
        return grid
    fine: list[float] = []
    for start, end in pairwise(grid):
        pieces = max(1, int(np.ceil((end - start) / hold_h - 1e-9)))
        fine += [start + (end - start) * k / pieces for k in range(pieces)]
    return [*fine, grid[-1]]


def _rates(
    pushes: Sequence[Push], targets: Sequence[int], time_h: float, patients: int
) -> Array | None:
    """Return (patients, targets, 1) mg/h flowing at a time, or None when nothing flows."""
    rates = np.zeros((patients, len(targets), 1))
    flowing = False
    for one in pushes:
        if one.end_h is not None and one.start_h <= time_h < one.end_h:
            flowing = True
            rates[:, targets.index(one.state), 0] += one.amount_mg / (one.end_h - one.start_h)
    return rates if flowing else None

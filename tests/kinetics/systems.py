"""Random compartment systems, and DOP853 as their judge: nothing here comes from the engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

RTOL = 1e-13
FLOOR = 1e-6  # errors are relative to the value, or to this share of its own peak


@dataclass(frozen=True)
class Case:
    """matrix (n, m, m) 1/h; pushes (place, start, mg (n,), end or None); weights (n, k, m)."""

    matrix: np.ndarray
    pushes: list[tuple[int, float, np.ndarray, float | None]]
    times: np.ndarray
    weights: np.ndarray


def flow(matrix: np.ndarray, start: int, end: int, rate: np.ndarray) -> None:
    """Let drug flow from one place to another, or out of the body with end = -1."""
    matrix[:, start, start] -= rate
    if end >= 0:
        matrix[:, end, start] += rate


def chain(rates: np.ndarray, hand: np.ndarray) -> np.ndarray:
    """Return (n, m, m): a chain of places, one after the other, with these (n, m) rates.

    `hand` (n, m) is what each place loses to the next; the rest of its rate leaves the body.
    """
    n, m = rates.shape
    matrix = np.zeros((n, m, m))
    for place in range(m):
        matrix[:, place, place] = -rates[:, place]
        if place + 1 < m:
            matrix[:, place + 1, place] = hand[:, place] * rates[:, place]
    return matrix


def random_case(seed: int, patients: int = 3) -> Case:
    """Draw a parent of one to four places, then places downstream, some rates the very same."""
    rng = np.random.default_rng(seed)
    parents, after = int(rng.integers(1, 5)), int(rng.integers(0, 5))
    size = parents + after
    matrix = np.zeros((patients, size, size))

    def draw() -> np.ndarray:
        return 10.0 ** rng.uniform(-2.0, 2.0, patients)

    for place in range(1, parents):
        other = 0 if rng.random() < 0.7 else int(rng.integers(0, place))
        flow(matrix, other, place, draw())
        flow(matrix, place, other, draw())
    out = draw()
    flow(matrix, 0, -1 if after == 0 else parents, out)
    for place in range(parents, size):
        same = rng.random() < 0.4
        near = rng.random() < 0.4
        rate = out if same else draw()
        if near:
            rate = out * (1.0 + 10.0 ** rng.uniform(-15.0, -2.0))
        flow(matrix, place, place + 1 if place + 1 < size else -1, rate)
        if rng.random() < 0.3:
            flow(matrix, place, -1, draw())
    end = float(rng.uniform(2.0, 12.0))
    pushes = []
    for _ in range(int(rng.integers(1, 4))):
        start = float(rng.choice([0.0, 0.5, rng.uniform(0.0, end / 2.0)]))
        amount = rng.uniform(1.0, 100.0, patients)
        lasts = float(rng.choice([0.5, rng.uniform(0.05, 3.0)]))
        until = None if rng.random() < 0.4 else start + lasts
        pushes.append((int(rng.choice([0, 0, rng.integers(0, size)])), start, amount, until))
    kind = rng.integers(0, 3)
    times = [
        np.arange(0.0, end, end / 150.0),
        np.unique(rng.uniform(0.0, end, 9)),
        np.unique(np.concatenate([np.linspace(0.5, end, 40), [0.0, 0.1]])),
    ][kind]
    outputs = int(rng.integers(1, 3))
    weights = rng.uniform(0.01, 1.0, (patients, outputs, size))
    weights *= rng.random((1, outputs, size)) < (0.5 if after else 1.0)
    if rng.random() < 0.3:
        weights[:, 0, parents:] = 0.0
    return Case(matrix, pushes, times, weights)


def judge(case: Case) -> np.ndarray:
    """Integrate each patient with DOP853; return (n, k, times)."""
    n, m, _ = case.matrix.shape
    out = np.zeros((n, case.weights.shape[1], len(case.times)))
    edges = {0.0, *case.times, *(one[1] for one in case.pushes)}
    edges |= {one[3] for one in case.pushes if one[3] is not None}
    grid = sorted(edge for edge in edges if edge <= case.times[-1])
    for k in range(n):
        state, states = np.zeros(m), {}
        atol = 1e-20 * sum(one[2][k] for one in case.pushes)
        for place, time in enumerate(grid):
            for target, start, amount, end in case.pushes:
                if end is None and start == time:
                    state[target] += amount[k]
            states[time] = state.copy()
            if place + 1 == len(grid):
                break
            feed = np.zeros(m)
            for target, start, amount, end in case.pushes:
                if end is not None and start <= time < end:
                    feed[target] += amount[k] / (end - start)
            if state.any() or feed.any():
                state = _integrate(case.matrix[k], feed, time, grid[place + 1], state, atol)
        path = np.array([states[float(time)] for time in case.times])
        out[k] = case.weights[k] @ path.T
    return out


def _integrate(matrix, feed, start, end, state, atol):  # type: ignore[no-untyped-def]
    loss, gain = -np.diagonal(matrix), matrix - np.diag(np.diagonal(matrix))

    def slopes(_: float, x: np.ndarray) -> np.ndarray:
        return gain @ x - loss * x + feed

    with np.errstate(invalid="ignore"):  # an error estimate of 0 / 0 when nothing is left
        solved = solve_ivp(slopes, (start, end), state, "DOP853", rtol=RTOL, atol=atol)
    assert solved.success, solved.message
    return solved.y[:, -1]


def worst_error(found: np.ndarray, wanted: np.ndarray, least: float = 0.0) -> float:
    """Return the largest of |x - ref| / max(|ref|, 1e-6 of that output's peak, least)."""
    scale = np.maximum(np.abs(wanted), FLOOR * np.abs(wanted).max(axis=-1, keepdims=True))
    gap, scale = np.abs(found - wanted), np.maximum(scale, least)
    return float(np.divide(gap, scale, out=np.zeros_like(gap), where=gap > 0.0).max(initial=0.0))


def trace(case: Case) -> float:
    """Return a level that no longer counts: 1e-8 of every dose at once in the heaviest output.

    Below it the judge itself is off by more than 1e-9: it has multiplied its error many times.
    """
    doses = sum(one[2].max() for one in case.pushes)
    return float(1e-8 * doses * case.weights.max())

"""Bodies to aim at, drawn at random, and an exact look at what rates do to them.

The look is `exact.solve` on its own grid: it shares no table with the algorithm.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics import exact
from assuage.kinetics.exact import Array, Push
from assuage.kinetics.targeting import Plant, plant_of

STEP_H = 10.0 / 3600.0


def body(seed: int, patients: int = 1) -> tuple[Array, Array, Array, Array]:
    """Return matrix, entry, site and plasma rows: three compartments and an effect site."""
    rng = np.random.default_rng(seed)
    volume = rng.uniform(2.0, 20.0, patients)
    out, fast, slow = (rng.uniform(low, high, patients) for low, high in BETWEEN)
    fast_back, slow_back = rng.uniform(5.0, 20.0, patients), rng.uniform(0.3, 1.5, patients)
    delay = rng.uniform(4.0, 30.0, patients)
    matrix = np.zeros((patients, 4, 4))
    matrix[:, 0, 0] = -(out + fast + slow)
    matrix[:, 1, 0], matrix[:, 0, 1], matrix[:, 1, 1] = fast, fast_back, -fast_back
    matrix[:, 2, 0], matrix[:, 0, 2], matrix[:, 2, 2] = slow, slow_back, -slow_back
    matrix[:, 3, 0], matrix[:, 3, 3] = delay / volume, -delay
    entry, site, plasma = (np.zeros((patients, 4)) for _ in range(3))
    entry[:, 0], site[:, 3], plasma[:, 0] = 1.0, 1.0, 1.0 / volume
    return matrix, entry, site, plasma


BETWEEN = ((2.0, 25.0), (2.0, 35.0), (2.0, 35.0))  # 1/h: out, to the fast and the slow place


def plant(
    seed: int, patients: int = 1, step_h: float = STEP_H, *, at_plasma: bool = False
) -> Plant:
    matrix, entry, site, plasma = body(seed, patients)
    return plant_of(matrix, entry, plasma if at_plasma else site, plasma, step_h)


def looked_at(
    seed: int, rates_mg_per_h: Array, every_h: float, patients: int = 1
) -> tuple[Array, Array]:
    """Return the site's and the plasma's level (times,) every so often, first after one look."""
    matrix, _, site, plasma = body(seed, patients)
    edges = [0, *(np.flatnonzero(np.diff(rates_mg_per_h)) + 1).tolist(), len(rates_mg_per_h)]
    pushes = [
        Push(0, a * STEP_H, np.full(patients, rates_mg_per_h[a] * (b - a) * STEP_H), b * STEP_H)
        for a, b in pairwise(edges)
        if rates_mg_per_h[a] > 0.0
    ]
    looks = round(len(rates_mg_per_h) * STEP_H / every_h)
    times = np.arange(1, looks + 1) * every_h
    found = exact.solve(matrix, pushes, times, np.stack([site, plasma], axis=1))
    return found[0, :, 0], found[0, :, 1]


def reversals(rates: NDArray[np.int64]) -> int:
    """Return how often a rate that went one way by more than a pump step turns back."""
    moves = np.diff(rates)
    signs = np.sign(moves[np.abs(moves) > 1])
    return int((signs[1:] != signs[:-1]).sum())

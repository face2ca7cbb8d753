"""What a pump acts on: a compartment system seen from one step of the pump to the next.

The system is linear, so over one step of constant rate u its state x becomes Phi x + Gamma u,
exactly. `site` and `plasma` read the level where the drug acts and the level in plasma off x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array, transition

Whole = NDArray[np.int64]

FINE = 10  # looks at the level inside each step of the pump


@dataclass(frozen=True)
class Pump:
    """A pump in whole steps of its rate, with the drug that one step carries.

    most  (patients,) steps, the highest that any limit allows; least: 0 or at least this runs.
    """

    quantum_mg_per_h: float
    most: Whole
    least: int


@dataclass(frozen=True)
class Plant:
    """Patients (n), states (m), one step of the pump and a tenth of it; times in h, mg, mg/L.

    phi, fine_phi      (n, m, m)
    gamma, fine_gamma  (n, m): state after one step at 1 mg/h, from an empty body
    site, plasma       (n, m): mg/L for each mg in a state
    """

    step_h: float
    phi: Array
    gamma: Array
    fine_phi: Array
    fine_gamma: Array
    site: Array
    plasma: Array


@dataclass(frozen=True)
class Course:
    """What a pump did: whole steps of rate (n, steps), and whether each step held or sought."""

    rates: Whole
    holds: NDArray[np.bool_]


def plant_of(matrix: Array, entry: Array, site: Array, plasma: Array, step_h: float) -> Plant:
    """Return the plant of a rate matrix (n, m, m) in 1/h for a step of the pump.

    `entry` (n, m) says what share of each mg goes into each state; `site` and `plasma` (n, m)
    read the levels. Raises ValueError on a matrix that isn't a compartment system, a share or a
    weight that is negative or not finite, or a step that isn't above zero.
    """
    parts = (entry, site, plasma)
    if not all(np.isfinite(one).all() and (one >= 0.0).all() for one in parts):
        raise ValueError("a share or a weight is negative or not finite")
    if not (0.0 < step_h < np.inf):
        raise ValueError("a step is a time above zero")
    phi, gamma = _step(matrix, entry, step_h)
    fine_phi, fine_gamma = _step(matrix, entry, step_h / FINE)
    return Plant(step_h, phi, gamma, fine_phi, fine_gamma, site.copy(), plasma.copy())


def _step(matrix: Array, entry: Array, step_h: float) -> tuple[Array, Array]:
    patients, size, _ = matrix.shape
    joined = np.zeros((patients, size + 1, size + 1))
    joined[:, :size, :size] = matrix
    joined[:, :size, size] = entry
    full = transition(joined, step_h)
    return np.ascontiguousarray(full[:, :size, :size]), np.ascontiguousarray(full[:, :size, size])


def simulate(plant: Plant, rates_mg_per_h: Array) -> tuple[Array, Array]:
    """Return the site's and the plasma's level (n, steps + 1) in mg/L, from an empty body.

    `rates_mg_per_h` is (steps,), the same for all, or (n, steps).
    """
    patients, size = plant.gamma.shape
    rates = np.broadcast_to(rates_mg_per_h, (patients, rates_mg_per_h.shape[-1]))
    levels = np.zeros((2, patients, rates.shape[1] + 1))
    state = np.zeros((patients, size))
    for place in range(rates.shape[1]):
        state = (plant.phi @ state[..., None])[..., 0] + plant.gamma * rates[:, place, None]
        levels[0, :, place + 1] = (state * plant.site).sum(axis=1)
        levels[1, :, place + 1] = (state * plant.plasma).sum(axis=1)
    return levels[0], levels[1]

"""References that owe nothing to the engine.

W1 and W2: one augmented matrix exponential (SciPy's Pade) for each step of the output grid.
W3: the effect site at ten Gauss points of every minute by the same means, and R by spectral
integration of the minute: R' = a - b R with a and b exact at the points.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.linalg import expm

import workloads as wl
from assuage.kinetics.exact import Array
from workloads import Workload

POINTS = 10
MINUTE_H = 1.0 / 60.0


def outputs(work: Workload, values: Mapping[str, Array], patients: int) -> Array:
    """Return (patients, outputs, times) for the first patients."""
    found = [_one(work, {name: one[n] for name, one in values.items()}) for n in range(patients)]
    return np.array(found)


def augmented(work: Workload, p: Mapping[str, float]) -> Array:
    """Return the matrix of the right-hand side, written out, with the inflow as last state."""
    size = 8 if work.site else 3
    a = np.zeros((size + 1, size + 1))
    k10 = p["CL"] / p["V1"]
    a[0, :3] = -(k10 + p["k12"] + p["k13"]), p["k21"], p["k31"]
    a[1, :2] = p["k12"], -p["k21"]
    a[2, [0, 2]] = p["k13"], -p["k31"]
    if work.site:
        a[3, [0, 3]] = p["share_formed"] * k10, -p["ktr"]
        a[4, [3, 4]] = p["ktr"], -p["ktr"]
        a[5, [4, 5, 6]] = p["ktr"], -(p["CLm"] + p["Qm"]) / p["Vm1"], p["Qm"] / p["Vm2"]
        a[6, [5, 6]] = p["Qm"] / p["Vm1"], -p["Qm"] / p["Vm2"]
        a[7, [0, 7]] = p["ke0"] / p["V1"], -p["ke0"]
    a[0, size] = 1.0
    return a


def _one(work: Workload, p: Mapping[str, float]) -> Array:
    a = augmented(work, p)
    if work.turnover:
        return _turnover(work, p, a)
    step_h = float(work.times_h[1])
    path = _states(work, a, step_h, len(work.times_h))
    ketamine = path[:, 0] / p["V1"]
    if not work.site:
        return ketamine[None]
    return np.array([ketamine, path[:, 5] * (223.7 / 237.7) / p["Vm1"], path[:, 7]])


def _rate(work: Workload, time_h: float) -> float:
    for one in work.doses:
        assert one.duration_h is not None
        if one.start_h <= time_h < one.start_h + one.duration_h:
            return one.amount_mg / one.duration_h
    return 0.0


def _states(work: Workload, a: Array, step_h: float, count: int) -> Array:
    """Return (count, states) on an even grid that every edge lies on."""
    once = expm(a * step_h)
    state = np.zeros(len(a))
    path = np.empty((count, len(a)))
    for place in range(count):
        state[-1] = _rate(work, (place + 0.5) * step_h)
        path[place] = state
        state = once @ state
    return path


def _turnover(work: Workload, p: Mapping[str, float], a: Array) -> Array:
    minutes = round(float(work.times_h[-1]) * 60.0)
    path = _states(work, a, MINUTE_H, minutes)
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    nodes, weights = (nodes + 1.0) / 2.0, weights / 2.0
    site = np.array([path @ expm(a * MINUTE_H * one)[7] for one in nodes])  # (points, minutes)
    loss = np.log(2.0) / (10.9 * 24.0)
    b = loss * (1.0 + 12.0 * site / (p["c50"] + site)) * MINUTE_H
    powers = np.arange(1, POINTS + 1)
    inner = (nodes[:, None] ** powers / powers) @ np.linalg.inv(nodes[:, None] ** (powers - 1))
    lost = inner @ b
    whole = weights @ b
    made = loss * 7.2 * MINUTE_H * (weights @ np.exp(lost - whole))
    kept = np.exp(-whole)
    level = np.empty(minutes + 1)
    level[0] = 7.2
    for place in range(minutes):
        level[place + 1] = kept[place] * level[place] + made[place]
    return level[None, :: round(60.0 * float(work.times_h[1]))]


def worst_error(found: Array, wanted: Array) -> float:
    """Return the largest |x - ref| / max(|ref|, 1e-4 Cmax), an output at a time."""
    floor = 1e-4 * np.abs(wanted).max(axis=2, keepdims=True)
    return float((np.abs(found - wanted) / np.maximum(np.abs(wanted), floor)).max())


def values_of(work: Workload, patients: int) -> dict[str, Array]:
    """Return the parameters of a workload's patients."""
    return wl.parameters(work, patients)

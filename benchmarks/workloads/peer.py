"""The peer: LSODA by numbalsoda, at its best.

The right-hand sides are written by hand for each workload and compiled to C functions; the loop
over patients is compiled too. Integration restarts at every edge of an infusion, so LSODA never
steps over one, and it returns its state at the wanted times from its own interpolant.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

import workloads as wl
from assuage.kinetics.exact import Array
from workloads import Workload

DISPOSITION = ("k12", "k21", "k13", "k31")


def installed() -> bool:
    """Whether the peer can be imported: it needs a Fortran compiler to build."""
    return importlib.util.find_spec("numbalsoda") is not None


def _parent(_t, u, du, p):  # type: ignore[no-untyped-def]
    du[0] = p[0] - (p[1] + p[2] + p[4]) * u[0] + p[3] * u[1] + p[5] * u[2]
    du[1] = p[2] * u[0] - p[3] * u[1]
    du[2] = p[4] * u[0] - p[5] * u[2]


def _metabolite(_t, u, du, p):  # type: ignore[no-untyped-def]
    du[0] = p[0] - (p[1] + p[2] + p[4]) * u[0] + p[3] * u[1] + p[5] * u[2]
    du[1] = p[2] * u[0] - p[3] * u[1]
    du[2] = p[4] * u[0] - p[5] * u[2]
    du[3] = p[6] * u[0] - p[7] * u[3]
    du[4] = p[7] * (u[3] - u[4])
    du[5] = p[7] * u[4] - (p[8] + p[9]) * u[5] + p[10] * u[6]
    du[6] = p[9] * u[5] - p[10] * u[6]
    du[7] = p[11] * (u[0] * p[12] - u[7])


def _turnover(_t, u, du, p):  # type: ignore[no-untyped-def]
    du[0] = p[0] - (p[1] + p[2] + p[4]) * u[0] + p[3] * u[1] + p[5] * u[2]
    du[1] = p[2] * u[0] - p[3] * u[1]
    du[2] = p[4] * u[0] - p[5] * u[2]
    du[3] = p[6] * u[0] - p[7] * u[3]
    du[4] = p[7] * (u[3] - u[4])
    du[5] = p[7] * u[4] - (p[8] + p[9]) * u[5] + p[10] * u[6]
    du[6] = p[9] * u[5] - p[10] * u[6]
    du[7] = p[11] * (u[0] * p[12] - u[7])
    du[8] = p[13] - p[14] * (1.0 + p[15] * u[7] / (p[16] + u[7])) * u[8]


def _solve(lsoda, function, rates, kept, times, start, data, picks, rtol, atol):  # type: ignore[no-untyped-def]
    patients = data.shape[0]
    out = np.zeros((patients, len(picks), kept[-1]))
    failed = 0
    for one in range(patients):
        state = start[one].copy()
        given = data[one].copy()
        for k in range(len(picks)):
            if times[0][0] == 0.0:
                out[one, k, 0] = state[picks[k]]
        for piece in range(len(rates)):
            given[0] = rates[piece]
            path, fine = lsoda(function, state, times[piece], given, rtol, atol)
            if not fine:
                failed += 1
            first = kept[piece]
            for place in range(kept[piece + 1] - first):
                for k in range(len(picks)):
                    out[one, k, first + place] = path[place + 1, picks[k]]
            state = path[-1].copy()
    return out, failed


@dataclass(frozen=True)
class Peer:
    """One workload compiled for LSODA; `run` takes its patients and two tolerances."""

    run: Callable[[Array, Array, float, float], tuple[Array, int]]
    table: Callable[[Mapping[str, Array]], tuple[Array, Array]]


def pieces(work: Workload) -> tuple[list[float], list[Array], list[int]]:
    """Return, between edges: the rate (mg/h), the times asked for, and where outputs start."""
    edges = {0.0, float(work.times_h[-1])}
    for dose in work.doses:
        assert dose.duration_h is not None
        edges |= {dose.start_h, dose.start_h + dose.duration_h}
    rates, times, kept = [], [], [1]  # the output at time zero is the start
    for start, end in pairwise(sorted(edges)):
        middle = (start + end) / 2.0
        rates.append(
            sum(
                one.amount_mg / one.duration_h
                for one in work.doses
                if one.duration_h and one.start_h <= middle < one.start_h + one.duration_h
            )
        )
        inside = work.times_h[(work.times_h > start) & (work.times_h <= end)]
        kept.append(kept[-1] + len(inside))
        last = [] if len(inside) and inside[-1] == end else [end]
        times.append(np.array([start, *inside, *last]))
    return rates, times, kept


def compiled(work: Workload) -> Peer:
    """Compile a workload for the peer."""
    numba: Any = importlib.import_module("numba")
    peer: Any = importlib.import_module("numbalsoda")
    rhs = _turnover if work.turnover else _metabolite if work.site else _parent
    address = numba.cfunc(peer.lsoda_sig)(rhs).address
    solve = numba.njit(_solve)
    rates, times, kept = pieces(work)
    picks = np.array([8] if work.turnover else [0, 5, 7] if work.site else [0])
    listed = numba.typed.List(times)
    arguments = (np.array(rates), np.array(kept), listed)

    def run(start: Array, data: Array, rtol: float, atol: float) -> tuple[Array, int]:
        found, failed = solve(peer.lsoda, address, *arguments, start, data, picks, rtol, atol)
        return found, int(failed)

    return Peer(run, lambda values: table(work, values))


def table(work: Workload, values: Mapping[str, Array]) -> tuple[Array, Array]:
    """Return the states at the start and the right-hand side's numbers, a row for a patient."""
    k10 = values["CL"] / values["V1"]
    zero = np.zeros_like(k10)
    columns = [zero, k10, *(values[name] for name in DISPOSITION)]
    states = [zero] * 3
    if work.site:
        columns += [
            values["k_formed"],
            values["ktr"],
            values["CLm"] / values["Vm1"],
            values["Qm"] / values["Vm1"],
            values["Qm"] / values["Vm2"],
            values["ke0"],
            1.0 / values["V1"],
        ]
        states = [zero] * 8
    if work.turnover:
        slow = wl.rates(values)
        columns += [slow.gain, slow.loss_per_h, slow.loss_change, slow.c50]
        states.append(slow.baseline)
    return np.column_stack(states), np.column_stack(columns)


def outputs(work: Workload, values: Mapping[str, Array], found: Array) -> Array:
    """Turn the peer's states into the workload's outputs, (patients, outputs, times)."""
    if work.turnover:
        return found
    scaled = found.copy()
    scaled[:, 0] /= values["V1"][:, None]
    if work.site:
        scaled[:, 1] *= (values["mass_ratio"] / values["Vm1"])[:, None]
    return scaled

"""The most probable random effects of many patients at once: damped Gauss-Newton, then Newton.

Effects are standardised: z is normal with mean 0 and SD 1 before any data, so the objective is

    objective(z) = 2 sum(cost of each measurement) + z . z        (-2 log posterior)

Each round evaluates every unfinished patient and its forward differences in one call, takes the
Newton step with the curvature of the costs in place of the whole Hessian, and keeps it only
where the objective fell. Data far from the model bend that curvature away from the Hessian; a
patient who is not done after QUICK_ROUNDS goes on with the whole Hessian, by second differences.
Rounds end where another step could gain less than GAIN; a patient who doesn't get there is
reported and never returned as found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array
from assuage.kinetics.individual.readings import Readings, costs, slopes
from assuage.kinetics.points import has_kernels

Places = NDArray[np.intp]
Forward = Callable[[Array, Places], Array]  # z (sets, effects), patient (sets,) -> (sets, readings)

GAIN = 1e-9  # what a further step may still gain, of an objective of one or of a larger one's size
STALLED = 1e-6  # the same, where rounding lets no step gain any more
QUICK_ROUNDS = 16  # by the curvature of the costs
MOST_ROUNDS = 60  # by the whole Hessian, for those whom that was too slow for
NUDGE = 1e-5  # of the forward differences, in prior SDs
BEND = 1e-3  # of the second differences of the Hessian, in prior SDs
LONGEST_STEP = 4.0  # prior SDs that one round may move
FLATTEST = 1e-3  # curvature that a Newton step is taken with at least, in units of the prior's
SHORTEST = 1e-9  # share of a step; rounding lets nothing shorter be told from none


@dataclass(frozen=True)
class Mode:
    """The maximum a posteriori of each patient.

    z (patients, effects); objective (patients,); information (patients, effects, effects), the
    curvature that steps were taken with; gain (patients,), what one more would still gain. `found`
    (patients,) is false where no optimum was reached.
    """

    z: Array
    objective: Array
    information: Array
    gain: Array
    rounds: NDArray[np.int64]
    found: NDArray[np.bool_]


def objective(
    forward: Forward, readings: Readings, z: Array, patient: Places, *, kernels: bool | None = None
) -> Array:
    """Return -2 log posterior, up to a constant, of each set of effects: (sets,)."""
    predicted = forward(z, patient)
    if has_kernels() if kernels is None else kernels:
        from assuage.kinetics.kernels import posterior

        cost = np.empty(len(z))
        posterior.cost_sums(predicted, patient, *readings.columns(), cost)
    else:
        cost = costs(readings.of(patient), predicted).sum(axis=1)
    return np.asarray(2.0 * cost + np.einsum("se,se->s", z, z))


def find(
    forward: Forward, readings: Readings, effects: int, *, kernels: bool | None = None
) -> Mode:
    """Find each patient's mode, from the prior's. Patients don't touch each other."""
    if kernels is None:
        kernels = has_kernels()
    patients = len(readings.value)
    z = np.zeros((patients, effects))
    best = np.full(patients, np.inf)
    gradient = np.zeros((patients, effects))
    information = np.zeros((patients, effects, effects))
    damping = np.zeros(patients)
    gain = np.full(patients, np.inf)
    rounds = np.zeros(patients, dtype=np.int64)
    found = np.zeros(patients, dtype=bool)
    active = np.arange(patients)
    trial = z.copy()
    for _ in range(QUICK_ROUNDS):
        value, slope, bend = _scored(forward, readings, trial, active, kernels)
        better = value <= best[active]
        took, kept = active[better], ~better
        z[took], best[took] = trial[better], value[better]
        gradient[took], information[took] = slope[better], bend[better]
        damping[took] = np.where(damping[took] > 1e-3, damping[took] * 0.1, 0.0)
        damping[active[kept]] = np.maximum(damping[active[kept]] * 10.0, 0.1)
        rounds[active] += 1
        at = gradient[active], information[active], damping[active]
        step, gain[active] = _step(*at, kernels)
        done = gain[active] <= GAIN * _size(best[active])
        found[active[done]] = np.isfinite(best[active[done]])
        active, trial = active[~done], z[active[~done]] + step[~done]
        if not len(active):
            break
    mode = Mode(z, best, information, gain, rounds, found)
    _newton(forward, readings, mode, active[np.isfinite(best[active])], kernels)
    return mode


def _newton(
    forward: Forward, readings: Readings, mode: Mode, active: Places, kernels: bool
) -> None:
    """Finish some patients by Newton steps with the whole Hessian, halved where they overshoot."""
    if not len(active):
        return
    state = _scored(forward, readings, mode.z[active], active, kernels)
    value, gradient = state[0].copy(), state[1].copy()
    step, gain = _whole_step(forward, readings, mode.z[active], gradient, active, kernels)
    share = np.ones(len(active))
    for _ in range(MOST_ROUNDS):
        mode.gain[active] = gain
        stuck = share < SHORTEST
        size = _size(value)
        done = (gain <= GAIN * size) | (stuck & (gain <= STALLED * size))
        mode.found[active[done]] = True
        left = ~done & ~stuck
        active, value, gradient = active[left], value[left], gradient[left]
        step, gain, share = step[left], gain[left], share[left]
        if not len(active):
            return
        trial = mode.z[active] + share[:, None] * step
        found = _scored(forward, readings, trial, active, kernels)
        mode.rounds[active] += 1
        better = found[0] < value
        share = np.where(better, 1.0, 0.5 * share)
        took = active[better]
        mode.z[took], mode.objective[took] = trial[better], found[0][better]
        mode.information[took] = found[2][better]
        value[better], gradient[better] = found[0][better], found[1][better]
        if len(took):
            at = mode.z[took], gradient[better], took
            step[better], gain[better] = _whole_step(forward, readings, *at, kernels)


def _size(value: Array) -> Array:
    """Return how large an objective is, where it counts: one, or itself when it's larger."""
    return np.where(np.isfinite(value), np.maximum(np.abs(value), 1.0), 1.0)


def _whole_step(
    forward: Forward,
    readings: Readings,
    z: Array,
    gradient: Array,
    active: Places,
    kernels: bool,
) -> tuple[Array, Array]:
    """Return each patient's Newton step, downhill in every direction, and what it should gain."""
    values, vectors = np.linalg.eigh(hessian(forward, readings, z, active, kernels))
    along = np.einsum("pij,pi->pj", vectors, gradient)
    turned = along / np.maximum(np.abs(values), FLATTEST)
    step = -np.einsum("pij,pj->pi", vectors, turned)
    length = np.sqrt((step**2).sum(axis=1, keepdims=True))
    shorter = np.minimum(1.0, LONGEST_STEP / np.maximum(length, LONGEST_STEP))
    return step * shorter, (along * turned).sum(axis=1)


def _scored(
    forward: Forward, readings: Readings, z: Array, active: Places, kernels: bool
) -> tuple[Array, Array, Array]:
    """Return the objective, half its gradient and half its curvature at z."""
    patients, effects = z.shape
    sets = np.repeat(z[:, None, :], effects + 1, axis=1)
    sets[:, 1:, :] += NUDGE * np.eye(effects)
    every = np.repeat(active, effects + 1)
    predicted = forward(sets.reshape(-1, effects), every).reshape(patients, effects + 1, -1)
    if kernels:
        from assuage.kinetics.kernels import posterior

        out = np.empty(patients), np.empty(z.shape), np.empty((*z.shape, effects))
        posterior.score(predicted, NUDGE, z, active, *readings.columns(), *out)
        return out
    cost, slope, weight = slopes(readings.of(active), predicted[:, 0])
    by_z = (predicted[:, 1:] - predicted[:, :1]) / NUDGE
    value = 2.0 * cost.sum(axis=1) + (z * z).sum(axis=1)
    gradient = (by_z @ slope[..., None])[..., 0] + z
    information = (by_z * weight[:, None, :]) @ by_z.transpose(0, 2, 1) + np.eye(effects)
    sound = np.asarray(
        np.isfinite(gradient).all(axis=1) & np.isfinite(information).all(axis=(1, 2))
    )
    return (
        np.where(sound & np.isfinite(value), value, np.inf),
        np.where(sound[:, None], gradient, 0.0),
        np.where(sound[:, None, None], information, np.eye(effects)),
    )


def _step(
    gradient: Array, information: Array, damping: Array, kernels: bool
) -> tuple[Array, Array]:
    """Return the damped step, and what an undamped one should gain: gradient . H**-1 . gradient."""
    if kernels:
        from assuage.kinetics.kernels import posterior

        out = np.empty(gradient.shape), np.empty(len(gradient))
        posterior.steps(gradient, information, damping, LONGEST_STEP, *out)
        return out
    effects = gradient.shape[1]
    whole = np.stack([information, information + damping[:, None, None] * np.eye(effects)])
    both = np.linalg.solve(whole, np.broadcast_to(gradient, whole.shape[:-1])[..., None])[..., 0]
    gain = (gradient * both[0]).sum(axis=1)
    length = np.sqrt((both[1] ** 2).sum(axis=1, keepdims=True))
    return -both[1] * np.minimum(1.0, LONGEST_STEP / np.maximum(length, 1e-300)), gain


def hessian(
    forward: Forward, readings: Readings, z: Array, patient: Places, kernels: bool | None = None
) -> Array:
    """Return (sets, effects, effects), the Hessian of half the objective at each z.

    By central second differences, with an error near BEND**2.
    """
    sets, effects = z.shape
    eye = np.eye(effects)
    pairs = [(i, j) for i in range(effects) for j in range(i)]
    moves = [np.zeros(effects), *(sign * one for one in eye for sign in (1.0, -1.0))]
    moves += [sign * (eye[i] + eye[j]) for i, j in pairs for sign in (1.0, -1.0)]
    flat = (z[:, None, :] + BEND * np.array(moves)).reshape(-1, effects)
    who = np.repeat(patient, len(moves))
    half = 0.5 * objective(forward, readings, flat, who, kernels=kernels).reshape(sets, -1)
    centre = half[:, :1]
    ends = half[:, 1 : 1 + 2 * effects].reshape(sets, effects, 2).sum(axis=2)
    both = half[:, 1 + 2 * effects :].reshape(sets, len(pairs), 2).sum(axis=2)
    found = np.zeros((sets, effects, effects))
    found[:, range(effects), range(effects)] = (ends - 2.0 * centre) / BEND**2
    for place, (i, j) in enumerate(pairs):
        mixed = both[:, place] - ends[:, i] - ends[:, j] + 2.0 * centre[:, 0]
        found[:, i, j] = found[:, j, i] = mixed / (2.0 * BEND**2)
    return found


def laplace(
    forward: Forward, readings: Readings, mode: Mode, *, kernels: bool | None = None
) -> tuple[Array, NDArray[np.bool_]]:
    """Return the covariance of z at the mode, and where the Hessian is positive definite.

    Where it isn't, the curvature of the steps stands in, and the patient is false.
    """
    patients, effects = mode.z.shape
    bend = hessian(forward, readings, mode.z, np.arange(patients), kernels)
    sound = np.isfinite(bend).all(axis=(1, 2)) & mode.found
    usable = np.where(sound[:, None, None], bend, np.eye(effects))
    sound &= np.linalg.eigvalsh(usable)[:, 0] > 0.0
    chosen = np.where(sound[:, None, None], usable, mode.information)
    return np.linalg.inv(chosen), sound

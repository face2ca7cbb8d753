"""Shafer and Gregg's algorithm: the rate now that brings the site to its target and not above.

Source: Shafer SL, Gregg KM. J Pharmacokinet Biopharm 1992;20:147. One step of unit rate, then
nothing, gives the response E_k; the state now gives the free course f_k. The site stays at or
below T for ever when u <= (T - f_k) / E_k for every k, so the rate is the least of these. After
its own peak every response falls: E' = ke0 (plasma - site), and plasma falls, so where E stands
still it turns down. Steps given earlier have their peaks behind them by then too. The horizon is
therefore the peak of E, found by walking to it.

Deadbeat control of an effect site rings: its rates alternate for ever. Once the site is at the
target the rate holds the plasma there instead, and a rate is kept for as long as the plasma it
leads to lies in a narrow band under the target.

Rates are whole pump steps, rounded down. This is the NumPy version, the kernels' oracle, and what
a few patients are worked out with.
"""

from __future__ import annotations

import importlib.util

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.targeting.plant import FINE, Course, Plant, Pump

AT_TARGET = 0.005  # the site counts as at the target within this share of it
KEPT = 0.005  # a rate is kept while it leads the plasma to no further below, or one pump step
SOON = 2  # steps ahead that a new holding rate may not pass the target
LATER = 12  # the same for a rate that brings back what has drifted just below the band
DUST = 1e-9  # of a pump step: what rounding down may take for whole
LONGEST_PEAK_H = 48.0  # a response that hasn't peaked by then isn't a target's
WORTH_COMPILING = 50  # patients


def run(plant: Plant, targets_mg_per_l: Array, pump: Pump, patient: int = 0) -> Course:
    """Return the course of one patient's pump: `rates` (1, steps).

    `targets_mg_per_l` is (steps,); a target of zero stops the pump. Raises ValueError on a
    target that is negative or not finite, a pump without a limit, or a site that never peaks.
    """
    check(targets_mg_per_l, pump)
    rates = np.zeros((1, len(targets_mg_per_l)), dtype=np.int64)
    holds = np.zeros(rates.shape, dtype=np.bool_)
    responses, free = horizon(plant, patient)
    held, held_free = _ahead(plant, patient)
    phi, gamma = plant.phi[patient], plant.gamma[patient]
    quantum, most = pump.quantum_mg_per_h, int(pump.most[patient])
    state = np.zeros(len(gamma))
    holding, rate, before = False, 0, -1.0
    for place, target in enumerate(targets_mg_per_l):
        if target != before:
            holding, before = False, float(target)
        off = abs(float(plant.site[patient] @ state) - target)
        if not holding and off <= AT_TARGET * target + quantum * responses[-1]:
            holding = True
        if holding:
            wanted = _held(target, held_free @ state, held * quantum, rate)
        else:
            wanted = _least(target, free @ state, responses) / quantum
        rate = _whole(wanted, most, pump.least)
        rates[0, place], holds[0, place] = rate, holding
        state = phi @ state + gamma * (rate * quantum)
    return Course(rates, holds)


def run_many(plant: Plant, targets_mg_per_l: Array, pump: Pump) -> Course:
    """Return the courses of all patients (n, steps): compiled when there are many of them.

    Raises ValueError as `run` does.
    """
    check(targets_mg_per_l, pump)
    patients = len(plant.gamma)
    if patients >= WORTH_COMPILING and importlib.util.find_spec("numba") is not None:
        from assuage.kinetics.kernels.targeting import run_all

        longest = int(LONGEST_PEAK_H / plant.step_h * FINE)
        rates = np.zeros((patients, len(targets_mg_per_l)), dtype=np.int64)
        holds = np.zeros(rates.shape, dtype=np.bool_)
        rules = np.array([pump.quantum_mg_per_h, AT_TARGET, KEPT, DUST])
        whole = np.array([FINE, SOON, LATER, longest, pump.least])
        targets = np.ascontiguousarray(targets_mg_per_l, dtype=np.float64)
        parts = (plant.phi, plant.gamma, plant.fine_phi, plant.fine_gamma)
        peaked = run_all(
            *parts, plant.site, plant.plasma, targets, pump.most, rules, whole, rates, holds
        )
        if not peaked:
            raise _no_peak()
        return Course(rates, holds)
    courses = [run(plant, targets_mg_per_l, pump, patient) for patient in range(patients)]
    return Course(
        np.concatenate([one.rates for one in courses]),
        np.concatenate([one.holds for one in courses]),
    )


def check(targets_mg_per_l: Array, pump: Pump) -> None:
    """Raise ValueError on a target or a pump that can't be worked with."""
    if not (np.isfinite(targets_mg_per_l).all() and (targets_mg_per_l >= 0.0).all()):
        raise ValueError("a target is negative or not finite")
    if not (0.0 < pump.quantum_mg_per_h < np.inf):
        raise ValueError("a pump's step carries an amount above zero")
    if not ((pump.most >= 0).all() and pump.least >= 0):
        raise ValueError("a pump's limits are whole steps from zero up")


def horizon(plant: Plant, patient: int) -> tuple[Array, Array]:
    """Return the response E (k,) to one step at 1 mg/h up to its peak, and the rows of f (k, m).

    Both look ten times in each step of the pump. Raises ValueError when there is no peak.
    """
    phi, gamma = plant.fine_phi[patient], plant.fine_gamma[patient]
    site = plant.site[patient]
    longest = int(LONGEST_PEAK_H / plant.step_h * FINE)
    state = np.zeros(len(gamma))
    row = site
    found: list[float] = []
    rows: list[Array] = []
    while len(found) < longest:
        state = phi @ state + (gamma if len(found) < FINE else 0.0)
        level = float(site @ state)
        if len(found) >= FINE and level < found[-1]:
            return np.array(found), np.array(rows)
        row = row @ phi
        found.append(level)
        rows.append(row)
    raise _no_peak()


def _no_peak() -> ValueError:
    return ValueError(f"the site's response has no peak within {LONGEST_PEAK_H:g} h")


def _ahead(plant: Plant, patient: int) -> tuple[Array, Array]:
    """Return the plasma's response to a rate that stays (LATER,), and its free rows (LATER, m)."""
    phi, gamma, row = plant.phi[patient], plant.gamma[patient], plant.plasma[patient]
    state = np.zeros(len(gamma))
    found, rows = [], []
    for _ in range(LATER):
        state = phi @ state + gamma
        row = row @ phi
        found.append(float(plant.plasma[patient] @ state))
        rows.append(row)
    return np.array(found), np.array(rows)


def _least(target: float, free: Array, response: Array) -> float:
    """Return the highest rate in mg/h that lets no later level pass the target."""
    able = response > 0.0
    return float(((target - free[able]) / response[able]).min(initial=np.inf))


def _held(target: float, free: Array, response: Array, rate: int) -> float:
    """Return the holding rate in pump steps: the same one while the plasma stays in the band.

    What has only just left the band at its lower end is brought back gently.
    """
    led, band = free[0] + response[0] * rate, KEPT * target + response[0]
    if rate > 0 and target - band <= led <= target:
        return rate
    drifted = rate > 0 and target - 2.0 * band <= led < target
    look = LATER if drifted else SOON
    return _least(target, free[:look], response[:look])


def _whole(wanted: float, most: int, least: int) -> int:
    """Return whole pump steps: rounded down, at most `most`, and none below `least`."""
    rate = most if wanted >= most else int(np.floor(wanted + DUST)) if wanted > 0.0 else 0
    return rate if rate >= least else 0

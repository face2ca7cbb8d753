"""Random turnovers, an independent judge of them, and how far the engine is from it.

The judge writes each type of indirect response as its own formula and the drug as flows. SciPy's
DOP853 integrates everything together and restarts at every edge of a dose. A case is a batch of
patients with one schedule, since a batch costs the judge hardly more than one patient; their
rates are drawn apart: kout from 0.001 to 10 per h, gamma from 0.5 to 5, c50 from a hundredth of
the level to ten times it, and a drive that is plasma, a metabolite or an effect site.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp

from assuage.kinetics.exact import Push
from assuage.kinetics.turnover import TurnoverRates

RTOL = 1e-12
ATOL = 1e-20
PATIENTS = 10
PLACES = ("central", "near", "far", "metabolite", "site")
FORMS = ("inhibits-gain", "inhibits-loss", "stimulates-gain", "stimulates-loss", "moves-both")


@dataclass(frozen=True)
class Case:
    """Patients (n,) by place: flows are (from, to, rate); `site` follows plasma."""

    flows: tuple[tuple[int, int, np.ndarray], ...]
    volume: np.ndarray
    ke0: np.ndarray
    drive: np.ndarray  # the place that drives, by patient
    doses: tuple[tuple[float, float, np.ndarray], ...]  # start, end (same: bolus), mg
    times: np.ndarray
    form: tuple[str, ...]
    kout: np.ndarray
    baseline: np.ndarray
    largest: np.ndarray
    both: np.ndarray  # (n, 2): changes of gain and of loss
    c50: np.ndarray
    gamma: np.ndarray


def _spread(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    return np.exp(rng.uniform(np.log(low), np.log(high), PATIENTS))


def random_case(seed: int) -> Case:
    rng = np.random.default_rng([853, seed])
    rate = [_spread(rng, 0.05, 3.0) * (rng.random(PATIENTS) < 0.8) for _ in range(6)]
    flows = (
        (0, -1, _spread(rng, 0.1, 3.0)),
        (0, 1, rate[0]),
        (1, 0, _spread(rng, 0.1, 4.0)),
        (0, 2, rate[1]),
        (2, 0, _spread(rng, 0.02, 0.5)),
        (0, 3, rate[2]),
        (3, -1, _spread(rng, 0.1, 2.0)),
    )
    end = float(rng.uniform(5.0, 9.0))
    doses = []
    start = 0.0
    for _ in range(int(rng.integers(1, 4))):
        long = float(rng.choice([0.0, rng.uniform(0.2, 2.5)]))
        doses.append((start, start + long, rng.uniform(5.0, 60.0, PATIENTS)))
        start += long + float(rng.choice([0.0, rng.uniform(0.5, 3.0)]))
    volume = rng.uniform(2.0, 60.0, PATIENTS)
    times = np.unique([*rng.uniform(0.0, end, 8), 0.0, end, *(one[1] for one in doses)])
    drive = rng.choice([0, 3, 4], PATIENTS)
    typical = 30.0 / volume * np.where(drive == 3, rate[2], 1.0)
    typical[typical == 0.0] = 1.0
    return Case(
        flows,
        volume,
        _spread(rng, 0.3, 8.0),
        drive,
        tuple(doses),
        times[times <= end],
        tuple(rng.permutation(FORMS * (PATIENTS // len(FORMS)))),
        np.where(rng.random(PATIENTS) < 0.3, 10.0, 1.0) * _spread(rng, 0.001, 1.0),
        rng.uniform(1.0, 100.0, PATIENTS),
        rng.uniform(0.2, 1.0, PATIENTS),
        np.column_stack([rng.uniform(-1.0, 3.0, PATIENTS), rng.uniform(-1.0, 3.0, PATIENTS)]),
        typical * _spread(rng, 0.01, 10.0),
        rng.choice([0.5, 1.0, 1.0, 1.7, 2.0, 3.3, 5.0], PATIENTS),
    )


# The judge.


def judge(case: Case, rtol: float = RTOL) -> np.ndarray:
    """Return R (patients, times)."""
    ends = {0.0, float(case.times[-1])} | {t for one in case.doses for t in one[:2]}
    state = np.zeros((6, PATIENTS))  # five places, then R
    state[5] = case.baseline
    found = np.empty((PATIENTS, len(case.times)))
    found[:, case.times == 0.0] = case.baseline[:, None]
    for start, end in pairwise(sorted(t for t in ends if t <= case.times[-1])):
        feed = np.zeros(PATIENTS)
        for first, last, amount in case.doses:
            if first == last == start:
                state[0] += amount
            elif first <= start < last:
                feed = feed + amount / (last - first)
        inside = case.times[(case.times > start) & (case.times <= end)]
        for stop in np.unique([*inside, end]):
            state = _integrate(case, feed, (start, float(stop)), state, rtol)
            found[:, case.times == stop] = state[5][:, None]
            start = float(stop)
    return found


def _integrate(
    case: Case, feed: np.ndarray, span: tuple[float, float], state: np.ndarray, rtol: float
) -> np.ndarray:
    column = np.arange(PATIENTS)
    form = {name: np.array([one == name for one in case.form]) for name in FORMS}
    kin = case.kout * case.baseline

    def slopes(_: float, flat: np.ndarray) -> np.ndarray:
        x = flat.reshape(6, PATIENTS)
        moved = np.zeros_like(x)
        moved[0] += feed
        for begin, to, rate in case.flows:
            flow = rate * x[begin]
            moved[begin] -= flow
            if to >= 0:
                moved[to] += flow
        moved[4] = case.ke0 * (x[0] / case.volume - x[4])
        level = np.where(case.drive == 4, x[4], x[case.drive, column] / case.volume)
        lifted = np.maximum(level, 0.0) ** case.gamma
        effect = lifted / (case.c50**case.gamma + lifted)
        r = x[5]
        moved[5] = np.select(
            [form[name] for name in FORMS],
            [
                kin * (1.0 - case.largest * effect) - case.kout * r,
                kin - case.kout * (1.0 - case.largest * effect) * r,
                kin * (1.0 + 4.0 * case.largest * effect) - case.kout * r,
                kin - case.kout * (1.0 + 4.0 * case.largest * effect) * r,
                kin * (1.0 + case.both[:, 0] * effect)
                - case.kout * (1.0 + case.both[:, 1] * effect) * r,
            ],
        )
        return moved.ravel()

    solved = solve_ivp(slopes, span, state.ravel(), "DOP853", rtol=rtol, atol=ATOL)
    if not solved.success:
        raise ArithmeticError(solved.message)
    return solved.y[:, -1].reshape(6, PATIENTS)


# The engine's side.


def asked(case: Case) -> tuple[np.ndarray, list[Push], np.ndarray, np.ndarray, TurnoverRates]:
    """Return what `turnover.solve` takes."""
    matrix = np.zeros((PATIENTS, 5, 5))
    for begin, to, rate in case.flows:
        matrix[:, begin, begin] -= rate
        if to >= 0:
            matrix[:, to, begin] += rate
    matrix[:, 4, 0] = case.ke0 / case.volume
    matrix[:, 4, 4] = -case.ke0
    weights = np.zeros((PATIENTS, 5))
    weights[np.arange(PATIENTS), case.drive] = np.where(case.drive == 4, 1.0, 1.0 / case.volume)
    pushes = [
        Push(0, first, amount, last if last > first else None) for first, last, amount in case.doses
    ]
    changes = [_changes(case, n) for n in range(PATIENTS)]
    gain_change, loss_change = np.array(changes).T
    rates = TurnoverRates(
        case.kout * case.baseline,
        gain_change,
        case.kout,
        loss_change,
        case.c50,
        case.gamma,
        case.baseline,
    )
    return matrix, pushes, case.times, weights, rates


def _changes(case: Case, n: int) -> tuple[float, float]:
    largest = float(case.largest[n])
    return {
        "inhibits-gain": (-largest, 0.0),
        "inhibits-loss": (0.0, -largest),
        "stimulates-gain": (4.0 * largest, 0.0),
        "stimulates-loss": (0.0, 4.0 * largest),
        "moves-both": (float(case.both[n, 0]), float(case.both[n, 1])),
    }[case.form[n]]


def worst_error(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return (patients,) the largest |R - ref| / |ref|."""
    return (np.abs(found - wanted) / np.abs(wanted)).max(axis=1)

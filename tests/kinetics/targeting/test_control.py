"""The pump's course towards a target: judged by exact.solve, DOP853 and the published rule.

source: every tolerance is a claim of issue 4 (overshoot under 0.5 %) or says what it is.
"""

from __future__ import annotations

import numpy as np
import pytest
from bodies import STEP_H, body, looked_at, plant, reversals
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from assuage.kinetics.targeting import Pump, horizon, run, run_many, simulate
from assuage.kinetics.targeting import control as rules

FREE = Pump(1e-6, np.array([10**12]), 0)  # no limit and hardly a step
SECOND_H = 1.0 / 3600.0


def held(level: float, minutes: int) -> np.ndarray:
    return np.full(minutes * 6, level)


@pytest.mark.parametrize("seed", range(6))
def test_the_site_comes_to_its_target_and_stays_without_overshoot(seed: int) -> None:
    pump = Pump(0.2, np.array([2450]), 0)
    course = run(plant(seed), held(0.2, 60), pump)
    rates = course.rates[0] * pump.quantum_mg_per_h
    site, plasma = looked_at(seed, rates, SECOND_H)
    assert site.max() <= 0.2 * 1.005
    settled = slice(30 * 60, None)
    assert site[settled].min() >= 0.2 * 0.99
    assert plasma[settled].max() <= 0.2 * 1.005
    assert plasma[settled].min() >= 0.2 * 0.98


@pytest.mark.parametrize("seed", range(6))
def test_rates_do_not_ring_once_the_site_is_held(seed: int) -> None:
    pump = Pump(0.2, np.array([2450]), 0)
    course = run(plant(seed), held(0.2, 60), pump)
    first = int(np.argmax(course.holds[0]))
    assert course.holds[0, first:].all()
    calm = course.rates[0, first + 12 :]  # two minutes after the hold begins
    assert reversals(calm) <= 1  # it may rise once while drug returns, then falls
    up_and_down = 2 * int(calm.max() - calm.min())
    assert np.abs(np.diff(calm)).sum() <= up_and_down + len(calm) // 20


def test_the_measure_of_ringing_sees_deadbeat_control(monkeypatch: pytest.MonkeyPatch) -> None:
    """A canary: with the switch to plasma taken out, the same pump rings."""
    monkeypatch.setattr(rules, "AT_TARGET", -1.0)
    course = run(plant(1), held(0.2, 60), FREE)
    assert reversals(course.rates[0, 200:]) > 20


def test_a_course_agrees_with_an_integrator() -> None:
    pump = Pump(0.2, np.array([2450]), 0)
    rates = run(plant(3), held(0.15, 20), pump).rates[0] * pump.quantum_mg_per_h
    matrix, _, site, _ = (one[0] for one in body(3))
    state, worst = np.zeros(4), 0.0
    ours = simulate(plant(3), rates)[0][0]
    for place, rate in enumerate(rates):
        inflow = np.array([rate, 0.0, 0.0, 0.0])
        found = solve_ivp(
            lambda _, x, inflow=inflow: matrix @ x + inflow,
            (0.0, STEP_H),
            state,
            method="DOP853",
            rtol=1e-12,
            atol=1e-14,
        )
        state = found.y[:, -1]
        worst = max(worst, abs(float(site @ state) - ours[place + 1]))
    assert worst <= 0.15 * 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_the_first_rate_is_the_published_one(seed: int) -> None:
    """Shafer and Gregg 1992: the target over the peak of the response to one step of unit rate.

    The peak is looked for here on a grid ten times finer still, by the exact engine.
    """
    unit = np.zeros(6 * 60)
    unit[0] = 1.0
    site, _ = looked_at(seed, unit, SECOND_H / 10.0)
    first = run(plant(seed), held(0.2, 1), FREE).rates[0, 0] * FREE.quantum_mg_per_h
    assert first == pytest.approx(0.2 / site.max(), rel=2e-4)


@pytest.mark.parametrize("seed", range(4))
def test_the_horizon_is_the_peak_and_the_peak_is_the_highest(seed: int) -> None:
    response, _ = horizon(plant(seed), 0)
    unit = np.zeros(6 * 120)
    unit[0] = 1.0
    site, _ = looked_at(seed, unit, SECOND_H)
    assert len(response) == int(np.argmax(site)) + 1
    assert response == pytest.approx(site[: len(response)], rel=1e-9)


def test_a_site_that_never_peaks_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LONGEST_PEAK_H", 1)
    never = plant(0)
    never.fine_phi[:] = np.eye(4)
    with pytest.raises(ValueError, match="no peak"):
        run(never, held(0.1, 1), FREE)


@pytest.mark.parametrize("at_plasma", [False, True])
def test_rates_are_linear_in_the_target(at_plasma: bool) -> None:
    body_ = plant(5, at_plasma=at_plasma)
    once, thrice = (run(body_, held(level, 30), FREE).rates[0] for level in (0.1, 0.3))
    assert np.allclose(thrice, 3.0 * once, rtol=1e-4, atol=1e4)


def test_a_later_start_only_shifts_the_rates() -> None:
    now, later = held(0.2, 30), np.concatenate([held(0.0, 7), held(0.2, 30)])
    pump = Pump(0.2, np.array([2450]), 0)
    shifted = run(plant(2), later, pump).rates[0]
    assert (shifted[: 7 * 6] == 0).all()
    assert (shifted[7 * 6 :] == run(plant(2), now, pump).rates[0]).all()


def test_a_lower_target_stops_the_pump_until_the_level_has_fallen() -> None:
    pump = Pump(0.2, np.array([2450]), 0)
    targets = np.concatenate([held(0.2, 30), held(0.12, 90)])
    rates = run(plant(4), targets, pump).rates[0]
    site, _ = looked_at(4, rates * 0.2, STEP_H)
    falling = slice(30 * 6, 30 * 6 + int(np.argmax(site[30 * 6 :] <= 0.12 * 1.006)))
    assert falling.stop > falling.start
    assert (rates[falling] == 0).all()
    after = site[falling.stop + 6 * 10 :]
    assert after.max() <= 0.12 * 1.006
    assert after.min() >= 0.12 * 0.98


def test_a_higher_target_is_reached_anew_without_overshoot() -> None:
    pump = Pump(0.2, np.array([2450]), 0)
    rates = run(plant(4), np.concatenate([held(0.1, 30), held(0.15, 30)]), pump).rates[0]
    site, _ = looked_at(4, rates * 0.2, SECOND_H)
    assert site[: 30 * 60].max() <= 0.1 * 1.005
    assert site.max() <= 0.15 * 1.005
    assert site[45 * 60 :].min() >= 0.15 * 0.99


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    level=st.floats(0.001, 5.0),
    quantum=st.floats(1e-3, 20.0),
    most=st.integers(0, 5000),
    least=st.integers(0, 40),
    drop=st.floats(0.0, 2.0),
)
def test_limits_are_never_passed(
    seed: int, level: float, quantum: float, most: int, least: int, drop: float
) -> None:
    pump = Pump(quantum, np.array([most]), least)
    targets = np.concatenate([held(level, 10), held(level * drop, 10)])
    rates = run(plant(seed), targets, pump).rates[0]
    assert rates.dtype == np.int64
    assert (rates <= most).all()
    assert ((rates == 0) | (rates >= least)).all()
    if drop <= 1.0:
        site, _ = looked_at(seed, rates * quantum, STEP_H)
        assert site.max() <= level * 1.005


@pytest.mark.parametrize("at_plasma", [False, True])
@pytest.mark.parametrize("pump", [(0.2, 2450, 0), (1e-6, 10**9, 0), (3.0, 60, 2)])
def test_the_compiled_course_is_the_same(at_plasma: bool, pump: tuple[float, int, int]) -> None:
    patients = rules.WORTH_COMPILING
    many = plant(11, patients, at_plasma=at_plasma)
    quantum, most, least = pump
    asked = Pump(quantum, np.full(patients, most), least)
    targets = np.concatenate([held(0.2, 15), held(0.3, 10), held(0.1, 20), held(0.0, 2)])
    compiled = run_many(many, targets, asked)
    # To a pump step of dust a rounding of the last bit matters: allow a hundred of those.
    allowed = 0 if quantum > 1e-3 else 100
    for patient in range(0, patients, 7):
        course = run(many, targets, asked, patient)
        assert np.abs(compiled.rates[patient] - course.rates[0]).max() <= allowed
        assert (compiled.holds[patient] == course.holds[0]).all()


def test_a_few_patients_take_the_path_that_needs_no_compiling() -> None:
    few = plant(11, 3)
    pump = Pump(0.2, np.array([2450, 10, 0]), 0)
    together = run_many(few, held(0.2, 10), pump)
    for patient in range(3):
        alone = run(few, held(0.2, 10), pump, patient)
        assert (together.rates[patient] == alone.rates[0]).all()
    assert together.rates[2].max() == 0


def test_without_the_compiler_many_patients_get_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    patients = rules.WORTH_COMPILING
    many, pump = plant(12, patients), Pump(0.2, np.full(patients, 2450), 0)
    compiled = run_many(many, held(0.2, 3), pump)
    monkeypatch.setattr(rules.importlib.util, "find_spec", lambda _: None)
    assert (run_many(many, held(0.2, 3), pump).rates == compiled.rates).all()


@pytest.mark.parametrize(
    ("targets", "pump"),
    [
        ([0.1, float("nan")], FREE),
        ([-0.1], FREE),
        ([float("inf")], FREE),
        ([0.1], Pump(float("nan"), np.array([10]), 0)),
        ([0.1], Pump(0.0, np.array([10]), 0)),
        ([0.1], Pump(0.1, np.array([-1]), 0)),
        ([0.1], Pump(0.1, np.array([10]), -1)),
    ],
)
def test_what_is_no_target_and_no_pump_is_an_error(targets: list[float], pump: Pump) -> None:
    for of_one_or_many in (run, run_many):
        with pytest.raises(ValueError):
            of_one_or_many(plant(0), np.array(targets), pump)


def test_a_body_that_never_peaks_is_an_error_when_compiled_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "LONGEST_PEAK_H", 1)
    never = plant(0, rules.WORTH_COMPILING)
    never.fine_phi[:] = np.eye(4)
    pump = Pump(0.2, np.full(rules.WORTH_COMPILING, 100), 0)
    with pytest.raises(ValueError, match="no peak"):
        run_many(never, held(0.1, 1), pump)

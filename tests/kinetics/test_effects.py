"""Effects: the delay, the curve and the slow filters.

source: every expected number is a closed form of the numbers that the test itself sets.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp

from assuage.kinetics.effects import (
    accumulate,
    hill,
    join,
    ke0_per_h,
    mood_control_effect,
    mood_drug_effect,
    pain_score,
    response,
)
from assuage.kinetics.exact import Push, solve
from assuage.kinetics.structure import System
from assuage.knowledge import library
from assuage.knowledge.schema.effect import Curve, Effect, MoodAmplitude, MoodEffect
from assuage.knowledge.schema.facts import Fact, Number
from assuage.refusals import Refusal, Refused

HERE: dict[str, Any] = {"source": "assuage-design", "where": "this test", "read": "design"}
TIMES = np.array([0.01, 0.3, 1.0, 4.0, 20.0])
levels = st.floats(1e-3, 1e5)


def number(value: float, unit: str = "1") -> Number:
    return Number(value=value, unit=unit, **HERE)


def effect(name: str, **curve: Any) -> Effect:
    found = library.effect(name).effect
    assert found is not None
    return found.model_copy(update={"curve": Curve(**curve)}) if curve else found


def one_place(loss_per_h: float) -> System:
    """Return one compartment of 2 L that drug leaves at a rate."""
    one = np.ones((1, 1, 1))
    return System(("drug",), -loss_per_h * one, ("drug",), one / 2.0, {})


def outputs(system: System, amount: float = 10.0) -> np.ndarray:
    push = [Push(0, 0.0, np.array([amount]))]
    return solve(system.matrix, push, TIMES, system.outputs)[0]


# The delay.


@pytest.mark.parametrize("ke0", [0.05, 3.0, 100.0])
def test_the_effect_site_follows_a_step(ke0: float) -> None:
    found = outputs(join(one_place(0.0), "drug", "site", np.array([ke0])))
    assert_allclose(found[:, 0], 5.0, rtol=1e-12)
    assert_allclose(found[:, 1], -5.0 * np.expm1(-ke0 * TIMES), rtol=1e-9)


@pytest.mark.parametrize("ke0", [0.05, 0.999999, 1.0, 1.0 + 1e-12, 100.0])
def test_the_effect_site_follows_a_bolus(ke0: float) -> None:
    """The convolution of two exponentials, smooth where their rates are equal."""
    found = outputs(join(one_place(1.0), "drug", "site", np.array([ke0])))[:, 1]
    z = (ke0 - 1.0) * TIMES
    share = np.divide(-np.expm1(-z), z, out=np.ones_like(z), where=z != 0.0)
    assert_allclose(found, 5.0 * ke0 * TIMES * np.exp(-TIMES) * share, rtol=1e-9)


def test_the_effect_site_takes_no_drug_away() -> None:
    plain = one_place(0.7)
    joined = join(plain, "drug", "site", np.array([2.0]))
    assert joined.analytes == ("drug", "site")
    assert joined.states == ("drug", "site")
    assert_allclose(outputs(joined)[:, :1], outputs(plain), rtol=1e-12)


def test_the_area_is_the_area() -> None:
    found = outputs(accumulate(one_place(0.7), "drug", "area"))[:, 1]
    assert_allclose(found, 5.0 * -np.expm1(-0.7 * TIMES) / 0.7, rtol=1e-9)


def test_a_delay_is_refused_with_another_model() -> None:
    index = effect("navarrete-2025-ani")
    with pytest.raises(Refused) as caught:
        ke0_per_h(index, library.model("kamp-2020"))
    assert caught.value.refusal is Refusal.MODEL_UNSUITABLE
    assert "domino-1984" in str(caught.value)
    rate = ke0_per_h(index, library.model("domino-1984"))
    assert rate == pytest.approx(index.equilibration.rate.value * 60.0, rel=1e-12)


def test_every_effect_joins_only_what_it_names() -> None:
    for id_ in library.effect_ids():
        one = library.effect(id_).effect
        if one is None or not one.joins:
            continue
        assert set(one.joins) <= set(library.model_ids())
        for model_id in set(library.model_ids()) - set(one.joins):
            with pytest.raises(Refused):
                ke0_per_h(one, library.model(model_id))


def test_no_delay_is_none_and_a_half_life_becomes_a_rate() -> None:
    assert ke0_per_h(effect("abuhelwa-2022-pressure"), library.model("kamp-2020")) is None
    sedation = effect("herd-2008-sedation")
    rate = ke0_per_h(sedation, library.model("herd-2007"))
    seconds = sedation.equilibration.half_life.value
    assert rate == pytest.approx(np.log(2.0) * 3600.0 / seconds, rel=1e-12)


# The curves.


@given(levels, levels, st.floats(0.2, 12.5))
def test_hill_rises_from_nothing_to_one_through_a_half(c: float, c50: float, gamma: float) -> None:
    at = np.array([0.0, c, c * 1.5])
    nothing, here, above = hill(at, c50, gamma)
    assert nothing == 0
    assert 0.0 <= here <= above <= 1.0
    assert hill(np.array([c50]), c50, gamma)[0] == pytest.approx(0.5, rel=1e-12)
    closed = c**gamma / (c50**gamma + c**gamma)
    assert here == pytest.approx(closed, rel=1e-9)


def test_the_four_curves() -> None:
    base = "olofsen-2022-dissociation"
    at = np.array([0.0, 100.0, 300.0])
    line = effect(base, form="linear", slope=number(-0.038), baseline=number(5.0))
    assert_allclose(response(line, at), 5.0 - 0.038 * at, rtol=1e-12)
    c50, gamma = number(100.0, "ng/mL"), number(2.0)
    power = effect(base, form="power", c50=c50, gamma=gamma, baseline=number(3.0))
    assert_allclose(response(power, at), [3.0, 6.0, 30.0], rtol=1e-12)
    steep = effect(base, form="hill", c50=c50, gamma=gamma, baseline=number(1.0), span=number(-0.5))
    assert_allclose(response(steep, at), [1.0, 0.75, 1.0 - 0.5 * 0.9], rtol=1e-12)
    crossed = effect(base, form="threshold", c50=c50)
    assert_array_equal(response(crossed, at), [0, 1, 1])
    assert response(crossed, np.array([np.nextafter(100.0, 0.0)]))[0] == 0


def test_the_unit_of_c50_is_read() -> None:
    other = effect("olofsen-2022-dissociation", form="threshold", c50=number(0.1, "mg/L"))
    assert_array_equal(response(other, np.array([99.9, 100.1])), [0, 1])


def test_pain_falls_only_in_those_who_respond() -> None:
    slow = np.array([[0.0, 10.0, 1e9], [0.0, 10.0, 1e9]])
    found = pain_score(slow, np.array([1.0, 0.0]), np.array([10.0, 10.0]), 7.0)
    assert_allclose(found[0], [7.0, 3.5, 0.0], atol=1e-6)
    assert_allclose(found[1], 7.0, rtol=1e-12)


# Mood.

SCALE = MoodAmplitude(
    drug="racemic-ketamine",
    route="iv",
    amplitude=number(10.0),
    ceiling=number(25.0),
    reference_dose=number(0.5, "mg/kg"),
    d50=number(0.2, "mg/kg"),
    control=number(9.0),
    control_half_time=number(3.0, "day"),
)
MOOD = MoodEffect(
    id="test-mood",
    name="a test",
    endpoint="points",
    source="assuage-design",
    summary="a test",
    label="a test",
    form=Fact(text="a test", **HERE),
    onset=number(6.0, "h"),
    offset=number(7.0, "day"),
    baseline=number(33.0),
    baseline_sd=number(5.0),
    between_patient_sd=number(5.0),
    control_sd=number(5.0),
    amplitude=(SCALE,),
    caution=(Fact(text="a test", **HERE),),
)
DAYS = np.linspace(0.0, 90.0, 721)


def drug(sessions: list[float], dose: float = 0.5, days: np.ndarray = DAYS) -> np.ndarray:
    return mood_drug_effect(MOOD, SCALE, sessions, dose, days)


def test_mood_starts_at_nothing_rises_and_fades() -> None:
    found = drug([2.0])
    assert_array_equal(found[DAYS <= 2.0], 0.0)
    top = int(found.argmax())
    after = found[DAYS > 2.0]
    assert 2.0 < DAYS[top] < 5.0
    assert (np.diff(found[top:]) < 0.0).all()
    assert (after > 0.0).all()
    assert drug([2.0], days=np.array([1e4]))[0] == pytest.approx(0.0, abs=1e-12)


def test_mood_of_one_session_in_closed_form() -> None:
    day = np.array([3.0])
    raw = 10.0 * (np.exp(-3.0 / 7.0) - np.exp(-3.0 / 0.25))
    assert drug([0.0], days=day)[0] == pytest.approx(25.0 * raw / (25.0 + raw), rel=1e-12)
    share = (0.25 / 0.45) / (0.5 / 0.7)
    less = raw * share
    assert drug([0.0], 0.25, day)[0] == pytest.approx(25.0 * less / (25.0 + less), rel=1e-12)


@given(st.lists(st.floats(0.0, 60.0), min_size=1, max_size=30), st.floats(0.01, 5.0))
def test_mood_stays_under_its_ceiling_and_grows_with_dose_and_sessions(
    sessions: list[float], dose: float
) -> None:
    found = drug(sessions, dose)
    assert ((found >= 0.0) & (found < 25.0)).all()
    assert (drug(sessions, dose * 1.1) >= found).all()
    assert (drug([*sessions, 5.0], dose) >= found - 1e-12).all()


def test_no_session_is_no_drug_effect() -> None:
    assert not drug([]).any()


def test_the_control_trend_approaches_its_size() -> None:
    found = mood_control_effect(SCALE, DAYS)
    assert found[0] == 0
    assert (np.diff(found) >= 0.0).all()
    assert mood_control_effect(SCALE, np.array([3.0]))[0] == pytest.approx(4.5, rel=1e-12)
    assert mood_control_effect(SCALE, np.array([-5.0]))[0] == 0
    assert mood_control_effect(SCALE, np.array([1e4]))[0] == pytest.approx(9.0, rel=1e-12)


# Slow effects against DOP853, restarted at every edge; 1e-6 is what issue 4 allows.


def stepped(rhs: Any, start: list[float], edges: list[float], days: np.ndarray) -> np.ndarray:
    """Return the last state at the days; `rhs` takes the time, the state and the piece's number."""
    state, found = np.array(start), np.zeros(len(days))
    stops = sorted({*edges, *(float(day) for day in days)})
    for begin, end in pairwise(stops):
        piece = sum(edge <= begin for edge in edges)
        solved = solve_ivp(
            rhs, (begin, end), state, "DOP853", rtol=1e-12, atol=1e-18, args=(piece,)
        )
        assert solved.success
        state = solved.y[:, -1]
        found[days == end] = state[-1]
    return found


@pytest.mark.parametrize("half_life_d", [2.0, 10.9, 40.0])
def test_pain_over_twelve_weeks_agrees_with_dop853(half_life_d: float) -> None:
    """Ten infusions of 4 h into two places and a slow effect site, as `weeks.pain` joins it."""
    days = np.arange(0.0, 85.0, 3.5)
    k10, k12, k21, ke0 = 0.4, 0.3, 0.2, np.log(2.0) / (24.0 * half_life_d)
    matrix = np.array([[[-k10 - k12, k21], [k12, -k21]]])
    system = System(("a", "b"), matrix, ("drug",), np.array([[[0.02, 0.0]]]), {})
    slow = join(system, "drug", "slow effect site", np.array([ke0]))
    starts = [24.0 * day for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]
    pushes = [Push(0, start, np.array([80.0]), start + 4.0) for start in starts]
    levels = solve(slow.matrix, pushes, days * 24.0, slow.outputs)[:, :, -1] * 1000.0
    found = pain_score(levels, np.ones(1), np.array([10.5]), 7.2)[0]

    def rhs(_: float, x: np.ndarray, piece: int) -> list[float]:
        inflow = 20.0 if piece % 2 else 0.0
        out, back = (k10 + k12) * x[0], k21 * x[1]
        return [inflow - out + back, k12 * x[0] - back, ke0 * (0.02 * x[0] - x[2])]

    edges = [edge for start in starts for edge in (start, start + 4.0)]
    site = stepped(rhs, [0.0, 0.0, 0.0], edges, days * 24.0) * 1000.0
    assert found.min() < 5.0
    assert_allclose(found, 7.2 * 10.5 / (10.5 + site), rtol=1e-6)


def test_mood_over_sessions_agrees_with_dop853() -> None:
    """Each session adds to a pool that empties at the onset's rate; its outflow builds the effect.

    source: A (e^-t/off - e^-t/on) solves D' = A (1/on - 1/off) p - D/off with p' = -p/on, p(0) = 1
    """
    sessions = [0.0, 3.0, 7.0, 10.0, 14.0, 17.0]
    days = np.arange(0.0, 45.0, 1.25)
    on, off, size, top = 0.25, 7.0, 10.0, 25.0
    total = np.zeros(len(days))
    for start in sessions:

        def rhs(_: float, x: np.ndarray, piece: int, start: float = start) -> list[float]:
            return [-x[0] / on, size * (1.0 / on - 1.0 / off) * x[0] - x[1] / off]

        later = np.unique([start, *days[days > start]])
        total[days > start] += stepped(rhs, [1.0, 0.0], [start], later)[1:]
    assert_allclose(drug(sessions, days=days), top * total / (top + total), rtol=1e-6, atol=1e-12)


def test_the_control_trend_agrees_with_dop853() -> None:
    rate = np.log(2.0) / 3.0
    wanted = stepped(lambda _t, x, _piece: [rate * (9.0 - x[0])], [0.0], [0.0], DAYS)
    assert_allclose(mood_control_effect(SCALE, DAYS), wanted, rtol=1e-6)

"""Occasions: an exact course whose parameters change, judged by a numerical integration.

source: times and doses are the tests' own; every expected number is a closed form of the model
file's values, or SciPy's DOP853.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp

from assuage.kinetics import effects
from assuage.kinetics.engine import HOLD_H, curves
from assuage.kinetics.occasions import Occasions
from assuage.kinetics.population import added, deviations, occasion_deviations
from assuage.kinetics.structure import (
    Cohort,
    Dose,
    Subject,
    System,
    build,
    parameter_values,
    pushes_of,
)
from assuage.knowledge import library
from assuage.knowledge.schema.model import Model, Occasion
from assuage.refusals import Refused

SIMONS = library.model("simons-2022")
FLINT = library.model("flint-2017")
KAMP = library.model("kamp-2020")
ADULT, CHILD = Subject(70.0, 30.0), Subject(14.0, 3.0)
DAYS = (0.0, 24.0, 48.0)
INFUSIONS = [Dose(day + 1.0, 20.0, "iv", 4.0) for day in DAYS]
FILMS = [Dose(day + 0.5, 50.0, "oromucosal") for day in DAYS]
TIMES = np.array([0.0, 0.7, 1.3, 5.0, 12.0, 24.0, 25.5, 29.0, 47.0, 48.0, 50.0, 71.0])


def varied(model: Model, omega2: float) -> Model:
    """Return a model in which every clearance and volume varies between occasions."""
    fact = {"source": "assuage-design", "where": "a test", "read": "design"}
    entries = tuple(
        Occasion(parameter=name, omega2=omega2, **fact)
        for name, one in model.parameter.items()
        if one.unit in ("L", "L/h", "L/min")
    )
    return model.model_copy(update={"occasion": entries})


def drawn(model: Model, patients: int, starts_h: tuple[float, ...] = DAYS) -> Occasions:
    return Occasions(starts_h, occasion_deviations(model, patients, 4, len(starts_h)))


@pytest.mark.parametrize("model_id", ["simons-2022", "otto-2021", "perez-ruixo-2021"])
def test_occasions_that_add_nothing_change_nothing(model_id: str) -> None:
    model = varied(library.model(model_id), 0.0)
    shifts = deviations(model, 20, 2)
    _, plain = curves(model, ADULT, INFUSIONS, TIMES, shifts)
    _, found = curves(model, ADULT, INFUSIONS, TIMES, shifts, occasions=drawn(model, 20))
    assert_allclose(found, plain, rtol=1e-9, atol=1e-15)


@given(st.lists(st.floats(0.1, 70.0), max_size=6, unique=True))
@settings(max_examples=25, deadline=None)
def test_boundaries_anywhere_change_nothing_by_themselves(cuts: list[float]) -> None:
    """In the middle of an infusion, between two, after them all."""
    starts = (0.0, *sorted(cuts))
    nothing = Occasions(starts, ({},) * len(starts))
    shifts = deviations(SIMONS, 3, 2)
    for doses in (INFUSIONS, FILMS):
        _, plain = curves(SIMONS, ADULT, doses, TIMES, shifts)
        _, found = curves(SIMONS, ADULT, doses, TIMES, shifts, occasions=nothing)
        assert_allclose(found, plain, rtol=1e-9, atol=1e-15)


def judged(
    model: Model, doses: list[Dose], occasions: Occasions, shifts: dict[str, np.ndarray]
) -> np.ndarray:
    """Integrate one patient numerically, with the occasion looked up at each moment."""
    systems = [
        build(model, parameter_values(model, ADULT, added(shifts, one))) for one in occasions.shifts
    ]
    pushes = [
        push
        for one in doses
        for push in pushes_of(model, systems[occasions.at(one.start_h)], [one])
    ]
    ends = {one.start_h for one in pushes} | {one.end_h for one in pushes if one.end_h}
    edges = sorted({0.0, *TIMES, *occasions.starts_h, *ends})
    state, out = np.zeros(len(model.compartment)), []
    for start, end in zip(edges, [*edges[1:], edges[-1]], strict=True):
        system = systems[occasions.at(start)]
        rates = np.zeros(len(state))
        for one in pushes:
            if one.end_h is None and one.start_h == start:
                state[one.state] += one.amount_mg[0]
            elif one.end_h is not None and one.start_h <= start < one.end_h:
                rates[one.state] += one.amount_mg[0] / (one.end_h - one.start_h)
        if start in TIMES:
            out.append(system.outputs[0] @ state)

        def slope(
            _: float, x: np.ndarray, a: np.ndarray = system.matrix[0], u: np.ndarray = rates
        ) -> np.ndarray:
            return a @ x + u

        if end > start:
            done = solve_ivp(slope, (start, end), state, "DOP853", rtol=1e-12, atol=1e-15)
            state = done.y[:, -1]
    return np.array(out)


@pytest.mark.parametrize("doses", [INFUSIONS, FILMS, [Dose(23.0, 30.0, "iv", 3.0)]])
def test_a_course_is_the_judges(doses: list[Dose]) -> None:
    """Each patient of three, with their own input times on each occasion where film is given."""
    model = SIMONS if doses is FILMS else varied(SIMONS, 0.1)
    shifts, occasions = deviations(model, 3, 2), drawn(model, 3)
    _, found = curves(model, ADULT, doses, TIMES, shifts, occasions=occasions)
    for patient in range(3):
        one = slice(patient, patient + 1)
        alone = Occasions(DAYS, tuple({n: v[one] for n, v in o.items()} for o in occasions.shifts))
        wanted = judged(model, doses, alone, {name: v[one] for name, v in shifts.items()})
        assert_allclose(found[patient], wanted, rtol=1e-8, atol=1e-12)


def test_a_patient_of_a_course_is_the_same_in_any_chunk() -> None:
    model = varied(SIMONS, 0.1)
    whole = curves(
        model, ADULT, INFUSIONS, TIMES, deviations(model, 9, 7), occasions=drawn(model, 9)
    )[1]
    for first, patients in [(0, 1), (3, 4), (8, 1)]:
        part = Occasions(DAYS, occasion_deviations(model, patients, 4, 3, first))
        shifts = deviations(model, patients, 7, first)
        _, found = curves(model, ADULT, INFUSIONS, TIMES, shifts, occasions=part)
        assert_array_equal(found, whole[first : first + patients])


def test_amounts_carry_over_and_concentrations_jump_with_the_volume() -> None:
    """One compartment: C falls as exp(-CL/V t), and at the boundary by the ratio of volumes."""
    shifts = ({"V1": np.zeros(1)}, {"V1": np.array([np.log(2.0)])})
    occasions = Occasions((0.0, 2.0), shifts)
    names, found = curves(
        KAMP, ADULT, [Dose(0.0, 25.0, "iv")], np.array([2.0 - 1e-9, 2.0]), None, occasions=occasions
    )
    assert names == ("ketamine",)
    before, at = found[0, :, 0]
    assert at == pytest.approx(before / 2.0, rel=1e-6)


def test_a_dose_at_the_very_start_of_an_occasion_is_given_once_and_is_that_occasions() -> None:
    shifts = ({"V1": np.zeros(1)}, {"V1": np.array([np.log(2.0)])})
    given_ = [Dose(2.0, 25.0, "iv")]
    _, found = curves(
        KAMP, ADULT, given_, np.array([1.0, 2.0]), None, occasions=Occasions((0.0, 2.0), shifts)
    )
    volume = parameter_values(KAMP, ADULT)["V1"][0]
    assert_allclose(found[0, :, 0], [0.0, 25.0 / (2.0 * volume)], rtol=1e-12)


def test_an_effect_site_joins_every_occasion() -> None:
    def extend(system: System) -> System:
        return effects.join(system, "esketamine", "site", np.full(len(system.matrix), 3.0))

    names, plain = curves(SIMONS, ADULT, INFUSIONS, TIMES, None, extend)
    nothing = Occasions(DAYS, ({},) * 3)
    again, found = curves(SIMONS, ADULT, INFUSIONS, TIMES, None, extend, occasions=nothing)
    assert names == again
    assert names[-1] == "site"
    assert_allclose(found, plain, rtol=1e-9, atol=1e-15)


def test_a_clearance_that_moves_with_time_keeps_moving_across_occasions() -> None:
    """Boundaries on the grid that the clearance is held on, so that the same steps are taken."""
    starts = (0.0, 8 * HOLD_H, 24 * HOLD_H)
    times = np.array([1.0, 2.0, 5.0, 6.0, 7.5, 12.0])
    given_ = [Dose(0.0, 14.0, "iv", 8.0)]
    shifts = deviations(FLINT, 4, 1)
    _, plain = curves(FLINT, CHILD, given_, times, shifts)
    _, found = curves(FLINT, CHILD, given_, times, shifts, occasions=Occasions(starts, ({},) * 3))
    assert_allclose(found, plain, rtol=1e-9)
    still = FLINT.model_copy(update={"covariate": ()})
    _, unmoved = curves(still, CHILD, given_, times, shifts, occasions=Occasions((0.0,), ({},)))
    assert (found[:, -1, 1] < unmoved[:, -1, 1]).all()


def test_a_cohort_has_occasions_too() -> None:
    weights = np.array([55.0, 70.0, 92.0])
    occasions = drawn(SIMONS, 3)
    people = Cohort(weights, None)
    _, found = curves(SIMONS, people, FILMS, TIMES, deviations(SIMONS, 3, 2), occasions=occasions)
    for patient, weight in enumerate(weights):
        shifts = deviations(SIMONS, 1, 2, patient)
        alone = Occasions(DAYS, occasion_deviations(SIMONS, 1, 4, 3, patient))
        _, wanted = curves(SIMONS, Subject(weight, None), FILMS, TIMES, shifts, occasions=alone)
        assert_array_equal(found[patient], wanted[0])


@pytest.mark.parametrize(
    ("starts_h", "shifts"),
    [
        ((), ()),
        ((1.0,), ({},)),
        ((0.0, 0.0), ({}, {})),
        ((0.0, 5.0, 4.0), ({}, {}, {})),
        ((0.0, float("nan")), ({}, {})),
        ((0.0, float("inf")), ({}, {})),
        ((0.0, 5.0), ({},)),
    ],
)
def test_occasions_that_do_not_fit_are_refused(
    starts_h: tuple[float, ...], shifts: tuple[dict[str, np.ndarray], ...]
) -> None:
    with pytest.raises(ValueError):
        Occasions(starts_h, shifts)


def test_occasions_of_other_patients_are_refused() -> None:
    with pytest.raises(ValueError, match="3 and 4"):
        curves(SIMONS, ADULT, FILMS, TIMES, deviations(SIMONS, 4, 2), occasions=drawn(SIMONS, 3))


def test_a_route_that_the_model_lacks_is_refused_on_any_occasion() -> None:
    with pytest.raises(Refused):
        curves(SIMONS, ADULT, [Dose(30.0, 9.0, "im")], TIMES, occasions=drawn(SIMONS, 1))


@pytest.mark.parametrize(
    "times", [[-1.0, 2.0], [float("nan")], [3.0, 2.0], [30.0, 2.0], [1.0, float("nan")]]
)
def test_times_that_cannot_be_are_refused(times: list[float]) -> None:
    with pytest.raises(ValueError):
        curves(SIMONS, ADULT, FILMS, np.array(times), occasions=drawn(SIMONS, 1))

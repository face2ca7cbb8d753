"""An arm's course is what the plan's own engine says of each person, and its limits are told.

source: the relief is the effect file's form; SciPy's LSODA solves the same equations apart.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from assuage.evidence.virtual.courses import Kinetics, course_of, kinetics_of, looks_h, mood_of
from assuage.evidence.virtual.dosing import Slot, planned
from assuage.evidence.virtual.people import Pool, pain_effect, pool_of
from assuage.kinetics.effects import mood_control_effect, mood_drug_effect
from assuage.kinetics.population import deviations
from assuage.kinetics.structure import build, parameter_values
from assuage.knowledge import library
from assuage.refusals import Refused
from evidence.virtual.designs import BOTH, DISSOCIATION, MOOD, PAIN, design

PEOPLE = 8


def solved(tree: dict[str, object]) -> tuple[Pool, Kinetics, tuple[Slot, ...]]:
    made = design(tree)
    pool = pool_of(made, 3, PEOPLE)
    dosing = planned(made.arm[0], pool.weight_kg)
    return pool, kinetics_of(dosing, pool, 3), dosing.slots


LOOKED_H = (100.0, 168.0, 672.0)


def numerically(pool: Pool, body: Kinetics, slots: tuple[Slot, ...], person: int) -> list[float]:
    """Return one person's levels at the slow site, by a solver of differential equations."""
    shifts = deviations(body.model, PEOPLE, 3)
    whole = build(body.model, parameter_values(body.model, pool.cohort, shifts))
    central = whole.states.index("central")
    matrix, rate = whole.matrix[person], pool.rate_per_h[person]

    def slope(t: float, x: np.ndarray) -> np.ndarray:
        into = np.zeros(len(x) - 1)
        for one in slots:
            assert one.duration_h is not None
            if one.start_h <= t < one.end_h:
                into[central] += one.dose_mg[person] / one.duration_h
        level = whole.outputs[person, 0] @ x[:-1] * 1000.0
        return np.append(matrix @ x[:-1] + into, rate * (level - x[-1]))

    x, start, told = np.zeros(len(matrix) + 1), 0.0, []
    for end in sorted({*(one.end_h for one in slots), *LOOKED_H}):
        run = solve_ivp(slope, (start, end), x, "LSODA", rtol=1e-9, atol=1e-10)
        x, start = run.y[:, -1], end
        if end in LOOKED_H:
            told.append(float(x[-1]))
    return told


def test_levels_at_the_slow_site_agree_with_a_numerical_solution() -> None:
    pool, body, slots = solved(PAIN)
    found = body.solve(slots, np.array(LOOKED_H))[:, :, 0]
    for person in (0, PEOPLE - 1):
        assert found[person] == pytest.approx(numerically(pool, body, slots, person), rel=1e-6)


def test_only_what_the_drug_passes_on_its_way_is_carried() -> None:
    _, body, _ = solved(PAIN)
    assert body.system.states == (
        "mucosal depot", "central", "fast", "slow", "slow effect site", "dissociation site"
    )  # fmt: skip


def test_half_of_a_racemic_dose_is_esketamine() -> None:
    made = design(MOOD, dissociation=DISSOCIATION)
    pool = pool_of(made, 3, PEOPLE)
    body = kinetics_of(planned(made.arm[0], pool.weight_kg), pool, 3)
    assert body.share == library.assumed("esketamine-share")


def test_relief_fades_and_dissociation_is_looked_at_where_it_peaks() -> None:
    made = design(PAIN, dissociation=DISSOCIATION)
    pool = pool_of(made, 3, PEOPLE)
    course = course_of(made, made.arm[0], pool, 3)
    assert (np.diff(course.relief, axis=1) < 0.0).all()
    assert course.peak_percent is not None
    _, body, slots = solved(PAIN)
    fine = np.arange(0.1, 104.0, 0.1)
    highest = body.dissociation_percent(body.solve(slots, fine)[:, :, 1]).max(axis=1)
    assert course.peak_percent == pytest.approx(highest, rel=1e-3)
    assert {100.0, 100.1} <= set(looks_h(slots))


def test_mood_is_that_of_the_effect_file() -> None:
    made = design(MOOD)
    pool = pool_of(made, 3, PEOPLE)
    assert made.mood is not None
    dosing = planned(made.arm[0], pool.weight_kg)
    drug, control, said = mood_of(made.mood, dosing, pool, np.array([1.0, 14.0]))
    effect = library.effect("depression-mood-empirical").mood
    assert effect is not None
    scale = next(one for one in effect.amplitude if one.route == "iv")
    days = np.array([1.0, 14.0])
    starts = [0.0, 2.0, 4.0, 7.0, 9.0, 11.0]  # source: the regimen's days 1, 3, 5, 8, 10, 12
    assert drug[0] == pytest.approx(mood_drug_effect(effect, scale, starts, 0.5, days), rel=1e-5)
    assert control[0] == pytest.approx(mood_control_effect(scale, days))
    assert "6 sessions of 0.5 mg/kg" in said


def test_each_session_adds_by_its_own_dose() -> None:
    gives = ["0.1 mg/kg over 40 min", "0.5 mg/kg over 40 min at 48 h"]
    made = design(MOOD, arm__0__give=gives)
    pool, days = pool_of(made, 3, PEOPLE), np.array([1.0, 3.0])
    assert made.mood is not None
    drug, _, said = mood_of(made.mood, planned(made.arm[0], pool.weight_kg), pool, days)
    effect = library.effect("depression-mood-empirical").mood
    assert effect is not None
    scale = next(one for one in effect.amplitude if one.route == "iv")
    alone = [
        mood_drug_effect(effect, scale, [start], dose, days)
        for start, dose in ((0.0, 0.1), (2.0, 0.5))
    ]
    ceiling = scale.ceiling.value
    unbent = sum(ceiling * one / (ceiling - one) for one in alone)  # undoes the file's bend
    assert drug[0] == pytest.approx(ceiling * unbent / (ceiling + unbent), rel=1e-5)
    assert "0.1 to 0.5 mg/kg" in said


def test_what_stands_in_has_a_dose_in_the_unit_of_its_row() -> None:
    made = design(BOTH, mood__borrows__dose="35 mg")
    with pytest.raises(Refused, match="QUANTITY_UNIT_WRONG"):
        course_of(made, made.arm[0], pool_of(made, 3, PEOPLE), 3)


def test_what_stands_in_is_scaled_and_what_nothing_stands_for_is_refused() -> None:
    made = design(BOTH)
    pool = pool_of(made, 3, PEOPLE)
    course = course_of(made, made.arm[0], pool, 3)
    effect = library.effect("depression-mood-empirical").mood
    assert effect is not None
    scale = next(one for one in effect.amplitude if one.route == "iv")
    days = np.array(made.visits_d)
    share = 0.45  # source: the design's
    whole = mood_drug_effect(effect, scale, [0.0], 0.5, days)
    assert course.drug[0] == pytest.approx(share * whole)
    control = {"value": 2.0, "source": "assumed"}
    other = design(BOTH, mood__control=control)
    assert other.mood is not None
    found = mood_of(other.mood, planned(made.arm[0], pool.weight_kg), pool, days)[1]
    assert found[0, -1] == pytest.approx(2.0, rel=1e-6)  # as stated, whatever the share
    with pytest.raises(Refused, match="FIT_IMPOSSIBLE"):
        course_of(design(BOTH, mood__borrows=None), made.arm[0], pool, 3)


def test_people_whom_no_model_serves_are_refused() -> None:
    heavy = {"mean": "380 kg", "sd": "5 kg", "low": "300 kg", "high": "400 kg", "source": "assumed"}
    made = design(PAIN, population__weight=heavy)
    with pytest.raises(Refused, match="MODEL_UNSUITABLE"):
        course_of(made, made.arm[0], pool_of(made, 3, PEOPLE), 3)


def test_a_course_says_where_its_model_is_used_beyond_what_it_was_built_from() -> None:
    made = design(PAIN)
    course = course_of(made, made.arm[0], pool_of(made, 3, PEOPLE), 3)
    assert any("twofold" in one for one in course.notes)
    assert pain_effect().driver == "esketamine"

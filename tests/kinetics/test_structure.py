"""A model file and a person become rate matrices.

source: every expected number is arithmetic on the model file's own values.
"""

from __future__ import annotations

from dataclasses import replace

import judge
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from assuage.kinetics.engine import check_subject, curves
from assuage.kinetics.population import deviations
from assuage.kinetics.structure import (
    Cohort,
    Dose,
    Subject,
    base_factor,
    build,
    parameter_values,
    pushes_of,
)
from assuage.knowledge import library
from assuage.refusals import Refusal, Refused

ADULT = Subject(70.0, 40.0)


def values(model_id: str, subject: Subject) -> dict[str, float]:
    found = parameter_values(library.model(model_id), subject)
    return {name: float(one[0]) for name, one in found.items()}


def refusal_of(model_id: str, subject: Subject, doses: list[Dose]) -> Refusal:
    model = library.model(model_id)
    with pytest.raises(Refused) as caught:
        pushes_of(model, build(model, parameter_values(model, subject)), doses)
    return caught.value.refusal


@pytest.mark.parametrize("weight_kg", [41.0, 70.0, 118.5])
@pytest.mark.parametrize("model_id", judge.model_ids())
def test_every_parameter_is_the_judges(model_id: str, weight_kg: float) -> None:
    for ancestry in (None, "caucasian", "asian", "japanese"):
        subject = Subject(weight_kg, 71.0, None, ancestry)
        wanted = judge.values(judge.read(model_id), subject)
        found = values(model_id, subject)
        assert found.keys() == wanted.keys()
        assert_allclose([found[name] for name in wanted], list(wanted.values()), rtol=1e-12)


@pytest.mark.parametrize("model_id", judge.model_ids())
def test_every_matrix_is_the_judges_flows(model_id: str) -> None:
    model = library.model(model_id)
    found = judge.flows(judge.read(model_id), ADULT)
    size = len(model.compartment)
    wanted = np.zeros((size + 1, size))
    np.add.at(wanted, (found.end, found.start), found.rate)
    np.add.at(wanted, (found.start, found.start), -found.rate)
    system = build(model, parameter_values(model, ADULT))
    assert_allclose(system.matrix[0], wanted[:-1], rtol=1e-12, atol=1e-12)
    assert_allclose(-system.matrix[0].sum(axis=0), wanted[-1], rtol=1e-9, atol=1e-9)


def test_volumes_and_clearances_scale_with_weight() -> None:
    light, heavy = values("kamp-2020", ADULT), values("kamp-2020", replace(ADULT, weight_kg=140.0))
    for name in ("V1", "V2", "V3"):
        assert heavy[name] == pytest.approx(2.0 * light[name], rel=1e-12)
    for name in ("CL", "Q2", "Q3"):
        assert heavy[name] == pytest.approx(2.0**0.75 * light[name], rel=1e-12)


def test_peripheral_places_of_otto_do_not_scale() -> None:
    light, heavy = values("otto-2021", ADULT), values("otto-2021", replace(ADULT, weight_kg=110.0))
    same = {name for name in light if light[name] == heavy[name]}
    assert same == {"Vp1", "Q1", "Vp2", "Q2", "Vpn", "Qn"}


@pytest.mark.parametrize(("age", "years_above"), [(18.0, 0.0), (60.0, 0.0), (61.0, 1.0), (86, 26)])
def test_liver_flow_falls_with_each_year_above_60(age: float, years_above: float) -> None:
    model = library.model("perez-ruixo-2021")
    slope = next(one.value for one in model.covariate if one.covariate == "age_years")
    found = values("perez-ruixo-2021", Subject(74.0, age))["Qh"]
    assert found == pytest.approx(model.parameter["Qh"].value + slope * years_above, rel=1e-12)


@pytest.mark.parametrize(
    ("ancestry", "moved"),
    [
        (None, set()),
        ("caucasian", set()),
        ("asian", {"kel", "CLn"}),
        ("japanese", {"FRn", "kel", "CLn"}),
    ],
)
def test_ancestry_moves_what_the_paper_says(ancestry: str | None, moved: set[str]) -> None:
    model = library.model("perez-ruixo-2021")
    plain = values(model.id, Subject(74.0, 45.0))
    found = values(model.id, Subject(74.0, 45.0, None, ancestry))
    assert {name for name in model.parameter if found[name] != plain[name]} == moved
    for one in model.covariate:
        if one.parameter in moved:
            factor = found[one.parameter] / plain[one.parameter]
            assert factor == pytest.approx(one.value, rel=1e-12)


def test_clearance_of_norketamine_rises_with_time() -> None:
    model = library.model("flint-2017")
    now, later = (parameter_values(model, Subject(12.0, 3.0), None, t)["CLn"] for t in (0.0, 100.0))
    assert later / now == pytest.approx(1.0 + 100.0 * model.covariate[0].value, rel=1e-12)


def test_deviations_move_a_parameter_on_its_own_scale() -> None:
    model = library.model("perez-ruixo-2021")
    shift = np.array([-1.0, 0.0, 2.0])
    found = parameter_values(model, ADULT, {"FRn": shift, "Vc": shift})
    plain = parameter_values(model, ADULT)
    assert_allclose(found["Vc"], plain["Vc"] * np.exp(shift), rtol=1e-12)
    odds = found["FRn"] / (1.0 - found["FRn"])
    assert_allclose(odds, plain["FRn"] / (1.0 - plain["FRn"]) * np.exp(shift), rtol=1e-12)


def test_unknown_weight_is_refused_where_weight_counts() -> None:
    with pytest.raises(Refused) as caught:
        values("kamp-2020", Subject(None, 40.0))
    assert caught.value.refusal is Refusal.WEIGHT_UNKNOWN
    assert values("perez-ruixo-2021", Subject(None, 40.0))["Vc"] > 0


def test_unknown_age_is_refused_where_age_counts() -> None:
    with pytest.raises(Refused) as caught:
        values("perez-ruixo-2021", Subject(74.0, None))
    assert caught.value.refusal is Refusal.AGE_UNKNOWN


@pytest.mark.parametrize("model_id", judge.model_ids())
def test_an_unknown_route_is_refused(model_id: str) -> None:
    known = {one["route"] for one in judge.read(model_id)["input"]}
    for route in {"iv", "im", "sc", "nasal", "oral", "oromucosal", "rectal"} - known:
        given = [Dose(0.0, 10.0, route)]
        assert refusal_of(model_id, ADULT, given) is Refusal.ROUTE_MISMATCH


def test_a_route_with_its_own_input_time_takes_no_infusion() -> None:
    for model_id, route in [("perez-ruixo-2021", "nasal"), ("simons-2022", "oromucosal")]:
        given = [Dose(0.0, 28.0, route, 1.0)]
        assert refusal_of(model_id, ADULT, given) is Refusal.MODEL_UNSUITABLE


def test_a_dose_is_split_as_the_file_says() -> None:
    model = library.model("perez-ruixo-2021")
    system = build(model, parameter_values(model, ADULT))
    nose, throat = pushes_of(model, system, [Dose(2.0, 28.0, "nasal")])
    file = judge.read(model.id)
    wanted = judge.entries(file, ADULT, [judge.Given(2.0, 28.0, "nasal")])
    found = [(p.state, p.start_h, p.end_h or p.start_h, p.amount_mg[0]) for p in (nose, throat)]
    assert_allclose(found, wanted, rtol=1e-12)
    assert nose.end_h is None


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("1", 1.0),
        ("L/min", 60.0),
        ("mL/min", 0.06),
        ("1/s", 3600.0),
        ("min", 1 / 60),
        ("day", 24.0),
        ("ng/mL", 1e-3),
        ("g/mol", 1.0),
        ("kg", 1.0),
    ],
)
def test_units_become_hours_litres_and_milligrams(unit: str, factor: float) -> None:
    assert base_factor(unit) == pytest.approx(factor, rel=1e-12)


def test_a_unit_of_nothing_is_refused() -> None:
    with pytest.raises(Refused):
        base_factor("mmHg")


ANCESTRIES = (None, "caucasian", "asian", "japanese")


@pytest.mark.parametrize("model_id", judge.model_ids())
def test_a_cohort_is_its_people_one_by_one(model_id: str) -> None:
    """Bit for bit, in the whole and in a chunk, whatever their weight, age and ancestry."""
    model, rng = library.model(model_id), np.random.default_rng(6)
    weights, ages = rng.uniform(3.0, 200.0, 40), rng.uniform(0.0, 95.0, 40)
    cohort = Cohort(weights, ages, None, ANCESTRIES * 10)
    shifts = deviations(model, 40, 3)
    found = parameter_values(model, cohort, shifts)
    part = parameter_values(model, cohort.chunk(7, 30), deviations(model, 30, 3, 7))
    for place in range(40):
        own = {name: one[place : place + 1] for name, one in shifts.items()}
        subject = Subject(weights[place], ages[place], None, ANCESTRIES[place % 4])
        for name, one in parameter_values(model, subject, own).items():
            assert found[name][place] == one[0]
    for name, one in part.items():
        assert_array_equal(one, found[name][7:37])


def test_a_cohort_goes_through_the_engine() -> None:
    model, times = library.model("herd-2007"), np.array([0.1, 0.5, 2.0])
    weights = np.array([12.0, 25.0, 48.0, 70.0])
    cohort, doses = Cohort(weights, np.array([2.0, 7.0, 13.0, 14.0])), [Dose(0.0, 10.0, "iv", 0.25)]
    check_subject(model, cohort)
    shifts = deviations(model, 4, 1)
    _, found = curves(model, cohort, doses, times, shifts)
    for place, weight in enumerate(weights):
        own = {name: one[place : place + 1] for name, one in shifts.items()}
        _, alone = curves(model, Subject(weight, None), doses, times, own)
        assert_array_equal(found[place], alone[0])


@pytest.mark.parametrize(
    ("cohort", "refusal"),
    [
        (Cohort(np.array([20.0, 30.0]), None), Refusal.AGE_UNKNOWN),
        (Cohort(np.array([20.0, 30.0]), np.array([8.0, 40.0])), Refusal.AGE_OUTSIDE_MODEL),
        (Cohort(np.array([20.0, 390.0]), np.array([8.0, 9.0])), Refusal.WEIGHT_OUTSIDE_MODEL),
        (Cohort(np.array([1.0, 30.0]), np.array([8.0, 9.0])), Refusal.WEIGHT_OUTSIDE_MODEL),
    ],
)
def test_one_person_outside_a_model_refuses_a_cohort(cohort: Cohort, refusal: Refusal) -> None:
    with pytest.raises(Refused) as caught:
        check_subject(library.model("herd-2007"), cohort)
    assert caught.value.refusal is refusal


def test_a_cohort_without_what_the_model_needs_is_refused() -> None:
    ages, weights = np.array([30.0, 70.0]), np.array([60.0, 70.0])
    for model_id, cohort, refusal in [
        ("kamp-2020", Cohort(None, ages), Refusal.WEIGHT_UNKNOWN),
        ("perez-ruixo-2021", Cohort(weights, None), Refusal.AGE_UNKNOWN),
    ]:
        with pytest.raises(Refused) as caught:
            parameter_values(library.model(model_id), cohort)
        assert caught.value.refusal is refusal


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0])
def test_a_cohort_in_which_one_is_not_known_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="patient 1"):
        Cohort(np.array([70.0, bad]), None)
    with pytest.raises(ValueError, match="patient 1"):
        Cohort(np.array([70.0, 60.0]), np.array([30.0, bad]))
    with pytest.raises(ValueError):
        Cohort(np.array([0.0]), None)


def test_a_cohort_that_does_not_agree_is_refused() -> None:
    with pytest.raises(ValueError, match="agree"):
        Cohort(np.array([70.0, 60.0]), np.array([30.0]))
    with pytest.raises(ValueError, match="agree"):
        Cohort(np.array([70.0, 60.0]), None, ("female",))
    with pytest.raises(ValueError, match="agree"):
        Cohort(None, None)


@pytest.mark.parametrize("patients", [1, 3])
def test_covariates_and_deviations_of_other_numbers_are_refused(patients: int) -> None:
    model = library.model("herd-2007")
    cohort = Cohort(np.array([20.0, 30.0]), None)
    with pytest.raises(ValueError, match=f"{min(2, patients)} and {max(2, patients)}"):
        parameter_values(model, cohort, deviations(model, patients, 1))
    with pytest.raises(ValueError, match="1 and 2"):
        parameter_values(model, ADULT, {"V1": np.zeros(1), "CL": np.zeros(2)})


def test_a_weight_that_is_no_number_is_refused() -> None:
    for weight_kg in (float("nan"), 0.0, -70.0):
        with pytest.raises(ValueError):
            parameter_values(library.model("kamp-2020"), Subject(weight_kg, 40.0))

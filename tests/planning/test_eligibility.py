"""A request comes before the safety rules: slips first, then age and weight, then findings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import inf, nan

import pytest

from assuage.clock import FixedClock
from assuage.knowledge import library
from assuage.planning.eligibility import CONTEXT_OF_INDICATION, assess, contexts_of
from assuage.planning.patient import PastCourse, Patient
from assuage.planning.plan import make_plan
from assuage.planning.regimen import schedule
from assuage.refusals import Refusal, Refused
from planning.asking import ON, WELL, adult, ask, plan, refusal

LONG = "crps-inpatient-esketamine-100h"
CONTEXTS = {name for one in library.safety().precaution for name in one.contexts}


def past(days_ago: int, hours: float = 100, mg: float = 2000) -> PastCourse:
    return PastCourse(ON - timedelta(days=days_ago), hours, mg)


SLIPS = [
    ({"weight_kg": 700.0}, Refusal.QUANTITY_IMPLAUSIBLE),
    ({"weight_kg": 0.0}, Refusal.QUANTITY_IMPLAUSIBLE),
    ({"weight_kg": -70.0}, Refusal.QUANTITY_IMPLAUSIBLE),
    ({"weight_kg": nan}, Refusal.QUANTITY_IMPLAUSIBLE),
    ({"weight_kg": inf}, Refusal.QUANTITY_IMPLAUSIBLE),
    ({"weight_last_kg": 0.0}, Refusal.QUANTITY_IMPLAUSIBLE),
    ({"age_years": nan}, Refusal.QUANTITY_IMPLAUSIBLE),
    ({"age_years": 460.0}, Refusal.QUANTITY_IMPLAUSIBLE),
    ({"conditions": {**WELL, "pregnant": True}}, Refusal.FIELD_UNKNOWN),
    ({"past_courses": (past(-1),)}, Refusal.FIELD_INVALID),
    ({"systolic_mmhg": 80.0, "diastolic_mmhg": 120.0}, Refusal.FIELD_INVALID),
    ({"systolic_mmhg": nan}, Refusal.FIELD_INVALID),
    ({"weight_last_kg": 78.0}, Refusal.WEIGHT_DISAGREES),
    ({"weight_last_kg": 63.0}, Refusal.WEIGHT_DISAGREES),
    ({"weight_kg": None}, Refusal.WEIGHT_UNKNOWN),
    ({"age_years": None}, Refusal.AGE_UNKNOWN),
    ({"age_years": 17.9}, Refusal.AGE_OUTSIDE_REGIMEN),
    ({"age_years": 65.1}, Refusal.AGE_OUTSIDE_REGIMEN),
]


@pytest.mark.parametrize(("changes", "code"), SLIPS, ids=[one[1].name for one in SLIPS])
def test_what_cannot_be_true_or_does_not_fit_is_refused(
    changes: dict[str, object], code: Refusal
) -> None:
    request = ask("crps-outpatient-10d", adult(**changes))
    assert refusal(request).refusal is code


def test_the_ends_of_the_age_range_and_of_the_weight_change_are_inside() -> None:
    for changes in ({"age_years": 18.0}, {"age_years": 65.0}, {"weight_last_kg": 77.7}):
        assert plan(ask("crps-outpatient-10d", adult(**changes)))


@pytest.mark.parametrize(
    ("age_y", "kg", "code"),
    [
        (4, 160, Refusal.QUANTITY_IMPLAUSIBLE), (4, 70, Refusal.QUANTITY_IMPLAUSIBLE),
        (46, 70, Refusal.AGE_OUTSIDE_REGIMEN), (4, 1.6, Refusal.QUANTITY_IMPLAUSIBLE),
        (0.2, 5.5, Refusal.AGE_OUTSIDE_REGIMEN),
        (0.0, 3.5, Refusal.AGE_OUTSIDE_REGIMEN), (4, 16, None), (0.25, 6, None), (14, 50, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("route", ["im", "iv"])
def test_a_childs_weight_fits_its_age(
    age_y: float, kg: float, code: Refusal | None, route: str
) -> None:
    child = adult(age_years=age_y, weight_kg=kg)
    request = ask(f"procedural-sedation-child-{route}", child)
    if code is None:
        assert plan(request).patient.weight_kg == kg
    else:
        assert refusal(request).refusal is code


@pytest.mark.parametrize("id_", ["asthma-infusion", "anaesthesia-esketamine-induction"])
@pytest.mark.parametrize(("age_y", "kg"), [(0.1, 5.0), (4.0, 16.0), (17.9, 60.0)])
def test_an_age_range_that_nobody_read_serves_no_child(id_: str, age_y: float, kg: float) -> None:
    assert library.regimen(id_).people.age_years.low is None
    request = ask(id_, adult(age_years=age_y, weight_kg=kg))
    assert refusal(request).refusal is Refusal.AGE_OUTSIDE_REGIMEN
    assert plan(ask(id_))


@pytest.mark.parametrize(
    ("courses", "refused", "warned"),
    [
        ((past(16),), True, True), ((past(0),), True, True), ((past(17),), False, True),
        ((past(400),), False, True), ((past(16, hours=4),), False, False),
        ((past(90), past(10)), True, True), ((past(90), past(10, hours=4)), False, True),
        ((), False, False),
    ],
)  # fmt: skip
def test_a_second_long_course_after_16_days_is_refused(
    courses: tuple[PastCourse, ...], refused: bool, warned: bool
) -> None:
    """source: clinical reading 2.4: injury at 16 days (Noppers 2011); no later gap is shown safe.

    So 16 days refuse, and from 17 on the plan is made and still carries the warning.
    """
    request = ask(LONG, adult(past_courses=courses))
    if refused:
        assert refusal(request).refusal is Refusal.LIVER_INTERVAL
        return
    made = plan(request)
    assert any(one.kind == "cumulative" for one in made.findings) == warned
    short = ask("crps-outpatient-10d", adult(past_courses=courses))
    assert not any(one.kind == "cumulative" for one in plan(short).findings)


@pytest.mark.parametrize("kg", [0.7, 7.0, 19.9])
def test_no_adult_weighs_as_little_as_a_slipped_point(kg: float) -> None:
    assert refusal(ask("depression-iv", adult(weight_kg=kg))).code == "QUANTITY_IMPLAUSIBLE"


@pytest.mark.parametrize(("kg", "warned"), [(38, True), (40, False), (120, False), (154, True)])
def test_an_adults_unusual_weight_is_weighed_again(kg: float, warned: bool) -> None:
    found = plan(ask("depression-iv", adult(weight_kg=kg))).findings
    assert any(one.kind == "weight" for one in found) == warned


def test_a_leap_day_counts_as_a_day() -> None:
    ended = date(2028, 2, 20)
    patient = adult(past_courses=(PastCourse(ended, 100, 2000),))
    clock = FixedClock(datetime(2028, 2, 20, 9, 30, tzinfo=UTC))
    with pytest.raises(Refused) as caught:
        make_plan(ask(LONG, patient, on=date(2028, 3, 7)), clock)
    assert caught.value.refusal is Refusal.LIVER_INTERVAL
    made = make_plan(ask(LONG, patient, on=date(2028, 3, 8)), clock)
    assert made.cumulative.days_since_last == 17
    days = make_plan(ask("crps-outpatient-10d", adult(), on=date(2028, 2, 28)), clock).sessions
    assert [one.date for one in days[:3]] == ["2028-02-28", "2028-02-29", "2028-03-01"]


def test_what_was_not_answered_is_an_open_question() -> None:
    unknown = Patient(weight_kg=70.0, age_years=46.0)
    made = plan(ask("crps-outpatient-10d", unknown))
    assert made.verdict.status == "open questions"
    names = set(made.verdict.open)
    assert {"Medicines", "Earlier courses", "Blood pressure", "Pregnancy, elective use"} <= names
    assert len(names) > 10
    assert plan(ask("crps-outpatient-10d")).verdict.status == "for review"


@pytest.mark.parametrize("field", ["medicines", "past_courses", "systolic_mmhg", "diastolic_mmhg"])
def test_one_open_question_is_enough(field: str) -> None:
    made = plan(ask("crps-outpatient-10d", adult(**{field: None})))
    assert (made.verdict.status, len(made.verdict.open)) == ("open questions", 1)


@pytest.mark.parametrize("condition", sorted(WELL))
def test_leaving_out_one_condition_opens_it_wherever_it_is_asked(condition: str) -> None:
    answers = {name: answer for name, answer in WELL.items() if name != condition}
    request = ask("crps-outpatient-10d", adult(conditions=answers))
    contexts = contexts_of(library.regimen("crps-outpatient-10d"))
    asked = any(
        one.condition == condition and not one.drugs and {*contexts, "all"} & set(one.contexts)
        for one in library.safety().precaution
    )
    given = schedule(library.regimen(request.regimen), None, 70)
    found, refused = assess(request, library.regimen(request.regimen), given)
    assert any(one.grade == "open" for one in found) == asked
    assert refused == []


def test_a_brand_is_said_not_to_be_recognised_and_never_passed_over() -> None:
    made = plan(ask("crps-outpatient-10d", adult(medicines=("Neurontin", "paracetamol"))))
    seen = {one.name: one for one in made.findings if one.kind == "interaction"}
    assert set(seen) == {"Neurontin", "paracetamol"}
    assert all("brands are not" in one.text for one in seen.values())


def test_every_indication_has_a_context_that_the_precautions_know() -> None:
    for id_ in library.regimen_ids():
        regimen = library.regimen(id_)
        assert CONTEXT_OF_INDICATION[regimen.indication] in CONTEXTS
        assert "all" in contexts_of(regimen)
        assert ("esketamine" in contexts_of(regimen)) == (regimen.drug == "esketamine")


def test_findings_stand_worst_first_and_once() -> None:
    patient = Patient(weight_kg=70.0, age_years=46.0, conditions={"mania-history": True})
    made = plan(ask("crps-outpatient-10d", patient))
    grades = [one.grade for one in made.findings]
    order = ["absolute", "refuse", "relative", "disputed", "warn", "inform", "open"]
    assert grades == sorted(grades, key=order.index)
    assert grades[0] == "relative"
    keys = [(one.kind, one.name, one.text) for one in made.findings]
    assert len(keys) == len(set(keys))


def crossed(regimen: str, **changes: object) -> list[str]:
    made = plan(ask(regimen, adult(**changes)))
    return [one.name for one in made.findings if one.grade == "warn" and "baseline" in one.text]


def test_a_baseline_over_a_published_trigger_is_said_before_the_dose() -> None:
    """source: Spravato label, blood pressure: 140/90 under 65 y, 150/90 from 65 y."""
    nasal = "depression-nasal-esketamine"
    assert crossed(nasal, systolic_mmhg=128.0, diastolic_mmhg=78.0) == []
    assert crossed(nasal, systolic_mmhg=145.0, diastolic_mmhg=85.0) != []
    assert crossed(nasal, systolic_mmhg=145.0, diastolic_mmhg=85.0, age_years=70.0) == []
    assert crossed(LONG, systolic_mmhg=220.0, diastolic_mmhg=130.0) != []


def test_a_variant_written_for_the_patient_is_named() -> None:
    """source: Spravato labels of Hong Kong and Malaysia; day 1 is 28 mg from 65 years."""
    name = "Variant for this age: older-28-start"

    def named(age: float, variant: str | None = None) -> bool:
        patient = adult(age_years=age)
        made = plan(ask("depression-nasal-esketamine", patient, variant=variant))
        return name in [one.name for one in made.findings]

    assert named(70.0)
    assert not named(50.0)
    assert not named(70.0, "older-28-start")


@pytest.mark.parametrize("written", ["theophiline", "Theophyline", "aminophiline retard"])
def test_a_misspelled_medicine_that_matters_is_asked_about(written: str) -> None:
    made = plan(ask(LONG, adult(medicines=(written,))))
    assert made.verdict.status == "open questions"
    assert written in made.verdict.open


@pytest.mark.parametrize("written", ["Theofylline 200 mg", "Uniphyllin", "théophylline"])
def test_theophylline_is_known_by_its_other_names(written: str) -> None:
    refused = refusal(ask(LONG, adult(medicines=(written,))))
    assert refused.refusal is Refusal.THEOPHYLLINE

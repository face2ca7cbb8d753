"""A schedule is measured as the most that may be given, and held against every limit."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.knowledge import library
from assuage.knowledge.schema.regimen import GuardrailFact, Regimen
from assuage.planning import limits
from assuage.planning.regimen import Administration, schedule
from assuage.refusals import Refusal, Refused
from planning.asking import PLANNABLE

SOME = schedule(library.regimen("crps-outpatient-10d"), None, 70)[0]


def run(start: float, hours: float, rate: float, session: int = 1) -> Administration:
    return replace(
        SOME, session=session, start_h=start, duration_h=hours, rate_mg_per_h=rate,
        dose_mg=hours * rate, kind="infusion",
    )  # fmt: skip


def push(start: float, mg: float, *, as_needed: bool = False, session: int = 1) -> Administration:
    return replace(
        SOME, session=session, start_h=start, duration_h=None, rate_mg_per_h=None, dose_mg=mg,
        kind="bolus", as_needed=as_needed,
    )  # fmt: skip


def fact(quantity: str, unit: str, hard: float = 1e6) -> GuardrailFact:
    return GuardrailFact(
        quantity=quantity, unit=unit, hard=(0, hard), soft=(0, hard), typical=0,
        source="assuage-design", where="here", read="design",
    )  # type: ignore[arg-type]  # fmt: skip


MEASURED = [
    ("bolus", "mg", [push(0, 20), push(1, 30, as_needed=True)], 30),
    ("session_dose", "mg", [push(0, 20), push(1, 20, as_needed=True)], 40),
    ("session_dose", "mg", [push(0, 20), push(24, 30, session=2)], 30),
    ("course_dose", "mg", [push(0, 20), push(24, 30, session=2, as_needed=True)], 50),
    ("infusion_rate", "mg/h", [run(0, 4, 10), run(4, 4, 25)], 25),
    ("absolute_rate", "mg/h", [run(0, 4, 10), run(2, 4, 25)], 35),
    ("absolute_rate", "mg/h", [run(0, 4, 10), run(4 - 1e-9, 4, 25)], 25),
    ("daily_dose", "mg/day", [run(0, 48, 10)], 240),
    ("daily_dose", "mg/day", [run(0, 48, 10), run(48, 12, 40)], 120 + 480),
    ("daily_dose", "mg/day", [run(0, 20, 10), push(20, 100)], 300),
    ("daily_dose", "mg/day", [run(0, 30, 10), push(30, 100)], 340),
    ("daily_dose", "mg/day", [push(0, 100), push(23.9, 100), push(47.8, 100)], 200),
    ("daily_dose", "mg/day", [push(0, 100), push(24, 100)], 100),
    ("session_interval", "h", [push(0, 1), push(48, 1, session=2), push(72, 1, session=3)], 24),
]


@pytest.mark.parametrize(("quantity", "unit", "rows", "value"), MEASURED)
def test_what_a_limit_measures(
    quantity: str, unit: str, rows: list[Administration], value: float
) -> None:
    assert limits.measure(fact(quantity, unit), rows, None) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("quantity", list(limits.MEASURES))
def test_nothing_given_measures_nothing(quantity: str) -> None:
    assert limits.measure(fact(quantity, "mg"), [], None) is None


def test_a_limit_by_weight_needs_the_weight() -> None:
    with pytest.raises(Refused) as caught:
        limits.measure(fact("bolus", "mg/kg"), [push(0, 20)], None)
    assert caught.value.refusal is Refusal.WEIGHT_UNKNOWN


def test_dust_at_a_limit_passes_and_a_real_excess_does_not() -> None:
    """source: arithmetic: 0.8 x 70 / 70 is 0.8, though not in binary for every weight."""
    rail = fact("session_dose", "mg/kg", 0.8)
    for tenths in range(30, 2000):
        kg = tenths / 10
        assert limits.measure(rail, [push(0, 0.8 * kg)], kg) == 0.8
        over = limits.measure(rail, [push(0, 0.8 * kg * (1 + 1e-9))], kg)
        assert over is not None
        assert over > 0.8


HELD = [
    ([run(0, 4, 140)], 2), ([run(0, 1.9, 140)], None), ([run(0, 1, 140), run(1, 1, 140)], 2),
    ([run(0, 1, 140), run(1, 1, 70)], 1), ([run(0, 0.5, 210), run(0.5, 24, 35)], 0.5),
    ([run(0, 1, 140), run(1.5, 1, 140)], None), ([run(0, 3, 70), run(0, 3, 70)], 2),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "per_kg"), HELD)
def test_a_rate_is_held_however_it_is_cut_up(
    rows: list[Administration], per_kg: float | None
) -> None:
    """Two hours at 2 mg/kg/h in two pieces are two hours at 2 mg/kg/h."""
    assert limits.exposure(rows, 70).sustained_rate_mg_per_kg_per_h == per_kg


@given(st.integers(1, 40), st.floats(1, 400))
def test_cutting_an_infusion_up_changes_no_measure(pieces: int, rate: float) -> None:
    whole = [run(0, 10, rate)]
    cut = [run(k * 10 / pieces, 10 / pieces, rate) for k in range(pieces)]
    assert limits.exposure(cut, 70) == limits.exposure(whole, 70)
    for quantity in ("infusion_rate", "session_dose", "daily_dose"):
        one = limits.measure(fact(quantity, "mg"), whole, None)
        assert limits.measure(fact(quantity, "mg"), cut, None) == pytest.approx(one, rel=1e-9)


def test_an_unknown_weight_is_the_lightest_adult_and_zero_is_not_unknown() -> None:
    """source: the planner's own rule: 40 kg."""
    assert limits.lightest_kg() == 40.0
    assert limits.exposure([push(0, 80)], None).bolus_mg_per_kg == 2
    with pytest.raises(ZeroDivisionError):
        limits.exposure([push(0, 80)], 0.0)


def checked(regimen: Regimen, rows: list[Administration], kg: float = 70) -> list[str]:
    _, refused = limits.check(regimen, rows, kg, "ward", frozenset())
    return [one.code for one in refused]


@pytest.mark.parametrize("id_", PLANNABLE)
def test_a_regimen_without_its_guardrails_refuses(id_: str) -> None:
    regimen = library.regimen(id_)
    rows = list(schedule(regimen, None, 70))
    assert "LIMIT_MISSING" in checked(regimen.model_copy(update={"guardrail": ()}), rows)


@pytest.mark.parametrize("id_", PLANNABLE)
def test_a_tenfold_dose_passes_no_hard_limit(id_: str) -> None:
    """The commonest grave error with ketamine is tenfold; nobody can wave it through."""
    regimen = library.regimen(id_)
    child = regimen.people.age_years.high is not None and regimen.people.age_years.high <= 18
    for kg in (6, 24, 60) if child else (40, 70, 150):
        rows = [
            replace(one, dose_mg=10 * one.dose_mg, rate_mg_per_h=one.rate_mg_per_h and
                    10 * one.rate_mg_per_h)
            for one in schedule(regimen, None, kg)
        ]  # fmt: skip
        assert "DOSE_OVER_HARD_LIMIT" in checked(regimen, rows, kg), kg


@pytest.mark.parametrize("id_", PLANNABLE)
def test_a_dose_that_is_not_a_number_never_passes(id_: str) -> None:
    regimen = library.regimen(id_)
    rows = [
        replace(one, dose_mg=nan, rate_mg_per_h=one.rate_mg_per_h and nan)
        for one in schedule(regimen, None, 70)
    ]
    assert "DOSE_OVER_HARD_LIMIT" in checked(regimen, rows)


def test_a_guardrail_that_does_not_nest_is_damaged_knowledge() -> None:
    regimen = library.regimen("chronic-pain-iv")
    broken = regimen.guardrail[0].model_copy(update={"soft": (0, 99)})
    rows = list(schedule(regimen, None, 70))
    changed = regimen.model_copy(update={"guardrail": (broken,)})
    assert checked(changed, rows) == ["KNOWLEDGE_DAMAGED"]


def test_a_guard_says_where_the_plan_stands_and_whether_that_was_accepted() -> None:
    regimen = library.regimen("depression-iv")
    rows = schedule(regimen, "dose-1-0", 70)
    guards, refused = limits.check(regimen, rows, 70, "inpatient", frozenset())
    assert {one.verdict for one in guards} == {"above soft"}
    assert {one.refusal for one in refused} == {Refusal.DOSE_OVER_SOFT_LIMIT}
    taken = frozenset({"DOSE_OVER_SOFT_LIMIT"})
    guards, _ = limits.check(regimen, rows, 70, "inpatient", taken)
    assert {one.verdict for one in guards} == {"accepted"}
    assert all(one.source and one.where and one.read for one in guards)

"""Steps follow relief and side effects, and never pass a limit, whatever the rule asks.

source: guardrails of crps-inpatient-esketamine-100h: soft 0.346 and 32, hard 0.5 mg/kg/h and
50 mg/kg; steps of 5 mg/h per 70 kg are the designs' own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.virtual.courses import kinetics_of
from assuage.evidence.virtual.dosing import Dosing, held, planned, rows_of
from assuage.evidence.virtual.people import Pool, pool_of
from assuage.evidence.virtual.titration import titrated
from assuage.refusals import Refused
from evidence.virtual.designs import DISSOCIATION, PAIN, TITRATION, design

PEOPLE = 32


def stepped(**parts: Any) -> tuple[Dosing, Pool]:
    rule = {**TITRATION, **parts}
    made = design(PAIN, arm__0__titration=rule, dissociation=DISSOCIATION)
    pool = pool_of(made, 5, PEOPLE)
    dosing = planned(made.arm[0], pool.weight_kg)
    assert made.arm[0].titration is not None
    return titrated(dosing, made.arm[0].titration, kinetics_of(dosing, pool, 5), pool), pool


def rates(dosing: Dosing, pool: Pool) -> np.ndarray:
    """Return (steps, people) mg/h per 70 kg."""
    return np.array([one.dose_mg / one.duration_h / pool.weight_kg * 70.0 for one in dosing.slots])


def test_it_rises_a_step_at_a_time_to_the_last_that_is_allowed() -> None:
    dosing, pool = stepped(until_relief_percent=100.0, intolerable_percent=100.0)
    found = rates(dosing, pool)
    assert [one.start_h for one in dosing.slots] == [12.0 * k for k in range(9)]
    assert dosing.slots[-1].end_h == 100.0
    assert found[0] == pytest.approx(5.0)
    assert np.diff(found, axis=0) == pytest.approx(5.0 * (np.diff(found, axis=0) > 1.0))
    # the soft limit of 0.346 mg/kg/h is 24.2 mg/h per 70 kg, so 20 is the last whole step
    assert found.max(axis=0) == pytest.approx(20.0)


def test_a_hard_limit_is_never_passed_even_when_the_soft_one_may_be() -> None:
    dosing, pool = stepped(
        most="500 mg/h", limit="hard", until_relief_percent=100.0, intolerable_percent=100.0
    )
    found = rates(dosing, pool)
    assert found.max() == pytest.approx(35.0)  # 0.5 mg/kg/h, reached and not passed
    assert (dosing.total_mg() / pool.weight_kg).max() <= 50.0
    assert dosing.soft


@settings(max_examples=25, deadline=None)
@given(
    start=st.integers(1, 20),
    step=st.integers(1, 40),
    every=st.integers(3, 60),
    most=st.integers(20, 900),
    relief=st.floats(1.0, 100.0),
    bound=st.floats(1.0, 100.0),
    limit=st.sampled_from(["soft", "hard"]),
)
def test_no_rule_passes_a_limit(
    start: int, step: int, every: int, most: int, relief: float, bound: float, limit: str
) -> None:
    dosing, pool = stepped(
        start=f"{start} mg/h",
        step=f"{step} mg/h",
        every=f"{every} h",
        most=f"{most} mg/h",
        until_relief_percent=relief,
        intolerable_percent=bound,
        limit=limit,
    )
    high_rate, high_total = (0.346, 32.0) if limit == "soft" else (0.5, 50.0)
    assert rates(dosing, pool).max() / 70.0 <= high_rate * (1.0 + 1e-9)
    assert (dosing.total_mg() / pool.weight_kg).max() <= high_total * (1.0 + 1e-9)
    for person in range(PEOPLE):
        soft = held(dosing.regimen, rows_of(dosing.slots, person), float(pool.weight_kg[person]))
        assert limit == "hard" or soft == []


def test_enough_relief_ends_the_rise_and_side_effects_turn_it() -> None:
    free, pool = stepped(until_relief_percent=100.0, intolerable_percent=100.0)
    eased, _ = stepped(until_relief_percent=30.0, intolerable_percent=100.0)
    responds = pool.responds == 1.0
    a, b = (rates(one, pool)[-1] for one in (free, eased))
    assert (b[responds] < a[responds]).all()
    assert b[~responds] == pytest.approx(a[~responds])
    troubled, _ = stepped(until_relief_percent=100.0, intolerable_percent=30.0)
    steps = np.diff(rates(troubled, pool), axis=0)
    assert (steps < -1.0).any()
    assert rates(troubled, pool).min() == pytest.approx(5.0)


@pytest.mark.parametrize(
    "parts",
    [
        {"start": "40 mg/h", "most": "50 mg/h"},
        {"every": "1 h"},
    ],
)
def test_a_rule_that_cannot_be_applied_is_refused(parts: dict[str, str]) -> None:
    with pytest.raises(Refused, match="FIELD_INVALID"):
        stepped(**parts)


def test_without_a_curve_of_dissociation_nobody_knows_what_is_tolerable() -> None:
    made = design(PAIN, arm__0__titration=TITRATION, dissociation=DISSOCIATION)
    pool = pool_of(made, 5, PEOPLE)
    dosing = planned(made.arm[0], pool.weight_kg)
    body = replace(kinetics_of(dosing, pool, 5), dissociation=None)
    assert made.arm[0].titration is not None
    with pytest.raises(Refused, match="no curve of dissociation"):
        titrated(dosing, made.arm[0].titration, body, pool)


def test_only_one_infusion_without_a_break_can_be_stepped() -> None:
    made = design(
        PAIN,
        arm__0__regimen="crps-outpatient-10d",
        arm__0__titration=TITRATION,
        dissociation=DISSOCIATION,
    )
    pool = pool_of(made, 5, PEOPLE)
    dosing = planned(made.arm[0], pool.weight_kg)
    assert made.arm[0].titration is not None
    with pytest.raises(Refused, match="not one infusion"):
        titrated(dosing, made.arm[0].titration, kinetics_of(dosing, pool, 5), pool)

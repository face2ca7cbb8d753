"""Schedules by weight are the plan's own, and no hard limit is passed.

source: 0.5 mg/kg over 40 min is the regimen's own dose; 0.75 mg/kg/h is its quotient.
"""

from __future__ import annotations

import numpy as np
import pytest

from assuage.evidence.virtual.design import Arm
from assuage.evidence.virtual.dosing import planned, rows_of
from assuage.knowledge import library
from assuage.planning.regimen import schedule, sessions
from assuage.refusals import Refused

WEIGHTS = np.array([81.5, 50.0, 100.0])


def arm(**parts: object) -> Arm:
    return Arm.model_validate({"id": "drug", "n": 10, **parts})


@pytest.mark.parametrize("regimen", ["depression-iv", "crps-inpatient-esketamine-100h"])
def test_each_person_gets_what_a_plan_gives(regimen: str) -> None:
    found = planned(arm(regimen=regimen), WEIGHTS)
    for person, weight in enumerate(WEIGHTS):
        wanted = schedule(library.regimen(regimen), None, float(weight))
        mine = rows_of(found.slots, person)
        assert [(one.start_h, one.dose_mg, one.session) for one in mine] == [
            (one.start_h, one.dose_mg, one.session) for one in wanted
        ]
    starts = tuple(rows[0].start_h for rows in sessions(wanted).values())
    assert found.session_starts_h() == starts


def test_doses_written_out_stand_under_the_regimen_s_limits() -> None:
    gives = ["0.5 mg/kg over 40 min every 48 h x 3"]
    found = planned(arm(regimen="depression-iv", give=gives), WEIGHTS)
    assert found.session_starts_h() == (0.0, 48.0, 96.0)
    assert found.session_mg() == pytest.approx(np.outer(WEIGHTS, [0.5, 0.5, 0.5]))
    assert found.total_mg() == pytest.approx(1.5 * WEIGHTS)
    with pytest.raises(Refused, match="DOSE_OVER_HARD_LIMIT"):
        planned(arm(regimen="depression-iv", give=["5 mg/kg over 40 min"]), WEIGHTS)
    with pytest.raises(Refused, match="ROUTE_MISMATCH"):
        planned(arm(regimen="depression-iv", give=["0.5 mg/kg sc"]), WEIGHTS)


def test_each_session_has_its_own_dose() -> None:
    gives = ["0.4 mg/kg over 40 min at 48 h", "0.2 mg/kg over 40 min"]
    found = planned(arm(regimen="depression-iv", give=gives), WEIGHTS)
    assert found.session_mg() == pytest.approx(np.outer(WEIGHTS, [0.2, 0.4]))


def test_one_heavy_or_light_person_is_enough_for_a_refusal() -> None:
    fixed = arm(regimen="depression-iv", give=["70 mg over 40 min"])
    planned(fixed, np.array([80.0, 120.0]))
    with pytest.raises(Refused, match="DOSE_OVER_HARD_LIMIT"):
        planned(fixed, np.array([80.0, 20.0, 120.0]))


def test_what_passes_a_soft_limit_is_said() -> None:
    gives = ["0.9 mg/kg over 40 min"]
    assert "soft limit" in planned(arm(regimen="depression-iv", give=gives), WEIGHTS).soft[0]
    assert planned(arm(regimen="depression-iv"), WEIGHTS).soft == ()

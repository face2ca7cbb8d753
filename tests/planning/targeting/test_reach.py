"""Targets out of reach are refused, with one that isn't.

source: one percent more than the best is what the issue asks to be out of reach.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from planning.targeting.asking import PLASMA, found, refused

NAMED = re.compile(r"the (?:best|lowest) that can is ([0-9.]+) ng/mL")


def named(**changed: Any) -> float:
    one = refused(**changed)
    assert one.code == "TARGET_UNREACHABLE"
    match = NAMED.search(one.remedy)
    assert match is not None, one
    return float(match[1])


@pytest.mark.parametrize(
    "changed",
    [
        {"target": "300 ng/mL", "pump_max": "20 mL/h"},
        {"target": "300 ng/mL", "minute_max": "1 mg"},
        {"target": "200 ng/mL", "dose_max": "20 mg"},
        {"target": "500 ng/mL", "within": "7 min"},
        {**PLASMA, "target": "400 ng/mL", "regimen": "opioid-tolerant-infusion"},
        {"target": "400 ng/mL", "pump_max": "20 mL/h", "drug": "racemic-ketamine"},
    ],
)
def test_the_best_that_is_named_can_be_reached_and_no_more(changed: dict[str, Any]) -> None:
    best = named(**changed)
    found(**(changed | {"target": f"{best:g} ng/mL"}))
    assert (
        refused(**(changed | {"target": f"{best * 1.01:.6g} ng/mL"})).code == "TARGET_UNREACHABLE"
    )


def test_a_time_shorter_than_the_delay_to_the_effect_leaves_no_level() -> None:
    one = refused(within="3 min")
    assert one.code == "TARGET_UNREACHABLE"
    assert "no level" in one.sentence
    assert "--within" in one.remedy


def test_a_later_target_is_named_from_where_the_level_then_is() -> None:
    changed = {"target": "50 ng/mL at 0 min, 400 ng/mL at 10 min", "pump_max": "20 mL/h"}
    best = named(**changed)
    assert best > 50
    found(**(changed | {"target": f"50 ng/mL at 0 min, {best:g} ng/mL at 10 min"}))


def test_a_level_that_falls_too_slowly_is_refused_with_the_lowest() -> None:
    changed = {"target": "150 ng/mL at 0 min, 5 ng/mL at 15 min"}
    lowest = named(**changed)
    again = {"target": f"150 ng/mL at 0 min, {lowest:g} ng/mL at 15 min"}
    found(**again)
    assert refused(target=f"150 ng/mL at 0 min, {lowest * 0.98:.5g} ng/mL at 15 min")


@pytest.mark.parametrize(
    "changed",
    [
        {"concentration": "10 mg/mL", "pump_min": "2 mL/h"},
        {"concentration": "10 mg/mL", "pump_step": "2 mL/h"},
    ],
)
def test_a_pump_that_cannot_run_so_slowly_asks_for_a_dilution(changed: dict[str, Any]) -> None:
    one = refused(target="20 ng/mL", hold="1 h", **changed)
    assert one.code == "PUMP_RANGE"
    assert "dilution" in one.remedy
    assert "finer step" in one.remedy


def test_a_pump_step_too_coarse_to_hold_a_level_asks_for_a_finer_one() -> None:
    changed = {"concentration": "10 mg/mL", "pump_step": "0.9 mL/h", "target": "80 ng/mL"}
    one = refused(**changed, hold="2 h")
    assert one.code == "TARGET_UNREACHABLE"
    assert "finer --pump-step" in one.remedy
    assert "weaker --concentration" in one.remedy
    found(**(changed | {"pump_step": "0.1 mL/h"}), hold="2 h")

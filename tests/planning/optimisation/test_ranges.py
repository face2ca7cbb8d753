"""Ranges and limits: read exactly or refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from assuage.planning.optimisation.ranges import (
    Limits,
    days_in,
    goal_in,
    hours_in,
    least_percent,
    limits_in,
    rates_in,
)
from assuage.planning.prediction.course import PATIENTS
from assuage.refusals import Refused

HOSTILE = Path(__file__).parents[2] / "hostile_quantities.csv"


def test_what_is_read() -> None:
    """source: the arithmetic of each range, by hand."""
    assert rates_in("10..25 mg/h", 70.0) == (10.0, 12.5, 15.0, 17.5, 20.0, 22.5, 25.0)
    assert rates_in("10..25 mg/h by 5 mg/h", 70.0) == (10.0, 15.0, 20.0, 25.0)
    assert rates_in("10..24 mg/h by 5 mg/h", 70.0) == (10.0, 15.0, 20.0, 24.0)
    assert rates_in("0.1 mg/kg/h", 70.0) == pytest.approx((7.0,))
    assert hours_in("2..5 h") == (2.0, 3.0, 4.0, 5.0)
    assert hours_in("2..3 h") == (2.0, 2.5, 3.0)
    assert hours_in("90 min") == (1.5,)
    assert days_in("3..5") == (3.0, 4.0, 5.0)
    assert days_in("2..10 by 4") == (2.0, 6.0, 10.0)
    assert days_in("5") == (5.0,)
    assert goal_in("area") is None
    assert goal_in("day 28") == 28


@pytest.mark.parametrize(
    "text",
    [
        *("", "10", "nan mg/h", "inf mg/h", "10..nan mg/h", "-5..10 mg/h", "25..10 mg/h"),
        *("1,5..3 mg/h", "10..25", "10..25 mL", "10...25 mg/h", "10..25 mg/h by 0 mg/h"),
        *("10..25 mg/h by", "10..25 mg/h by 5", "1e1..25 mg/h", "10..25 mg/h by 0.001 mg/h"),
    ],
)
def test_a_rate_that_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        rates_in(text, 70.0)


@pytest.mark.parametrize("text", ["", "24 h", "2..30 h", "4", "nan h", "5..2 h", "0 h"])
def test_hours_that_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        hours_in(text)


@pytest.mark.parametrize("text", ["", "0", "10..3", "3.5", "nan", "3..", "100", "-1", "3..10 by 0"])
def test_days_that_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        days_in(text)


@pytest.mark.parametrize("text", ["", "day", "day 0", "day nan", "day 100", "28", "week 4"])
def test_goals_that_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        goal_in(text)


def test_no_hostile_quantity_is_read_as_a_range() -> None:
    with HOSTILE.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            text = line.get("text") or next(iter(line.values()))
            with pytest.raises(Refused):
                rates_in(f"{text}..", 70.0)
            with pytest.raises(Refused):
                limits_in(f"{text}..", "none")


def test_limits_are_stated_or_waived_by_name() -> None:
    assert limits_in("10 %", "20 mmHg") == Limits(10.0, None, 20.0)
    assert limits_in("2.5 % above 30", "none") == Limits(2.5, 30.0, None)
    assert limits_in("none", "20 mmHg", "1000 mg", "40 h") == Limits(
        None, None, 20.0, 1000.0, 40.0
    )  # source: the texts


@pytest.mark.parametrize(
    ("dissociation", "pressure", "code"),
    [
        (None, None, "OPTION_MISSING"),
        ("10 %", None, "OPTION_MISSING"),
        (None, "20 mmHg", "OPTION_MISSING"),
        ("none", "none", "OPTION_CONFLICT"),
        ("10", "20 mmHg", "QUANTITY_AMBIGUOUS"),
        ("nan %", "20 mmHg", "QUANTITY_AMBIGUOUS"),
        ("101 %", "20 mmHg", "QUANTITY_AMBIGUOUS"),
        ("-1 %", "20 mmHg", "QUANTITY_AMBIGUOUS"),
        ("10 %", "nan mmHg", "QUANTITY_AMBIGUOUS"),
        ("10 %", "20", "QUANTITY_UNIT_MISSING"),
        ("10 %", "20 kPa", "QUANTITY_UNIT_UNKNOWN"),
    ],
)
def test_limits_that_are_refused(dissociation: str, pressure: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        limits_in(dissociation, pressure)
    assert caught.value.code == code


@forall(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (hours_in, days_in, lambda one: rates_in(one, 70.0)):
        try:
            found = read(text)
        except Refused:
            continue
        assert list(found) == sorted(set(found))
        assert all(0.0 < one < 1e6 for one in found)  # source: the dimensions' own ends


def test_a_chance_that_the_draws_cannot_show_is_refused_with_the_least_that_they_can() -> None:
    """source: Wilson's 90 % interval of none in n, its upper end z^2 / (n + z^2), by hand."""
    square = 1.6448536269514722**2
    shown = 100.0 * square / (PATIENTS + square)
    assert shown <= least_percent() < shown + 0.1
    for text in ("0 %", "0.0 %", f"{least_percent() - 0.1:.1f} %", "0 % above 50"):
        with pytest.raises(Refused) as caught:
            limits_in(text, "20 mmHg")
        assert caught.value.code == "QUANTITY_IMPLAUSIBLE"
        assert f"{least_percent():g}" in str(caught.value)
    assert limits_in(f"{least_percent():.1f} %", "20 mmHg").dissociation_percent

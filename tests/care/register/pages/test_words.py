"""source: arithmetic; 1 mg is 1000 micrograms and 50 mg/mL is a vial's label."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from assuage.care.register.item import item
from assuage.care.register.pages import words


@pytest.mark.parametrize(
    ("ug", "told"),
    [(0, "0 mg"), (1, "0.001 mg"), (12_500, "12.5 mg"), (-5000, "−5 mg"), (20_000_000, "20000 mg")],
)
def test_milligrams_are_exact(ug: int, told: str) -> None:
    assert words.mg(ug) == told


def test_a_volume_is_exact_or_says_about() -> None:
    vial = item("ketamine-50/10mL")
    assert words.amount(12_345, vial) == "12.345 mg (0.2469 mL)"
    assert words.ml(1, vial) == "0.00002 mL"
    assert words.decimal(Fraction(1, 3)) == "about 0.3333"
    assert words.amount(28_000, item("esketamine-nasal-28")) == "28 mg"


def test_units_are_counted_in_words() -> None:
    assert [words.units(n) for n in (0, 1, 2, -1)] == ["0 units", "1 unit", "2 units", "−1 unit"]


def test_a_day_reads_the_same_everywhere() -> None:
    assert words.day(date(2026, 3, 2)) == "2 Mar 2026"


def test_an_hour_that_comes_twice_has_its_offset() -> None:
    zone = ZoneInfo("Europe/London")
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert words.clock_time(first, zone) == "01:30 (UTC+0100)"
    assert words.clock_time(second, zone) == "01:30 (UTC+0000)"
    assert words.clock_time(datetime(2026, 3, 2, 9, 5, tzinfo=UTC), zone) == "09:05"


def test_a_rule_that_isn_t_known_says_so() -> None:
    assert "doesn't know" in words.rule("gb", "gb-from-tomorrow").text
    assert words.rule("gb", "gb-entry-deadline").source.startswith("United Kingdom")
    own = words.rule("de", "register-entry-deadline-default")
    assert [one.text for one in own.marks] == ["assuage's own rule"]


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    assert words.unbroken("1 unit = 500 mg (10 mL)") == "1\u00a0unit = 500\u00a0mg (10\u00a0mL)"

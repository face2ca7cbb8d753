"""Administrations in words: what is read, what is refused, and the doses that come of it.

source: the numbers are arithmetic on the text beside them.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.kinetics.structure import Dose
from assuage.knowledge import library
from assuage.planning.give import (
    Give,
    doses_of,
    parse_give,
    read_time,
    read_times,
)
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension

KAMP = library.model("kamp-2020")
NASAL = library.model("perez-ruixo-2021")


def doses(*texts: str, weight_kg: float | None = 70.0) -> list[Dose]:
    return doses_of([parse_give(text) for text in texts], weight_kg, KAMP)


def refusal(text: str) -> Refusal:
    with pytest.raises(Refused) as caught:
        parse_give(text)
    return caught.value.refusal


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0.5 mg/kg over 40 min", [Dose(0.0, 35.0, "iv", 40 / 60)]),
        ("0.28 mg/kg/h for 60 min at 1 h", [Dose(1.0, 19.6, "iv", 1.0)]),
        ("10 mg/h for 4 h sc", [Dose(0.0, 40.0, "sc", 4.0)]),
        ("5 ug/kg/min for 2 h", [Dose(0.0, 42.0, "iv", 2.0)]),
        ("2 mg/kg bolus", [Dose(0.0, 140.0, "iv")]),
        ("at 1 h", None),
        ("35 mg bolus at 0 min", [Dose(0.0, 35.0, "iv")]),
        ("35 mg at 90 min im", [Dose(1.5, 35.0, "im")]),
        ("35 mg by mouth", [Dose(0.0, 35.0, "oral")]),
        ("35 mg sublingual", [Dose(0.0, 35.0, "oromucosal")]),
        ("28 mg intranasal", [Dose(0.0, 28.0, "nasal")]),
        (
            "10 mg over 30 min every 24 h x 3",
            [Dose(24.0 * k, 10.0, "iv", 0.5) for k in range(3)],
        ),
        ("every 2 h x 2 10 mg bolus", None),
        ("10 mg every 2 h x 2 bolus at 1 h", [Dose(1.0, 10.0, "iv"), Dose(3.0, 10.0, "iv")]),
    ],
)
def test_what_is_written_is_what_is_given(text: str, wanted: list[Dose] | None) -> None:
    if wanted is None:
        assert refusal(text) is Refusal.ADMINISTRATION_UNREADABLE
        return
    found = doses(text)
    assert [(one.route, one.duration_h) for one in found] == [
        (one.route, one.duration_h) for one in wanted
    ]
    for one, other in zip(found, wanted, strict=True):
        assert one.amount_mg == pytest.approx(other.amount_mg, rel=1e-12)
        assert one.start_h == pytest.approx(other.start_h, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "35 mg",
        "35 mg iv",
        "35 mg quickly",
        "35 mg at 1 h",
        "35 mg/h",
        "35 mg/h over 2 h",
        "35 mg/h bolus",
        "35 mg/h im",
        "35 mg for 2 h",
        "35 mg  bolus",
        " 35 mg bolus",
        "35 mg bolus ",
        "35 mg Bolus",
        "bolus 35 mg",
        "35 mg bolus bolus",
        "35 mg bolus over 1 h",
        "35 mg over 1 h over 1 h",
        "35 mg over 1 h for 1 h",
        "35 mg over",
        "35 mg over 1 h at",
        "35 mg nasal over 1 h",
        "35 mg im over 1 h",
        "35 mg nasal bolus",
        "35 mg im sc",
        "28 mg nasal intranasal",
        "35 mg by",
        "35 mg by nose",
        "35 mg oral by mouth",
        "35 mg bolus every 4 h",
        "35 mg bolus x 4",
        "35 mg bolus x 4 every 4 h",
        "35 mg bolus every 4 h x 0",
        "35 mg bolus every 4 h x -1",
        "35 mg bolus every 4 h x 1.5",
        "35 mg bolus every 4 h x",
        "35 mg bolus every 4 h at 1 h x 4",
        "35 mg bolus every 4 h x4",
        "35 mg bolus every 4 h x 2 x 2",
        "35 mg\tbolus",
        "35 mg bolus\n",
        "35 mg, bolus",
        "x 4",
        "35 mg over 1 h 30 min",
        "3 x 10 mg bolus",
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    found = refusal(text)
    assert found.name.startswith(("ADMINISTRATION_", "QUANTITY_"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Refusal.QUANTITY_EMPTY),
        ("1,5 mg bolus", Refusal.QUANTITY_AMBIGUOUS),
        ("1e3 mg bolus", Refusal.QUANTITY_AMBIGUOUS),
        ("-5 mg bolus", Refusal.QUANTITY_NOT_POSITIVE),
        ("0 mg bolus", Refusal.QUANTITY_NOT_POSITIVE),
        ("35 bolus", Refusal.QUANTITY_UNIT_MISSING),
        ("35 Mg bolus", Refusal.QUANTITY_UNIT_UNKNOWN),
        ("35 kg bolus", Refusal.QUANTITY_UNIT_WRONG),
        ("35 mg over 40", Refusal.QUANTITY_UNIT_MISSING),
        ("35 mg bolus every 4 h x 101", Refusal.QUANTITY_IMPLAUSIBLE),
        ("900 mg/kg bolus", Refusal.QUANTITY_IMPLAUSIBLE),
    ],
)
def test_a_wrong_quantity_says_what_is_wrong(text: str, code: Refusal) -> None:
    assert refusal(text) is code


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_give(text)
    except Refused:
        return
    assert isinstance(found, Give)


@given(st.text("0123456789. mgkh/overbluspinatx", max_size=40))
def test_nearly_right_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_give(text)
    except Refused:
        return
    assert found.amount.magnitude > 0
    assert found.amount.dimension in (
        *(Dimension.DOSE, Dimension.DOSE_PER_WEIGHT, Dimension.RATE, Dimension.RATE_PER_WEIGHT),
    )


def test_a_dose_by_weight_needs_a_weight() -> None:
    for text in ("0.5 mg/kg bolus", "0.1 mg/kg/h for 1 h"):
        with pytest.raises(Refused) as caught:
            doses(text, weight_kg=None)
        assert caught.value.refusal is Refusal.WEIGHT_UNKNOWN
    assert doses("35 mg bolus", weight_kg=None) == [Dose(0.0, 35.0, "iv")]


@pytest.mark.parametrize(("mg", "devices"), [(28, [28]), (56, [28, 28]), (70, [28, 28, 14])])
def test_a_nasal_dose_is_taken_in_devices(mg: int, devices: list[int]) -> None:
    found = doses_of([parse_give(f"{mg} mg nasal at 1 h")], None, NASAL)
    assert [one.amount_mg for one in found] == pytest.approx(devices)
    assert [one.route for one in found] == ["nasal", *["nasal-repeat"] * (len(devices) - 1)]
    starts = [1 + k * library.assumed("between-devices") / 60 for k in range(len(devices))]
    assert [one.start_h for one in found] == pytest.approx(starts)


def test_each_repeat_of_a_nasal_dose_starts_anew() -> None:
    found = doses_of([parse_give("56 mg nasal every 84 h x 2")], None, NASAL)
    assert [one.route for one in found] == ["nasal", "nasal-repeat"] * 2


def test_no_course_has_so_many_doses() -> None:
    for texts in (["9000 mg nasal every 1 h x 2"], ["1 mg bolus every 1 h x 100"] * 6):
        with pytest.raises(Refused) as caught:
            doses(*texts)
        assert caught.value.refusal is Refusal.QUANTITY_IMPLAUSIBLE


@given(st.integers(1, 20000), st.integers(1, 100), st.integers(1, 24))
def test_no_drug_is_lost_or_made(tenths: int, times: int, every: int) -> None:
    text = f"{Fraction(tenths, 10).__float__():g} mg over 30 min every {every} h x {times}"
    total = sum(one.amount_mg for one in doses(text))
    assert total == pytest.approx(tenths / 10 * times, rel=1e-5)


def test_times_are_read_in_order_and_once() -> None:
    assert read_times("80 min, 40 min,40 min, 0 h") == pytest.approx((0, 40 / 60, 80 / 60))
    assert read_time("0 min", "a time") == 0


@pytest.mark.parametrize("text", ["0", "0 mg", "1,5 h", "1 h,", ",", "1 h,  2 h", "-1 h", "0x h"])
def test_a_time_that_is_unsure_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_times(text)

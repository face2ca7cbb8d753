"""A regimen becomes a schedule by published arithmetic, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.knowledge import library
from assuage.planning.regimen import clean, is_weight_based, schedule, sessions, span_h, variant_of
from assuage.refusals import Refusal, Refused
from assuage.units import convert
from planning.asking import PLANNABLE, changed, use

# Appendix A of the clinical reading, row by row: value, unit, weight (kg), unit, result.
# The results are that table's, to the digits that it prints.
VECTORS = [
    ("0.5 mg/kg over 40 min", 0.5 / (40 / 60), "mg/kg/h", None, "mg/kg/h", "0.75"),
    ("0.5 mg/kg over 40 min", 0.75, "mg/kg/h", None, "ug/kg/min", "12.5"),
    ("Schwartzman, 60 kg", 0.35, "mg/kg/h", 60, "mg/h", "21"),
    ("Sigtermans, start", 1.2, "ug/kg/min", 70, "mg/h", "5.04"),
    ("Sigtermans, highest", 7.2, "ug/kg/min", 70, "mg/h", "30.24"),
    ("Loftus", 10, "ug/kg/min", None, "mg/kg/h", "0.6"),
    ("guideline ceiling", 1, "mg/kg/h", None, "ug/kg/min", "16.67"),
]


@pytest.mark.parametrize(("name", "value", "unit", "kg", "to", "result"), VECTORS)
def test_published_rates_convert(
    name: str, value: float, unit: str, kg: float | None, to: str, result: str
) -> None:
    if kg is not None:
        value, unit = convert(value, unit, "mg/kg/h") * kg, "mg/h"
    digits = len(result.partition(".")[2])
    assert f"{convert(value, unit, to):.{digits}f}" == result


@pytest.mark.parametrize(
    ("kg", "mg_h", "binds"),
    [(60, 21.0, False), (90, 25.0, True), (71.42, 24.997, False), (71.43, 25.0, True)],
)
def test_the_schwartzman_cap_binds_above_71_43_kg(kg: float, mg_h: float, binds: bool) -> None:
    given = schedule(library.regimen("crps-outpatient-10d"), None, kg)
    assert [one.day for one in given] == [1, 2, 3, 4, 5, 8, 9, 10, 11, 12]
    assert {one.rate_mg_per_h for one in given} == {mg_h}
    assert {one.dose_mg for one in given} == {clean(4 * mg_h)}
    assert {one.cap_binds for one in given} == {binds}
    assert all(("binds" in one.rule) == binds for one in given)


def test_the_cap_weight_and_the_mean_end_rate_are_appendix_a() -> None:
    """source: clinical reading, appendix A: 71.43 kg; 5.286 ug/kg/min; about 2,238 mg; x1.153."""
    assert round(25 / 0.35, 2) == 71.43
    (end,) = schedule(library.regimen("crps-inpatient-esketamine-100h"), "mean-end-rate", 70)
    assert end.rate_mg_per_h == 22.2
    assert round(convert(22.2 / 70, "mg/kg/h", "ug/kg/min"), 3) == 5.286
    assert round(22.2 * 4.2 * 24) == 2238
    assert end.dose_mg == pytest.approx(22.2 * 100)
    assert round(57.67 / 50, 3) == 1.153
    assert round(1.96 * 2**0.5 * 4.6, 2) == 12.75  # MDC95 of the PCS from its standard error


def test_half_a_milligram_in_forty_minutes_is_the_published_rate() -> None:
    """source: clinical reading, appendix A: 0.75 mg/kg/h; the file writes 40 min in ten digits."""
    (one,) = schedule(library.regimen("depression-iv"), "single", 70)
    assert one.dose_mg == 35
    assert one.rate_mg_per_h == pytest.approx(0.75 * 70, rel=1e-9)


def test_loftus_is_0_6_mg_per_kg_per_h() -> None:
    """source: clinical reading, appendix A: 10 ug/kg/min is 0.6 mg/kg/h."""
    bolus, run = schedule(library.regimen("opioid-tolerant-loftus"), None, 70)
    assert (bolus.dose_mg, run.rate_mg_per_h, run.dose_mg) == (35, 42.0, 168)


def test_the_coma_adds_up_to_600_mg_per_kg() -> None:
    """source: clinical reading, appendix A: 3+4+5+6+7 mg/kg/h for a day each is 42 g at 70 kg."""
    given = schedule(library.regimen("crps-coma"), "rising-to-7", 70)
    infused = [one for one in given if one.kind == "infusion"]
    assert [one.rate_mg_per_h for one in infused] == [210, 280, 350, 420, 490]
    assert sum(one.dose_mg for one in infused) == 42_000
    assert span_h(given) == 120


@pytest.mark.parametrize("id_", PLANNABLE)
def test_every_dose_is_its_rate_times_its_time(id_: str) -> None:
    for variant in library.regimen(id_).variant:
        for one in schedule(library.regimen(id_), variant.id, 63.7):
            assert one.dose_mg > 0
            if one.kind == "infusion":
                assert one.rate_mg_per_h is not None
                assert one.duration_h is not None
                product = one.rate_mg_per_h * one.duration_h
                assert product == pytest.approx(one.dose_mg, rel=1e-9)
            else:
                assert one.rate_mg_per_h is None  # a push has no pump rate


@given(id_=st.sampled_from(PLANNABLE), kg=st.floats(3, 200), factor=st.sampled_from([0.5, 2, 10]))
def test_a_dose_by_weight_grows_with_the_weight_and_a_fixed_one_does_not(
    id_: str, kg: float, factor: float
) -> None:
    regimen = library.regimen(id_)
    one, other = (schedule(regimen, None, weight) for weight in (kg, factor * kg))
    for a, b in zip(one, other, strict=True):
        by_weight = "kg" in a.segment.unit or a.segment.per_weight_kg
        if by_weight and not (a.cap_binds or b.cap_binds):
            assert b.dose_mg == pytest.approx(factor * a.dose_mg, rel=1e-9)
        elif not by_weight:
            assert a.dose_mg == b.dose_mg
        if a.segment.cap:
            cap = a.segment.cap
            value = a.rate_mg_per_h if cap.unit == "mg/h" else a.dose_mg
            assert value is not None
            assert value <= cap.value


@pytest.mark.parametrize("id_", PLANNABLE)
def test_days_and_hours_count_from_the_first_day(id_: str) -> None:
    for variant in library.regimen(id_).variant:
        given = schedule(library.regimen(id_), variant.id, 70)
        assert [one.start_h for one in given] == sorted(one.start_h for one in given)
        assert min(one.day for one in given) == variant.days[0] >= 1
        assert set(sessions(given)) == set(range(1, len(variant.days) + 1))
        for one in given:
            assert one.day == variant.days[one.session - 1]
            assert one.start_h == (one.day - 1) * 24 + one.in_session_h


def test_repeats_are_given_as_often_as_the_file_says() -> None:
    given = schedule(library.regimen("field-analgesia-iv"), "every-10", 70)
    assert [one.as_needed for one in given] == [False, True, True, True]
    assert [one.dose_mg for one in given] == [20] * 4
    devices = schedule(library.regimen("depression-nasal-esketamine"), "day1-56-then-84", None)
    assert [len(rows) for rows in sessions(devices).values()] == [2, *[3] * 7]


@pytest.mark.parametrize("id_", ["crps-paediatric-starship", "entrapment", "ward-infusion"])
def test_a_regimen_without_doses_is_not_planned(id_: str) -> None:
    with pytest.raises(Refused) as caught:
        schedule(library.regimen(id_), None, 70)
    assert caught.value.refusal is Refusal.NOT_PLANNABLE


def test_an_unknown_variant_and_an_unknown_weight_are_refused() -> None:
    regimen = library.regimen("crps-outpatient-10d")
    with pytest.raises(Refused) as caught:
        variant_of(regimen, "celling")
    assert caught.value.refusal is Refusal.VALUE_NOT_ALLOWED
    with pytest.raises(Refused) as caught:
        schedule(regimen, None, None)
    assert caught.value.refusal is Refusal.WEIGHT_UNKNOWN
    by_70 = library.regimen("crps-inpatient-esketamine-100h")
    with pytest.raises(Refused) as caught:
        schedule(by_70, None, None)
    assert caught.value.refusal is Refusal.WEIGHT_UNKNOWN


def test_a_limit_per_kg_makes_a_fixed_dose_ask_for_the_weight() -> None:
    regimen = library.regimen("chronic-pain-iv")
    assert is_weight_based(regimen, regimen.variant[0])
    nasal = library.regimen("depression-nasal-esketamine")
    assert not is_weight_based(nasal, nasal.variant[0])


@pytest.mark.parametrize(
    ("runs", "hours"),
    [
        ([(0, 4)], 4), ([(0, 4), (24, 4)], 4), ([(0, 24), (24, 24), (48, 52)], 100),
        ([(5, 3), (0, 2)], 3), ([(0, 10), (2, 3), (9, 5)], 14), ([], 0),
    ],
)  # fmt: skip
def test_touching_infusions_are_one(runs: list[tuple[float, float]], hours: float) -> None:
    one = schedule(library.regimen("crps-outpatient-10d"), None, 70)[0]
    assert span_h([replace(one, start_h=a, duration_h=b) for a, b in runs]) == hours


def test_the_dust_of_binary_arithmetic_is_no_dose() -> None:
    """source: arithmetic."""
    assert 0.8 * 70 / 70 != 0.8 or 0.1 * 3 != 0.3
    assert clean(0.1 * 3) == 0.3
    assert clean(0.8 * 70 / 70) == 0.8


def test_a_regimen_may_be_replaced_for_a_test_and_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        use(patch, changed("depression-iv", amount=9.0))
        assert schedule(library.regimen("depression-iv"), None, 10)[0].dose_mg == 90
    assert schedule(library.regimen("depression-iv"), None, 10)[0].dose_mg == 5

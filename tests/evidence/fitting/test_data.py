"""Rows become people; a row that doesn't hold is refused by its number.

source: the numbers in the rows, and conversion of units.
"""

from __future__ import annotations

import pytest

from assuage.evidence.fitting.data import Meaning
from assuage.kinetics.structure import Dose
from assuage.refusals import Refused
from evidence.fitting.studies import GOOD, PLAIN, read


def rows(*lines: str, head: str = "ID,TIME,AMT,DV") -> str:
    return "\n".join([head, *lines]) + "\n"


FULL = "ID,TIME,AMT,DV,EVID,MDV,RATE,ADDL,II,SS"
BAD = {
    "time falls": (rows("1,0,9,.", "1,2,.,1", "1,1,.,1"), 4, "before the row above"),
    "time is negative": (rows("1,-1,9,.", "1,2,.,1"), 2, "negative"),
    "no time": (rows("1,.,9,.", "1,2,.,1"), 2, "no TIME"),
    "no id": (rows(".,0,9,.", "1,2,.,1"), 2, "no ID"),
    "an id comes again": (rows("1,0,9,.", "1,2,.,1", "2,0,9,.", "1,3,.,1"), 5, "again"),
    "a level on a dose": (rows("1,0,9,4", "1,2,.,1"), 2, "DV of 4"),
    "a negative level": (rows("1,0,9,.", "1,2,.,-1"), 3, "negative"),
    "a comma": (rows("1,0,9,.", '1,2,.,"1,5"'), 3, "isn't a number"),
    "no level": (rows("1,0,9,.", "1,2,.,."), 3, "no DV"),
    "no dose": (rows("1,2,.,1"), 2, "no dose"),
    "an amount on a sample": (rows("1,2,9,1,0,.,.,.,.,.", head=FULL), 2, "AMT of 9"),
    "a dose of nothing": (rows("1,0,0,.,1,.,.,.,.,.", head=FULL), 2, "no AMT above zero"),
    "a negative dose": (rows("1,0,-5,.", "1,2,.,1"), 2, "no AMT above zero"),
    "a reset": (rows("1,0,9,.,3,.,.,.,.,.", head=FULL), 2, "EVID 3"),
    "another code": (rows("1,0,9,.,101,.,.,.,.,.", head=FULL), 2, "EVID 101"),
    "steady state": (rows("1,0,9,.,1,.,.,.,12,1", head=FULL), 2, "SS"),
    "an estimated rate": (rows("1,0,9,.,1,.,-2,.,.,.", head=FULL), 2, "RATE -2"),
    "repeats without interval": (rows("1,0,9,.,1,.,.,3,.,.", head=FULL), 2, "without an II"),
    "half a repeat": (rows("1,0,9,.,1,.,.,1.5,12,.", head=FULL), 2, "isn't a count"),
    "too many repeats": (rows("1,0,9,.,1,.,.,9999,12,.", head=FULL), 2, "isn't a count"),
    "an odd MDV": (rows("1,2,.,1,0,2,.,.,.,.", head=FULL), 2, "MDV 2"),
    "a weight that changes": (GOOD.replace("7.0,80", "7.0,81"), 4, "WT changes"),
    "a weight of zero": (GOOD.replace(",80", ",0"), 2, "isn't above zero"),
    "a flag without a limit": (
        rows("1,0,9,.,.", "1,2,.,1,1", head="ID,TIME,AMT,DV,BLQ"),
        3,
        "no limit was given",
    ),
    "nothing to use": (rows("1,0,9,.", "1,2,.,1,1", head="ID,TIME,AMT,DV,MDV").replace(
        "1,0,9,.", "1,0,9,.,1"), 1, "nobody"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD, ids=lambda one: one)
def test_a_row_that_does_not_hold_is_refused_by_its_number(case: str) -> None:
    text, row, why = BAD[case]
    with pytest.raises(Refused) as caught:
        read(text)
    assert caught.value.code == "DATA_INVALID"
    assert f"row {row}:" in caught.value.sentence
    assert why in caught.value.sentence


def test_the_plain_study_is_read_whole() -> None:
    data = read(GOOD)
    first, second = data.people
    assert (data.rows, data.dose_rows, data.samples, data.censored) == (6, 2, 4, 0)
    assert (dict(data.left_out), data.unread) == ({}, ())
    assert first.doses == (Dose(0.0, 320.0, "oral"),)
    assert (first.times_h, first.levels, first.rows) == ((1.0, 4.0), (8.2, 7.0), (3, 4))
    assert second.subject.weight_kg == 70.0


def test_units_are_converted_and_unknown_ones_refused() -> None:
    meaning = Meaning("min", "ug", "ng/mL", {None: "oral"}, {None: "theophylline"})
    (one,) = read(rows("1,0,500,.", "1,90,.,250"), meaning).people
    assert one.doses[0].amount_mg == pytest.approx(0.5)
    assert one.times_h == pytest.approx((1.5,))
    assert one.levels == pytest.approx((0.25,))
    for unit in ("furlong", "mg", "nmol/L"):
        with pytest.raises(Refused) as caught:
            read(GOOD, Meaning("h", "mg", unit, {None: "oral"}, {None: "theophylline"}))
        assert caught.value.code == "VALUE_NOT_ALLOWED"


def test_infusions_and_repeats_are_written_out() -> None:
    (one,) = read(rows("1,0,60,.,1,.,30,2,12,.", "1,30,.,1,0,.,.,.,.,.", head=FULL)).people
    assert [dose.start_h for dose in one.doses] == [0.0, 12.0, 24.0]
    assert {dose.duration_h for dose in one.doses} == {2.0}
    in_minutes = Meaning("min", "mg", "mg/L", {None: "iv"}, {None: "x"})
    (two,) = read(
        rows("1,0,60,.,1,.,30,.,.,.", "1,30,.,1,0,.,.,.,.,.", head=FULL), in_minutes
    ).people
    assert two.doses[0].duration_h == pytest.approx(2.0 / 60.0)


def test_rows_that_are_not_used_are_counted_with_their_reason() -> None:
    lines = (
        *("1,0,9,.,1,.", "1,1,.,2,0,.", "1,2,.,3,0,1", "1,3,.,.,2,1"),
        *("2,0,9,.,1,.", "2,1,.,.,0,1"),
    )
    data = read(rows(*lines, head="ID,TIME,AMT,DV,EVID,MDV"))
    assert dict(data.left_out) == {
        "EVID 2": 1,
        "MDV 1": 2,
        "rows of people with no sample to use": 1,
    }
    assert data.rows == data.dose_rows + data.samples + sum(data.left_out.values())


def test_codes_choose_routes_and_analytes_and_an_unknown_one_is_refused() -> None:
    head = "ID,TIME,AMT,DV,CMT,DVID"
    lines = ("1,0,9,.,1,.", "1,0.5,5,.,2,.", "1,1,.,2,2,1", "1,2,.,3,2,2", "1,3,.,9,2,3")
    meaning = Meaning(
        "h", "mg", "mg/L", {"1": "oral", "2": "iv"}, {"1": "parent", "2": "child", "3": "skip"}
    )
    data = read(rows(*lines, head=head), meaning)
    assert [dose.route for dose in data.people[0].doses] == ["oral", "iv"]
    assert data.people[0].analytes == ("parent", "child")
    assert dict(data.left_out) == {"DVID 3 skipped": 1}
    fewer = Meaning("h", "mg", "mg/L", {"1": "oral"}, {"1": "parent"})
    with pytest.raises(Refused, match="row 3: CMT '2' has no route"):
        read(rows(*lines, head=head), fewer)


def test_levels_below_the_limit_are_kept_as_such() -> None:
    meaning = Meaning("h", "mg", "mg/L", PLAIN.routes, PLAIN.analytes, lloq=0.5)
    head = "ID,TIME,AMT,DV,BLQ"
    lines = ("1,0,9,.,0", "1,1,.,2,0", "1,2,.,0.3,0", "1,3,.,.,1", "1,4,.,0.5,0")
    (one,) = read(rows(*lines, head=head), meaning).people
    assert one.censored == (False, True, True, False)
    assert one.levels == (2.0, 0.5, 0.5, 0.5)


def test_a_sample_at_the_time_of_a_bolus_is_before_or_after_it_as_written() -> None:
    before = "1,0,9,.", "1,5,.,1", "1,5,9,."
    assert not read(rows(*before)).people[0].after_dose
    assert read(rows("1,0,9,.", "1,0,.,1")).people[0].after_dose
    with pytest.raises(Refused, match="both before and after"):
        read(rows(*before, "1,5,.,2"))


def test_people_stand_in_the_order_of_their_ids_wherever_their_rows_stand() -> None:
    blocks = [rows(f"{n},0,9,.", f"{n},1,.,{n}").split("\n", 1)[1] for n in (10, 9, 1)]
    text = "ID,TIME,AMT,DV\n"
    assert [one.id for one in read(text + "".join(blocks)).people] == ["1", "9", "10"]
    named = "".join(blocks).replace("\n9,", "\nb,")
    assert [one.id for one in read(text + named).people] == ["1", "10", "b"]


def test_covariates_that_the_model_does_not_need_are_left_unread_and_listed() -> None:
    changing = GOOD.replace("7.0,80", "7.0,x")
    meaning = Meaning("h", "mg", "mg/L", PLAIN.routes, PLAIN.analytes, covariates=frozenset())
    data = read(changing, meaning)
    assert data.unread == ("WT",)
    assert data.people[0].subject.weight_kg is None


def test_sex_is_read_by_the_codes_that_were_told() -> None:
    text = GOOD.replace("WT", "SEX").replace(",80", ",0").replace(",70", ",1")
    told = Meaning("h", "mg", "mg/L", PLAIN.routes, PLAIN.analytes, {"0": "female", "1": "male"})
    assert [one.subject.sex for one in read(text, told).people] == ["female", "male"]
    assert [one.subject.sex for one in read(text).people] == [None, None]
    half = Meaning("h", "mg", "mg/L", PLAIN.routes, PLAIN.analytes, {"0": "female"})
    with pytest.raises(Refused, match="SEX '1' has no meaning"):
        read(text, half)

from __future__ import annotations

from datetime import date

import pytest

from assuage.care.register.pages import Wanted, dispensing_log, receipt_log, waste_log
from assuage.care.register.pages.sheet import Sheet
from assuage.knowledge import library
from assuage.refusals import Refused

from .fortnight import Clinic
from .test_register import row, said


def numbers(sheet: Sheet) -> list[int]:
    return [int(r.name) for one in sheet.parts if one.table for r in one.table.rows]


def labels(sheet: Sheet) -> list[str]:
    table = sheet.parts[0].table
    assert table is not None
    return [one.label for one in table.columns]


def test_the_logs_have_the_law_s_columns_in_their_order_and_show_the_doubt(
    portland: Clinic,
) -> None:
    on = date(2026, 3, 17)
    basis = portland.basis()
    for sheet, kind in (
        (dispensing_log(basis), "page-heading-supplied"),
        (receipt_log(basis), "page-heading-obtained"),
    ):
        duty = library.duties("us", kind, on)[0]
        assert labels(sheet)[1 : 1 + len(duty.columns)] == list(duty.columns)
        table = sheet.parts[0].table
        assert table is not None
        assert "unverified" in table.columns[1].group
        marked = [one for one in sheet.statements if duty.text in one.text]
        assert [mark.text for mark in marked[0].marks] == ["unverified"]
        assert sheet.paper == "us-letter"


def test_a_log_holds_its_entries_and_their_sum_as_it_stands(portland: Clinic) -> None:
    basis = portland.basis()
    assert numbers(dispensing_log(basis)) == [5, 9, 20, 27]
    # source: the doses of fortnight.py: 35 + 62.5 + 45, as corrected, + 500
    assert ("Given, as it stands now", "642.5 mg (12.85 mL)") in dispensing_log(basis).parts[
        0
    ].pairs
    assert numbers(waste_log(basis)) == [6, 10, 21]
    assert sorted(numbers(receipt_log(basis))) == [1, 2, 14]
    assert [one.entry for one in dispensing_log(basis).parts[0].notes] == [20]
    assert "45 mg (0.9 mL)" in said(row(dispensing_log(basis), 20))
    assert "40 mg" in said(row(dispensing_log(basis), 20))
    assert "Noa Lindqvist (noa), signed in by passphrase" in said(row(waste_log(basis), 6))
    assert "CD-WL-20418" in said(row(receipt_log(basis), 1))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(schedule="III"), [5, 9, 20, 27]),
        (Wanted(schedule="II"), []),
        (Wanted(patient="p-0152"), [9, 27]),
        (Wanted(drug="ketamine-50"), [5, 9, 20, 27]),
        (Wanted(drug="esketamine"), []),
        (Wanted(person="ned"), [9]),
        (Wanted(person="dia"), [5, 9, 20, 27]),
        (Wanted(first=date(2026, 3, 3), last=date(2026, 3, 9)), [9, 20]),
        (Wanted(patient="p-0147", first=date(2026, 3, 9)), [20]),
    ],
)
def test_an_inspector_finds_what_is_asked_for(
    portland: Clinic, wanted: Wanted, found: list[int]
) -> None:
    sheet = dispensing_log(portland.basis(), wanted)
    assert numbers(sheet) == found
    assert len(sheet.records.rows) == len(found)
    assert str(wanted) in sheet.scope
    if not found:
        assert sheet.parts[0].table is not None
        assert sheet.parts[0].table.empty == "No such dose was entered."


def test_a_drug_that_isn_t_here_is_refused(portland: Clinic) -> None:
    with pytest.raises(Refused) as refused:
        dispensing_log(portland.basis(), Wanted(drug="ketamin"))
    assert "racemic-ketamine" in str(refused.value)

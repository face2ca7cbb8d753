from __future__ import annotations

from datetime import date

import pytest

from assuage.care.register.pages import destruction_form, loss_form, losses
from assuage.care.register.pages.sheet import Sheet
from assuage.knowledge import library
from assuage.refusals import Refused

from .fortnight import Clinic


def answers(sheet: Sheet) -> dict[str, tuple[str, ...]]:
    table = sheet.parts[0].table
    assert table is not None
    return {one.cells[0].lines[0]: one.cells[1].lines for one in table.rows}


def test_the_loss_s_data_has_every_field_in_the_law_s_order(portland: Clinic) -> None:
    basis = portland.basis()
    case = losses(basis.book)[0]
    sheet = loss_form(basis, case.id)
    told = answers(sheet)
    fields = library.duties("us", "loss-form-fields", date(2026, 3, 10))
    assert list(told) == [name for one in fields for name in one.columns]
    assert told["DEA registration number"] == ("FW1234563",)
    assert told["Quantity lost"] == ("1 unit = 500 mg (10 mL)",)
    assert told["Phone number"] == ("to be filled in by hand",)
    pairs = dict(sheet.parts[0].pairs)
    # source: one business day and 45 calendar days from Tuesday, 10 March 2026
    assert pairs["Written notice by"].startswith("11 Mar 2026")
    assert pairs["Form by"].startswith("24 Apr 2026")
    assert sheet.scope == "This is data for the form. It is not the form."
    marks = [mark.text for one in sheet.statements for mark in one.marks]
    assert "read second-hand" in marks
    by_hand = {row[1]: row[3] for row in sheet.records.rows}
    assert (by_hand["Phone number"], by_hand["Quantity lost"]) == ("yes", "no")


def test_an_unknown_discrepancy_is_refused(portland: Clinic) -> None:
    with pytest.raises(Refused):
        loss_form(portland.basis(), "x-none")


def test_the_destruction_s_data_has_every_field_in_the_law_s_order(portland: Clinic) -> None:
    sheet = destruction_form(portland.basis())
    told = answers(sheet)
    fields = library.duties("us", "destruction-form-fields", date(2026, 3, 12))
    assert list(told) == [name for one in fields for name in one.columns]
    assert told["Total destroyed"] == ("2 units = 1000 mg (20 mL)",)
    assert told["National Drug Code or DEA controlled substances code number"] == ("7285",)
    witnesses = [value[0] for name, value in told.items() if "witness" in name]
    assert [one.split(" (")[0] for one in witnesses] == ["Ned Farrell", "Pol Whitcombe"]
    assert "which of them" in told["Batch number"][1]


def test_nothing_destroyed_says_so(portland: Clinic) -> None:
    sheet = destruction_form(portland.basis(), [])
    assert sheet.parts[0].title == "Nothing was destroyed."


def test_where_no_form_is_known_none_is_asked(leeds: Clinic) -> None:
    basis = leeds.basis()
    sheet = loss_form(basis, losses(basis.book)[0].id)
    assert answers(sheet) == {}
    assert "names no day" in dict(sheet.parts[0].pairs)["Form by"]

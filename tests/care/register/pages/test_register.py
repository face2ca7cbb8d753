from __future__ import annotations

from datetime import date

from assuage.care.register import facts as f
from assuage.care.register.pages import PageOf, register
from assuage.care.register.pages.headings import FIELDS, asked
from assuage.care.register.pages.ledger import ledgers
from assuage.care.register.pages.sheet import Part, Row, Sheet
from assuage.knowledge import library

from ...world import VIAL, World
from .fortnight import Clinic


def row(sheet: Sheet, number: int, title: str = "") -> Row:
    found = [
        one
        for part in sheet.parts
        if part.table and title in part.title
        for one in part.table.rows
        if one.name == str(number)
    ]
    assert found, number
    return found[0]


def said(one: Row) -> str:
    lines = [line for cell in one.cells for line in cell.lines]
    return " ".join([*lines, *(mark.text for mark in one.marks), *one.details])


def part(sheet: Sheet, title: str) -> Part:
    return next(one for one in sheet.parts if title in one.title)


def test_each_page_has_the_law_s_columns_in_their_order(leeds: Clinic) -> None:
    on = date(2026, 3, 17)
    obtained = library.duties("gb-eng", "page-heading-obtained", on)[0]
    supplied = library.duties("gb-eng", "page-heading-supplied", on)[0]
    for one in register(leeds.basis()).parts:
        assert one.table is not None
        labels = [column.label for column in one.table.columns]
        assert labels == ["Entry", *asked(obtained), *asked(supplied), "Balance in units"]
        assert all(sum(cell.span for cell in r.cells) == len(labels) - 1 for r in one.table.rows)
        assert one.head == "KETAMINE"


def test_every_heading_of_every_law_has_its_field() -> None:
    on = date(2026, 3, 17)
    for place in library.place_codes():
        for kind in ("page-heading-obtained", "page-heading-supplied"):
            for duty in library.duties(place, kind, on):
                assert [one for one in asked(duty) if one not in FIELDS] == []


def test_every_line_shows_the_balance_that_was_computed(leeds: Clinic) -> None:
    basis = leeds.basis()
    for held, shown in zip(ledgers(basis.book), register(basis).parts, strict=True):
        assert shown.table is not None
        printed = [(one.name, one.cells[-1].lines[0]) for one in shown.table.rows]
        assert printed == [(str(one.number), str(one.balance_units)) for one in held.lines]


def test_a_late_entry_is_flagged_with_its_rule(leeds: Clinic) -> None:
    sheet = register(leeds.basis())
    assert "LATE by 2 days (gb-entry-deadline)" in [one.text for one in row(sheet, 14).marks]
    assert "Happened 2 Mar 2026 12:00. Entered 5 Mar 2026 14:00" in said(row(sheet, 14))
    assert "LATE" not in said(row(sheet, 16))
    rules = [one.text for one in sheet.statements if one.text.startswith("gb-entry-deadline")]
    assert len(rules) == 1


def test_a_correction_is_a_dated_footnote_and_the_entry_stays(leeds: Clinic) -> None:
    sheet = register(leeds.basis())
    main = part(sheet, "10 mL · main")
    note = main.notes[0]
    assert (note.number, note.entry, note.dated) == (15, 14, "5 Mar 2026 14:30")
    words = " ".join(note.lines)
    assert "To entry 14 (Received): The delivery note says 6 vials" in words
    assert "says 5 units = 2500 mg (50 mL); it should say 6 units = 3000 mg (60 mL)" in words
    assert "Witness: Pol Whitcombe (pol), signed in by passphrase" in words
    assert row(sheet, 14).cells[2].lines == ("5 units", "2500 mg", "50 mL")
    assert [one.text for one in row(sheet, 14).marks][1:] == ["see footnote 15"]
    assert "+1 unit" in said(row(sheet, 15))


def test_a_unit_can_be_followed_to_the_patient_the_waste_and_back(leeds: Clinic) -> None:
    sheet = register(leeds.basis())
    assert "given 35 mg, wasted 465 mg; nothing left over" in said(row(sheet, 4, "suite"))
    assert "Margaret Elphinstone" in said(row(sheet, 5))
    assert "of the unit: 35 mg 0.7 mL" in said(row(sheet, 5))
    assert "given by Nia Okonkwo (nia)" in said(row(sheet, 5))
    assert "prescriber Dr Diana Achterberg (dia)" in said(row(sheet, 5))
    assert "465 mg (9.3 mL)" in said(row(sheet, 6))
    assert "signed in by passphrase on 2 Mar 2026 10:18" in said(row(sheet, 6))
    assert "is back in the cabinet" in said(row(sheet, 12))
    assert row(sheet, 13).cells[2].lines[0] == "1 unit"
    assert "50 mg NOT ACCOUNTED FOR YET" in said(row(sheet, 35))
    assert "50 mg NOT ACCOUNTED FOR YET" in part(sheet, "Esketamine").alarms[0]


def test_an_erased_patient_leaves_the_number_and_every_milligram(leeds: Clinic) -> None:
    sheet = register(leeds.basis())
    assert row(sheet, 9, "suite").cells[4].lines == ("[erased]", "patient p-0152")
    assert "62.5 mg" in said(row(sheet, 9))
    assert "Reason: [erased]" in said(row(sheet, 10))
    assert "Tomasz" not in str(sheet)
    assert "Left in the vial" in said(row(sheet, 6))


def test_a_discrepancy_is_seen_from_its_freeze_to_its_outcome(leeds: Clinic) -> None:
    sheet = register(leeds.basis())
    assert "COUNT DIFFERS" in said(row(sheet, 23))
    assert "PAGE FROZEN from here" in said(row(sheet, 24))
    assert "drawn from a frozen page" in said(row(sheet, 26))
    assert "Accepted: [erased]" in said(row(sheet, 26))  # what was said of an erased patient
    assert "Posted as lost: 1 unit = 500 mg" in said(row(sheet, 32))
    assert "told to the accountable officer, reference CDAO-2026-031" in said(row(sheet, 30))


def test_a_frozen_page_says_so_at_its_head(ready: World) -> None:
    from assuage.care.register import discrepancy
    from assuage.care.register.pages import gather

    discrepancy.report(ready.desk("nia"), VIAL, "ward", 1, "One looks short.")
    sheet = register(gather(ready.record, "north", ready.clock.instant))
    assert sheet.parts[0].alarms[0].startswith("FROZEN since 4 Mar 2026 09:00")


def test_a_day_to_begin_with_brings_a_balance_forward(leeds: Clinic) -> None:
    sheet = register(leeds.basis(), [PageOf(VIAL.id, "main")], date(2026, 3, 6))
    table = sheet.parts[0].table
    assert table is not None
    assert [one.name for one in table.rows] == ["", "16", "33"]
    assert table.rows[0].cells[-1].lines == ("34",)
    assert sheet.parts[0].notes == ()
    assert len(sheet.records.rows) == 2


def test_an_empty_register_says_so(empty: World) -> None:
    from assuage.care.register.pages import gather

    empty.found()
    basis = gather(empty.record, "north", empty.clock.instant)
    table = register(basis).parts[0].table
    assert table is not None
    assert (table.rows, table.empty) == ((), "The register has no entry.")
    named = register(basis, [PageOf(VIAL.id, "ward")]).parts[0].table
    assert named is not None
    assert named.empty == "Nothing was ever entered on this page."


def test_a_place_without_headings_gets_assuage_s_own_and_says_so(empty: World) -> None:
    from assuage.care.register.pages import gather

    empty.found(place="de", zone="Europe/Berlin")
    empty.stock()
    sheet = register(gather(empty.record, "north", empty.clock.instant))
    assert any("names no headings" in one.text for one in sheet.statements)
    table = sheet.parts[0].table
    assert table is not None
    assert "assuage's own" in table.columns[1].group


def test_every_kind_of_entry_has_words(leeds: Clinic) -> None:
    from assuage.care.register.pages.entries import KINDS

    kinds = {
        name
        for name, one in vars(f).items()
        if isinstance(one, type) and issubclass(one, f.Entry) and one is not f.Entry
    }
    assert set(KINDS) == kinds
    written = {line.event.fact.kind for line in leeds.basis().book.lines}
    assert kinds <= written

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest

from assuage.care.register.book import stock
from assuage.care.register.pages import register, render
from assuage.care.register.pages.records import ACCOUNTS
from assuage.care.register.pages.sheet import Sheet

from ...world import world
from .fortnight import VIAL, Clinic
from .hostile import BACKWARDS, LONG, WORDS, hostile


def rows(sheet: Sheet) -> list[dict[str, str]]:
    text = render(sheet, "csv").decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_csv_parses_back_and_sums_to_the_book(leeds: Clinic) -> None:
    book = leeds.basis().book
    found = rows(register(leeds.basis()))
    sums: Counter[tuple[str, str]] = Counter()
    moved = ("cabinet_ug", "other_cabinet_ug", "unit_in_hand_ug", *ACCOUNTS)
    for row in found:
        assert sum(int(row[name]) for name in moved) == 0
        sums[row["item"], stock(row["area"])] += int(row["cabinet_ug"])
        for name, account in ACCOUNTS.items():
            sums[row["item"], account] += int(row[name])
    held = {key: ug for key, ug in book.balance_ug.items() if not key[1].startswith("draw:")}
    assert {key: ug for key, ug in sums.items() if ug} == {k: ug for k, ug in held.items() if ug}


def test_each_entry_is_one_line_for_each_of_its_pages(leeds: Clinic) -> None:
    found = rows(register(leeds.basis()))
    entries = Counter(int(row["entry"]) for row in found)
    assert set(entries) == set(range(1, len(leeds.basis().book.lines) + 1))
    assert {number for number, count in entries.items() if count > 1} == {3}
    late = next(row for row in found if row["entry"] == "14")
    assert (late["late_days"], late["units"], late["stands_units"]) == ("2", "5", "6")
    last = [row for row in found if (row["item"], row["area"]) == (VIAL.id, "suite-1")][-1]
    assert (last["balance_units"], last["loss_ug"]) == ("7", "500000")
    assert len(last["record_head"].split(":")[1]) == 64


def test_every_number_has_its_unit_in_its_name(leeds: Clinic) -> None:
    whole = {"entry", "corrects_entry", "event_position"}
    for column in register(leeds.basis()).records.columns:
        values = [row[column] for row in rows(register(leeds.basis()))]
        if column not in whole and any(one.lstrip("-").isdecimal() for one in values):
            assert column.endswith(("_ug", "_units", "_days", "_ml", "units", "footnotes")), column


@pytest.mark.parametrize("text", [*WORDS, BACKWARDS, LONG])
def test_no_text_is_a_formula_and_none_is_lost(text: str) -> None:
    with world() as made:
        found = rows(register(hostile(made, text).basis(0)))
        named = next(row["patient_name"] for row in found if row["patient_name"])
        assert not named.startswith(("=", "+", "-", "@"))
        assert "\u202e" not in str(found)
        plain = text.replace("\u202e", "<U+202E>").replace("\u200b", "<U+200B>")
        assert named.removeprefix("'") == plain.replace("\u0000", "<U+0000>")


def test_a_negative_number_stays_a_number(leeds: Clinic) -> None:
    assert any(row["cabinet_ug"] == "-500000" for row in rows(register(leeds.basis())))

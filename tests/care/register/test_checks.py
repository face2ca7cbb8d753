"""Counting, and putting an entry right by a footnote.

source: amounts are the test's own; a vial holds 500 mg and its tolerance is 25 mg.
"""

from __future__ import annotations

import pytest

from assuage.care import session as sessions
from assuage.care.register import checks, stock, vial
from assuage.care.register import facts as f

from ..world import MG, VIAL, World, code, in_memory, only
from .checker import check
from .generator import rows

COLLECTED = stock.Collection("x", True, True)
PARTY = f.Party(name="T", address="B", authority="1")


@pytest.fixture
def w() -> World:
    """Entries 1 to 6: received 10, supplied 2 to theatre, transferred 1, destroyed 1, and a draw
    of which 300 mg were given; 7 its waste of 200 mg, 8 its close, 9 a check.
    """
    made = in_memory()
    made.ready()
    pair = made.desk("pia", "pol")
    stock.supply(pair, stock.Page(VIAL, "ward", 2), "theatre", COLLECTED)
    stock.transfer(pair, stock.Page(VIAL, "ward", 1), stock.Consignment(PARTY, "r", COLLECTED))
    stock.destroy(pair, stock.Page(VIAL, "ward", 1), stock.Destruction("broken", "denatured"))
    draw = made.draw()
    made.give(draw, 300)
    made.waste(draw, 200)
    checks.check(made.desk("nia", "noa"), VIAL, "ward", 5)
    return made


# Entry, its right amount, the outcome, then: units on the ward, in theatre, discrepancies.
CORRECTIONS = """
1     12      ok                      7 2 0
1     5       ok                      0 2 0
1     4       STOCK_SHORT             5 2 0
1     0       STOCK_SHORT             5 2 0
1     10      CORRECTION_IMPOSSIBLE   5 2 0
1     -1      CORRECTION_IMPOSSIBLE   5 2 0
1     1000000 UNITS_INVALID           5 2 0
2     1       ok                      6 1 0
2     7       ok                      0 7 0
2     8       STOCK_SHORT             5 2 0
2     0       ok                      7 0 0
3     0       ok                      6 2 0
3     7       STOCK_SHORT             5 2 0
4     0       ok                      6 2 0
5     0       CORRECTION_IMPOSSIBLE   5 2 0
5     2       CORRECTION_IMPOSSIBLE   5 2 0
6     290000  ok                      5 2 0
6     275000  ok                      5 2 0
6     274999  ok                      5 2 1
6     0       ok                      5 2 1
6     325000  ok                      5 2 0
6     325001  DRAW_EXCEEDED           5 2 0
7     0       ok                      5 2 1
7     225001  DRAW_EXCEEDED           5 2 0
8     1       CORRECTION_IMPOSSIBLE   5 2 0
9     6       CORRECTION_IMPOSSIBLE   5 2 0
0     1       ENTRY_UNKNOWN           5 2 0
10    1       ENTRY_UNKNOWN           5 2 0
-1    1       ENTRY_UNKNOWN           5 2 0
"""


@pytest.mark.parametrize("row", CORRECTIONS.strip().splitlines())
def test_an_amount_is_corrected_or_refused(w: World, row: str) -> None:
    number, right, told, ward, theatre, cases = row.split()
    head = w.record.head()
    outcome = code(lambda: checks.correct(w.desk("nia", "noa"), int(number), "t", int(right)))
    assert outcome == told
    book = w.book()
    held = (book.units(VIAL.id, "ward"), book.units(VIAL.id, "theatre"), len(book.cases))
    assert held == (int(ward), int(theatre), int(cases))
    assert (w.record.head() == head) == (told != "ok")
    if told == "ok":
        assert book.lines[int(number) - 1].amount == int(right)
        assert book.lines[int(number) - 1].footnotes == [10]
    assert check(rows(w)).clean


def test_a_footnote_alone_changes_no_amount_and_needs_no_witness(w: World) -> None:
    before = dict(w.book().balance_ug)
    for number in range(1, 10):
        checks.correct(w.desk("nia"), number, "the lot was read wrong")
    assert dict(w.book().balance_ug) == before
    assert w.book().lines[0].footnotes == [10]
    assert code(lambda: checks.correct(w.desk("nia"), 1, "")) == "FIELD_INVALID"


def test_an_amount_is_corrected_before_a_witness(w: World) -> None:
    assert code(lambda: checks.correct(w.desk("nia"), 1, "t", 11)) == "WITNESS_MISSING"


def test_a_correction_tells_the_session(w: World) -> None:
    checks.correct(w.desk("nia", "noa"), 6, "it was 290", 290 * MG)
    (dose,) = w.record.view(sessions.Session, "session/s1").doses.values()
    assert dose.given_ug == 290 * MG
    last = list(w.record.events("session/s1"))[-1].fact
    assert isinstance(last, sessions.AdministrationCorrected)
    assert (last.ug, last.entry) == (290 * MG, 10)


def test_two_corrections_stand_one_after_the_other(w: World) -> None:
    two = w.desk("nia", "noa")
    checks.correct(two, 1, "12", 12)
    checks.correct(two, 1, "11", 11)
    assert w.book().units(VIAL.id, "ward") == 6
    assert w.book().lines[0].footnotes == [10, 11]


def test_on_a_frozen_page_only_its_own_discrepancy_corrects(w: World) -> None:
    told = checks.check(w.desk("nia", "noa"), VIAL, "ward", 4)
    case = str(only(told, f.DiscrepancyOpened).discrepancy)  # type: ignore[attr-defined]
    two = w.desk("ned", "nyx")
    assert code(lambda: checks.correct(two, 1, "t", 9)) == "PAGE_FROZEN"
    assert code(lambda: checks.correct(two, 2, "t", 3)) == "PAGE_FROZEN"  # its other page isn't
    assert code(lambda: checks.correct(two, 1, "t", 9, "x-0")) == "DISCREPANCY_UNKNOWN"
    assert code(lambda: checks.correct(two, 1, "t", None, "x-0")) == "DISCREPANCY_UNKNOWN"
    assert code(lambda: checks.correct(two, 1, "t", 9, case)) == "ok"
    assert code(lambda: checks.correct(two, 1, "t")) == "ok"
    assert check(rows(w)).clean


def test_any_discrepancy_that_freezes_the_page_may_be_named(w: World) -> None:
    vial.settle(w.desk("nia"), w.draw())
    checks.check(w.desk("nia", "noa"), VIAL, "ward", 1)
    first, second = w.book().cases
    two = w.desk("ned", "nyx")
    assert code(lambda: checks.correct(two, 1, "t", 11, first)) == "ok"
    assert code(lambda: checks.correct(two, 1, "t", 12, second)) == "ok"


def test_a_correction_up_waits_for_an_open_dose(w: World) -> None:
    draw = w.draw()
    number = w.give(draw, 100)
    w.intend(draw, 300)
    two = w.desk("nia", "noa")
    assert code(lambda: checks.correct(two, number, "t", 150 * MG)) == "DOSE_UNRESOLVED"
    assert code(lambda: checks.correct(two, number, "t", 90 * MG)) == "ok"


def test_a_dose_can_be_confirmed_though_a_correction_closed_its_unit(w: World) -> None:
    draw = w.draw()
    first = w.give(draw, 510)
    intent = w.intend(draw, 5)
    two = w.desk("nia", "noa")
    checks.correct(two, first, "it was 500", 500 * MG)
    assert not w.book().draws[draw].open
    vial.confirm(w.desk("nia"), "s1", intent, 5 * MG)
    assert w.book().draws[draw].open
    vial.settle(w.desk("nia"), draw)
    assert check(rows(w)).clean


# Counted, then whether a discrepancy opens; five are on the ward.
COUNTS = """
5        ok             no
4        ok             yes
6        ok             yes
0        ok             yes
-1       UNITS_INVALID  no
1000000  UNITS_INVALID  no
"""


@pytest.mark.parametrize("row", COUNTS.strip().splitlines())
def test_a_count_that_differs_opens_a_discrepancy(w: World, row: str) -> None:
    units, told, opened = row.split()
    outcome = code(lambda: checks.check(w.desk("nia", "noa"), VIAL, "ward", int(units)))
    assert outcome == told
    assert bool(w.book().frozen(VIAL.id, "ward")) == (opened == "yes")


def test_an_unknown_area_isnt_counted(w: World) -> None:
    told = code(lambda: checks.check(w.desk("nia", "noa"), VIAL, "cellar", -1))
    assert told == "AREA_UNKNOWN"

"""Counting, and putting an entry right by a footnote.

source: amounts are the test's own; a vial holds 500 mg and its tolerance is 25 mg.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assuage.care import session as sessions
from assuage.care.register import checks, discrepancy, stock, vial
from assuage.care.register import facts as f

from ..world import MG, VIAL, World, code, in_memory, only, refusal
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


SAME = "the amount is what it says already, or below zero"
UNDONE = "a draw can only be undone, and only while nothing was done with it"
POSTED = "a part of what was drawn was posted elsewhere already"
NO_AMOUNT = "an entry of this kind has no amount of its own; add a footnote without one"
STOCK_SHORT = {"item": VIAL.id, "area": "ward", "held": 5, "units": 6}

# Entry, its right amount, and what the refusal tells of it.
TOLD: list[tuple[int, int, dict[str, object]]] = [
    *((1, 10, {"number": 1, "why": SAME}), (1, -1, {"number": 1, "why": SAME})),
    *((5, 0, {"number": 5, "why": UNDONE}), (8, 1, {"number": 8, "why": NO_AMOUNT})),
    (1, 4, STOCK_SHORT),
    (6, 325_001, {"left_mg": 0, "given_mg": 25.001}),
    (10, 1, {"number": 10, "last": 9}),
]


@pytest.mark.parametrize(("number", "right", "told"), TOLD)
def test_a_refused_correction_says_why(
    w: World, number: int, right: int, told: dict[str, object]
) -> None:
    fields = refusal(lambda: checks.correct(w.desk("nia", "noa"), number, "t", right)).fields
    assert {key: str(fields[key]) for key in told} == {key: str(told[key]) for key in told} | (
        {"left_mg": "0.0"} if "left_mg" in told else {}
    )


def test_what_is_left_is_told_in_milligrams(w: World) -> None:
    draw = w.draw()
    number = w.give(draw, 100)
    told = refusal(lambda: checks.correct(w.desk("nia", "noa"), number, "t", 600 * MG)).fields
    assert told == {"draw": draw, "left_mg": 400, "given_mg": 500}


def test_a_command_that_needs_a_witness_names_the_act(w: World) -> None:
    acts: dict[str, Callable[[], object]] = {
        "a stock check": lambda: checks.check(w.desk("nia"), VIAL, "ward", 5),
        "a correction of an amount": lambda: checks.correct(w.desk("nia"), 1, "t", 11),
    }
    for act, call in acts.items():
        assert refusal(call).fields == {"act": act}


def why(w: World, number: int, right: int) -> object:
    two = w.desk("nia", "noa")
    return refusal(lambda: checks.correct(two, number, "not drawn", right)).fields["why"]


def test_a_draw_is_undone_only_while_nothing_was_done_with_it(w: World) -> None:
    two = w.desk("nia", "noa")
    draw = w.draw()
    number = w.book().draws[draw].number
    assert why(w, number, 2) == UNDONE
    vial.put_back(two, draw, "not needed")
    assert why(w, number, 0) == UNDONE
    for act in (w.give, w.waste):  # whole again by its sum, and yet not untouched
        draw = w.draw()
        entry = act(draw, 520)
        vial.settle(w.desk("nia"), draw)
        checks.correct(two, entry, "it was 20", 20 * MG, w.book().frozen(VIAL.id, "ward"))
        held = w.book().draws[draw]
        assert (held.left_ug, held.open) == (500 * MG, True)
        assert why(w, held.number, 0) == UNDONE
        close(w, list(w.book().cases)[-1], "loss")


def close(w: World, case: str, outcome: str) -> None:
    discrepancy.reconstruct(w.desk("pia"), case, None, 0, "the chart")
    discrepancy.escalate(w.desk("ola"), case, "the officer", "1")
    told = discrepancy.Conclusion(outcome, "looked into")  # type: ignore[arg-type]
    discrepancy.close(w.desk("ola", "dia"), case, told)


def test_a_draw_isnt_undone_when_a_part_of_it_was_posted(w: World) -> None:
    draw = w.draw()
    entry = w.give(draw, 100)
    vial.settle(w.desk("nia"), draw)
    close(w, list(w.book().cases)[-1], "loss")
    checks.correct(w.desk("nia", "noa"), entry, "not given", 0)
    assert why(w, w.book().draws[draw].number, 0) == POSTED


@pytest.mark.parametrize("change", [-1, 1])
def test_a_microgram_put_right_closes_a_unit_again(w: World, change: int) -> None:
    checks.correct(w.desk("nia", "noa"), 6, "misread", 300 * MG - change)
    (held,) = w.book().draws.values()
    assert (held.left_ug, held.measured_ug, held.open) == (0, change, False)


def test_a_unit_of_which_a_dose_is_open_isnt_closed_by_a_correction(w: World) -> None:
    draw = w.draw()
    first = w.give(draw, 510)
    w.intend(draw, 5)
    two = w.desk("nia", "noa")
    checks.correct(two, first, "it was 500", 500 * MG)
    assert not w.book().draws[draw].open
    checks.correct(two, first, "it was 480", 480 * MG)
    held = w.book().draws[draw]
    assert (held.left_ug, held.measured_ug, held.open) == (20 * MG, 0, True)


@pytest.mark.parametrize(("area", "number", "right"), [("ward", 6, 1), ("theatre", 2, 1)])
def test_an_entry_is_on_the_page_of_its_unit_and_of_where_it_went(
    w: World, area: str, number: int, right: int
) -> None:
    discrepancy.report(w.desk("nia"), VIAL, area, 0, "the seal is broken")
    two = w.desk("nia", "noa")
    refused = refusal(lambda: checks.correct(two, number, "t", right))
    (case,) = w.book().cases
    told = {"item": VIAL.id, "area": area, "discrepancy": case}
    assert (refused.code, refused.fields) == ("PAGE_FROZEN", told)


def test_the_first_discrepancy_of_a_page_is_the_one_that_is_told(w: World) -> None:
    vial.settle(w.desk("nia"), w.draw())
    checks.check(w.desk("nia", "noa"), VIAL, "ward", 1)
    first, second = w.book().cases
    two = w.desk("ned", "nyx")
    assert refusal(lambda: checks.correct(two, 1, "t", 11)).fields["discrepancy"] == first
    told = refusal(lambda: checks.correct(two, 1, "t", None, "x" * 61)).fields
    assert told == {"discrepancy": "x" * 60, "choices": f"{first}, {second}"}


def test_a_footnote_may_name_a_closed_discrepancy_and_a_correction_may_not(w: World) -> None:
    vial.settle(w.desk("nia"), w.draw())
    (case,) = w.book().cases
    close(w, case, "loss")
    two = w.desk("nia", "noa")
    refused = refusal(lambda: checks.correct(two, 1, "t", 11, case))
    assert refused.fields == {"discrepancy": case, "outcome": "loss"}
    assert code(lambda: checks.correct(two, 1, "t", None, case)) == "ok"
    told = refusal(lambda: checks.correct(two, 1, "t", 11, "x-0")).fields
    assert told == {"discrepancy": "x-0", "choices": "none is open"}


@pytest.mark.parametrize(("units", "missing"), [(4, 500 * MG), (7, -1000 * MG)])
def test_what_a_count_opens_says_what_is_missing(w: World, units: int, missing: int) -> None:
    told = checks.check(w.desk("nia", "noa"), VIAL, "ward", units)
    fact = only(told, f.DiscrepancyOpened)
    assert isinstance(fact, f.DiscrepancyOpened)
    assert fact.discrepancy[:2] == "x-"
    assert (fact.cause, fact.draw, fact.missing_ug) == ("stock-check", "", missing)
    assert fact.text == f"{units} counted and 5 expected."


def test_what_went_back_whole_was_neither_given_nor_wasted(w: World) -> None:
    draw, two = w.draw(), w.desk("nia", "noa")
    number = w.give(draw, 100)
    checks.correct(two, number, "not given", 0)
    vial.put_back(two, draw, "not needed")
    told = f"'{draw}' went back whole, so nothing of it was given or wasted"
    assert why(w, number, 20 * MG) == told


def test_a_correction_sent_twice_returns_all_it_stored(w: World) -> None:
    number = w.give(w.draw(), 100)
    desk = w.desk("nia", "noa", command="once")
    first = checks.correct(desk, number, "it was 90", 90 * MG)
    assert {one.stream.split("/")[0] for one in first} == {"register", "session"}
    assert checks.correct(desk, number, "it was 90", 90 * MG) == first

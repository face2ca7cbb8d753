"""Where each microgram is: every move has two ends.

source: amounts are the test's own; a vial holds 500 mg.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import get_type_hints

import pytest

from assuage.care.register import book as books
from assuage.care.register import checks, discrepancy, stock, vial
from assuage.care.register import facts as f
from assuage.care.register.item import item
from assuage.record import canonical

from ..world import DEVICE, MG, NORTH, VIAL, World, in_memory, only


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    return made


def every(kind: type) -> set[type]:
    below = set(kind.__subclasses__())
    return below | {one for sub in below for one in every(sub)}


def test_every_entry_has_a_posting() -> None:
    assert set(books._POSTINGS) == every(f.Entry)
    assert all("when" in get_type_hints(kind) for kind in every(f.Entry))


def test_each_microgram_is_in_one_account(w: World) -> None:
    draw = w.draw()
    w.give(draw, 100)
    w.waste(draw, 390)
    vial.settle(w.desk("nia"), draw)
    book = w.book()
    told = {account: ug // MG for (_, account), ug in book.balance_ug.items() if ug}
    assert told == {
        books.SUPPLIER: -5000,
        books.stock("ward"): 4500,
        books.PATIENT: 100,
        books.WASTE: 390,
        books.MEASURING: 10,
    }
    assert book.sum_ug(VIAL.id) == 0


def test_a_correction_moves_only_the_difference(w: World) -> None:
    draw = w.draw()
    number = w.give(draw, 100)
    checks.correct(w.desk("nia", "noa"), number, "90", 90 * MG)
    last = w.book().lines[-1]
    assert last.moves == (books.Move(VIAL.id, books.PATIENT, books.drawn(draw), 10 * MG),)
    assert list(books.signed("i", "a", "b", 0)) == []
    assert list(books.signed("i", "a", "b", -1)) == [books.Move("i", "b", "a", 1)]


def test_a_rebuilt_book_is_the_same_to_the_byte(w: World) -> None:
    draw = w.draw()
    w.give(draw, 100)
    vial.settle(w.desk("nia"), draw)
    kept = canonical.encode(w.book().as_json())
    anew = w.record.rebuild(books.Book, books.stream(NORTH))
    assert canonical.encode(anew.as_json()) == kept


def test_what_may_be_asked(w: World) -> None:
    draw = w.draw()
    book = books.of(w.record, NORTH)
    assert (book.units(VIAL.id, "ward"), book.units("x", "ward")) == (9, 0)
    assert [one.id for one in book.open_draws("s1")] == [draw]
    assert book.open_draws("s9") == ()
    assert book.frozen(VIAL.id, "ward") == ""
    assert [book.line(n) is None for n in (-1, 0, 1, 2, 3)] == [True, True, False, False, True]
    discrepancy.report(w.desk("nia"), VIAL, "ward", 0, "x")
    assert book.version < w.book().version or book is w.book()
    assert [case.id for case in w.book().freezing(VIAL.id, "ward")] == list(w.book().cases)


def test_the_last_day_that_names_a_patient_is_kept(w: World) -> None:
    draw = w.draw()
    w.clock.go(days=3)
    w.waste(draw, 500)
    assert w.book().last_of_patient == {"p1": "2026-03-07"}


OTHER = item("esketamine-25/2mL")
COLLECTED = stock.Collection("x", True, True)
PARTY = f.Party(name="T", address="B", authority="1")


def test_every_account_has_its_name(w: World) -> None:
    pair, page = w.desk("pia", "pol"), stock.Page(VIAL, "ward", 1)
    stock.transfer(pair, page, stock.Consignment(PARTY, "r", COLLECTED))
    stock.destroy(pair, page, stock.Destruction("broken", "denatured"))
    draw = w.draw()
    w.give(draw, 100)
    w.waste(draw, 390)
    vial.settle(w.desk("nia"), draw)
    held = w.draw()
    close(w, "ward", 5, "loss")
    close(w, "theatre", 1, "surplus")
    told = {account: ug // MG for (_, account), ug in w.book().balance_ug.items() if ug}
    assert told == {
        "supplier": -5000,
        "transferred": 500,
        "destroyed": 500,
        "stock:ward": 2500,
        f"draw:{held}": 500,
        "patient": 100,
        "waste": 390,
        "measuring": 10,
        "loss": 500,
        "surplus": -500,
        "stock:theatre": 500,
    }


def close(w: World, area: str, units: int, outcome: str) -> None:
    """Count a page, look into what differs, and close it."""
    told = checks.check(w.desk("nia", "noa"), VIAL, area, units)
    case = str(only(told, f.DiscrepancyOpened).discrepancy)  # type: ignore[attr-defined]
    discrepancy.recount(w.desk("ned", "nyx"), case, units)
    looked_into(w, case, outcome)


def looked_into(w: World, case: str, outcome: str) -> None:
    discrepancy.reconstruct(w.desk("pia"), case, None, 0, "the chart")
    discrepancy.escalate(w.desk("ola"), case, "the officer", "1")
    told = discrepancy.Conclusion(outcome, "looked into")  # type: ignore[arg-type]
    discrepancy.close(w.desk("ola", "dia"), case, told)


def test_a_book_says_all_that_it_holds(w: World) -> None:
    draw, back = w.draw(), w.draw()
    vial.put_back(w.desk("nia", "noa"), back, "not needed")
    w.waste(draw, 400)
    checks.check(w.desk("nia", "noa"), VIAL, "ward", 9)
    checks.correct(w.desk("nia"), 4, "a footnote")
    (gap,) = vial.settle(w.desk("nia"), draw)
    case = str(gap.fact.discrepancy)  # type: ignore[attr-defined]
    rows = [
        (10, [], [["supplier", "stock:ward", 5000]]),
        (1, [], [["stock:ward", f"draw:{draw}", 500]]),
        (1, [], [["stock:ward", f"draw:{back}", 500]]),
        (1, [7], [[f"draw:{back}", "stock:ward", 500]]),
        (400 * MG, [], [[f"draw:{draw}", "waste", 400]]),
        *((9, [], []), (0, [], []), (0, [], [])),
    ]
    assert w.book().as_json() == {
        "version": 8,
        "lines": [
            {
                "number": n,
                "version": n,
                "amount": amount,
                "footnotes": notes,
                "moves": [[VIAL.id, source, target, mg * MG] for source, target, mg in moves],
            }
            for n, (amount, notes, moves) in enumerate(rows, start=1)
        ],
        "balance_ug": {
            f"{VIAL.id} draw:{draw}": 100 * MG,
            f"{VIAL.id} stock:ward": 4500 * MG,
            f"{VIAL.id} supplier": -5000 * MG,
            f"{VIAL.id} waste": 400 * MG,
        },
        "draws": {draw: [100 * MG, 0, 400 * MG, True], back: [0, 0, 0, False]},
        "cases": {case: ["", False]},
        "last_of_patient": {"p1": "2026-03-04"},
    }
    looked_into(w, case, "loss")
    assert w.book().as_json()["cases"] == {case: ["loss", True]}


def test_what_is_posted_from_a_unit_accounts_for_it(w: World) -> None:
    w.stock(of=DEVICE)
    draw = w.draw(of=DEVICE)
    w.give(draw, 27.999)
    (gap,) = vial.settle(w.desk("nia"), draw)
    looked_into(w, str(gap.fact.discrepancy), "loss")  # type: ignore[attr-defined]
    book = w.book()
    held = book.draws[draw]
    assert (held.left_ug, held.posted_ug, held.open) == (0, 1, False)
    assert book.open_draws("s1") == ()
    assert book.balance_ug[DEVICE.id, "loss"] == 1
    assert book.balance_ug[DEVICE.id, f"draw:{draw}"] == 0
    assert book.units(DEVICE.id, "ward") == 9


def test_a_gap_that_was_found_closes_a_unit_that_is_closed_already(w: World) -> None:
    draw = w.draw()
    w.waste(draw, 400)
    (gap,) = vial.settle(w.desk("nia"), draw)
    w.waste(draw, 100)
    looked_into(w, str(gap.fact.discrepancy), "found")  # type: ignore[attr-defined]
    assert not w.book().draws[draw].open


@pytest.mark.parametrize("kind", ["give", "waste"])
@pytest.mark.parametrize("left_ug", [-1, 0, 1])
def test_a_unit_is_open_while_a_microgram_is_left_or_over(
    w: World, kind: str, left_ug: int
) -> None:
    draw = w.draw()
    number = w.give(draw, 100) if kind == "give" else w.waste(draw, 100)
    right = VIAL.unit_ug - left_ug
    checks.correct(w.desk("nia", "noa"), number, "misread", right)
    held = w.book().draws[draw]
    assert (held.left_ug, held.open) == (left_ug, left_ug != 0)
    assert (held.given_ug, held.wasted_ug) == ((right, 0) if kind == "give" else (0, right))


def test_a_microgram_given_of_a_closed_unit_opens_it(w: World) -> None:
    draw = w.draw()
    number = w.give(draw, 510)
    intent = w.intend(draw, 0.001)
    checks.correct(w.desk("nia", "noa"), number, "it was 500", 500 * MG)
    assert not w.book().draws[draw].open
    vial.confirm(w.desk("nia"), "s1", intent, 1)
    assert (w.book().draws[draw].left_ug, w.book().draws[draw].open) == (-1, True)


def test_a_count_of_an_item_never_received_says_how_large_its_units_are(w: World) -> None:
    checks.check(w.desk("nia", "noa"), OTHER, "ward", 0)
    assert w.book().unit_ug == {VIAL.id: 500 * MG, OTHER.id: 50 * MG}
    reported = discrepancy.report(w.desk("nia"), DEVICE, "ward", -1, "one too many")
    case = str(only(reported, f.DiscrepancyOpened).discrepancy)  # type: ignore[attr-defined]
    discrepancy.recount(w.desk("ned", "nyx"), case, 1)
    assert w.book().unit_ug[DEVICE.id] == 28 * MG


def test_an_earlier_clock_doesnt_move_the_last_day_back(w: World) -> None:
    draw = w.draw()
    w.clock.go(days=-3)
    w.waste(draw, 500)
    assert w.book().last_of_patient == {"p1": "2026-03-04"}


def test_a_sum_is_of_one_item_and_facts_of_others_are_no_entries(w: World) -> None:
    book = books.Book()
    book.balance_ug["a", "stock:x"] = 2
    book.balance_ug["b", "stock:x"] = 3
    assert (book.sum_ug("a"), book.sum_ug("b"), book.sum_ug("c")) == (2, 3, 0)
    for event in w.record.events("session/s1"):
        book.apply(event)
    assert book.lines == []


def test_what_has_no_amount_of_its_own_is_moved_by_no_correction(w: World) -> None:
    draw = w.draw()
    w.give(draw, 490)
    vial.settle(w.desk("nia"), draw)
    assert list(books.correction(w.book().lines[-1], 5)) == []
    assert list(books.signed("i", "a", "b", 1)) == [books.Move("i", "a", "b", 1)]
    with pytest.raises(FrozenInstanceError):
        books.Move("i", "a", "b", 1).ug = 2  # type: ignore[misc]

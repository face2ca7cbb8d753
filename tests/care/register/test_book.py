"""Where each microgram is: every move has two ends.

source: amounts are the test's own; a vial holds 500 mg.
"""

from __future__ import annotations

from typing import get_type_hints

import pytest

from assuage.care.register import book as books
from assuage.care.register import checks, discrepancy, vial
from assuage.care.register import facts as f
from assuage.record import canonical

from ..world import MG, NORTH, VIAL, World, in_memory


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

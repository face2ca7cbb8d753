from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from assuage.care.register import checks, discrepancy, stock, vial
from assuage.care.register import facts as f
from assuage.care.register.book import Book
from assuage.care.register.pages.ledger import PageOf, ledger, ledgers, pages, pages_of
from assuage.refusals import Refused

from ...world import DEVICE, MG, VIAL, World, world
from .fortnight import Clinic


def act(made: World, chance: Random) -> None:
    """Do one thing at random; what is refused is left undone."""
    of = chance.choice((VIAL, VIAL, DEVICE))
    area = chance.choice(("main", "ward", "theatre"))
    book = made.book()
    opened = [one for one in book.draws.values() if one.open]
    draw = chance.choice(opened).id if opened else "none"
    units = chance.randint(1, 4)
    match chance.randint(0, 9):
        case 0 | 1:
            made.stock(units * 3, area, of)
        case 2:
            told = stock.Collection("nia", True, False)
            to = chance.choice(("main", "ward", "theatre"))
            stock.supply(made.desk("pia"), stock.Page(of, area, units), to, told)
        case 3 | 4:
            made.draw("s1", of, area)
        case 5 if opened:
            made.give(draw, chance.randint(1, 300))
        case 6:
            left = book.draws[draw].left_ug if draw in book.draws else 0
            made.waste(draw, left / MG)
        case 7:
            vial.put_back(made.desk("nia", "noa"), draw, "not used")
        case 8:
            number = chance.randint(1, len(book.lines) + 1)
            checks.correct(made.desk("pia", "pol"), number, "wrong", chance.randint(0, 9))
        case 9:
            expected = book.units(of.id, area)
            checks.check(made.desk("pia", "pol"), of, area, expected + chance.choice((0, 0, 0, 1)))


def random_day(made: World, seed: int, count: int = 80) -> Book:
    made.found()
    made.patient()
    made.session()
    chance = Random(seed)
    for _ in range(count):
        made.clock.go(minutes=chance.randint(0, 40))
        try:
            act(made, chance)
        except Refused:
            continue
    return made.book()


@pytest.mark.parametrize("seed", range(6))
def test_the_balance_of_every_line_is_the_book_s_at_that_moment(seed: int) -> None:
    with world() as made:
        book = random_day(made, seed)
        assert len(book.lines) > 20
        events = [line.event for line in book.lines]
        again = Book()
        shown = {(one.page, one.number): one for held in ledgers(book) for one in held.lines}
        for number, event in enumerate(events, start=1):
            again.take(event)
            for page in pages(again):
                line = shown.get((page, number))
                if line is not None:
                    assert line.balance_units == again.units(page.item, page.area)
        for held in ledgers(book):
            assert held.balance_units == book.units(held.page.item, held.page.area)


@pytest.mark.parametrize("seed", range(3))
def test_every_entry_stands_on_the_pages_that_it_belongs_to_and_no_other(seed: int) -> None:
    with world() as made:
        book = random_day(made, seed)
        stands: Counter[int] = Counter(n.number for held in ledgers(book) for n in held.lines)
        for line in book.lines:
            fact = line.event.fact
            if isinstance(fact, f.EntryCorrected):
                fact = book.lines[fact.entry - 1].event.fact
            assert stands[line.number] == (2 if isinstance(fact, f.StockSupplied) else 1)
            cabinets = {
                account.removeprefix("stock:")
                for move in line.moves
                for account in (move.source, move.target)
                if account.startswith("stock:")
            }
            assert cabinets <= {page.area for page in pages_of(book, line)}


def test_an_entry_that_was_corrected_keeps_its_own_balance(leeds: Clinic) -> None:
    main = ledger(leeds.basis().book, PageOf(VIAL.id, "main"))
    late, note = (one for one in main.lines if one.number in (14, 15))
    assert (late.written, late.stands, late.balance_units) == (5, 6, 33)
    assert (note.change_units, note.balance_units) == (1, 34)
    assert late.footnotes == (15,)


def test_a_loss_leaves_the_page_of_its_discrepancy(leeds: Clinic) -> None:
    suite = ledger(leeds.basis().book, PageOf(VIAL.id, "suite-1"))
    assert isinstance(suite.lines[-1].fact, f.DiscrepancyClosed)
    assert (suite.lines[-1].change_units, suite.balance_units) == (-1, 7)


def test_a_page_says_how_its_units_stand_and_what_freezes_it() -> None:
    with world() as made:
        made.ready()
        draw = made.draw()
        discrepancy.report(made.desk("nia"), VIAL, "ward", 1, "One looks short.")
        held = ledger(made.book(), PageOf(VIAL.id, "ward"))
        assert held.draws[draw].left_ug == VIAL.unit_ug
        assert held.frozen_by == tuple(made.book().cases)
        made.give(draw, 500)
        assert held.draws[draw].left_ug == VIAL.unit_ug  # a page is of its moment


def test_a_page_that_nothing_was_entered_on_is_empty() -> None:
    assert ledger(Book(), PageOf(VIAL.id, "ward")).balance_units == 0
    assert ledgers(Book()) == ()

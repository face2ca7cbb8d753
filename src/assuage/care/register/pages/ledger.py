"""The pages of the register: which entry stands on which, and the balance after each.

A page is one item in one cabinet. Its balance is computed from what each entry moved, in order of
entry, and is never typed. An entry that was corrected keeps what it moved when it was written; the
correction moves the difference, on its own line and its own day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from assuage.care.register import facts as f
from assuage.care.register.book import Book, Draw, Line, Move, stock
from assuage.care.site import MAIN
from assuage.record.events import Recorded

CASE = (
    f.DiscrepancyRecounted,
    f.DiscrepancyReconstructed,
    f.DiscrepancyEscalated,
    f.DiscrepancyClosed,
)
IN_UNITS = (f.StockReceived, f.StockSupplied, f.StockTransferred, f.StockDestroyed)
PARTS = (f.DrugAdministered, f.DrugWasted)


@dataclass(frozen=True)
class PageOf:
    """Which page: an item and a cabinet."""

    item: str
    area: str


@dataclass(frozen=True)
class PageLine:
    """One entry as it stands on one page.

    `written` is its amount as it was written, in units or, of a drawn unit, in micrograms;
    `stands` is that amount after its corrections. Both are None for an entry without an amount.
    """

    page: PageOf
    number: int
    event: Recorded
    fact: f.Entry
    moves: tuple[Move, ...]
    footnotes: tuple[int, ...]
    written: int | None
    stands: int | None
    unit_ug: int
    change_ug: int
    balance_ug: int

    @property
    def change_units(self) -> int:
        """What the entry changed in the cabinet, in whole units."""
        return self.change_ug // (self.unit_ug or 1)

    @property
    def balance_units(self) -> int:
        """What the cabinet holds after the entry, in whole units."""
        return self.balance_ug // (self.unit_ug or 1)


@dataclass(frozen=True)
class Ledger:
    """One page with all of its entries, and how the units drawn from it stand now."""

    page: PageOf
    unit_ug: int
    lines: tuple[PageLine, ...]
    draws: Mapping[str, Draw]
    frozen_by: tuple[str, ...]

    @property
    def balance_units(self) -> int:
        """What the cabinet holds now, in whole units."""
        return self.lines[-1].balance_units if self.lines else 0


def pages_of(book: Book, line: Line) -> tuple[PageOf, ...]:
    """Return the pages that an entry stands on; two for a supply between cabinets."""
    fact = line.event.fact
    if isinstance(fact, f.EntryCorrected):
        return pages_of(book, book.lines[fact.entry - 1])
    if isinstance(fact, CASE):
        opened = book.cases[fact.discrepancy].fact
        return (PageOf(opened.item, opened.area),)
    if isinstance(fact, f.StockSupplied):
        return (PageOf(fact.item, fact.area), PageOf(fact.item, fact.to_area))
    if isinstance(fact, (*PARTS, f.DrawClosed)):
        draw = book.draws[fact.draw]
        return (PageOf(draw.item, draw.area),)
    return (PageOf(getattr(fact, "item", ""), getattr(fact, "area", "")),)


def pages(book: Book) -> tuple[PageOf, ...]:
    """Return every page that has an entry, by item, the main cabinet first."""
    found = {page for line in book.lines for page in pages_of(book, line)}
    return tuple(sorted(found, key=lambda one: (one.item, one.area != MAIN, one.area)))


def ledgers(book: Book) -> tuple[Ledger, ...]:
    """Return every page of the register with its entries."""
    lines: dict[PageOf, list[PageLine]] = {page: [] for page in pages(book)}
    for line in book.lines:
        for page in pages_of(book, line):
            lines[page].append(_page_line(book, page, line, lines[page]))
    return tuple(_ledger(book, page, tuple(lines[page])) for page in lines)


def ledger(book: Book, page: PageOf) -> Ledger:
    """Return one page; one that nothing was ever entered on has no lines."""
    lines: list[PageLine] = []
    for line in book.lines:
        if page in pages_of(book, line):
            lines.append(_page_line(book, page, line, lines))
    return _ledger(book, page, tuple(lines))


def _ledger(book: Book, page: PageOf, lines: tuple[PageLine, ...]) -> Ledger:
    draws = {
        one.id: replace(one) for one in book.draws.values() if PageOf(one.item, one.area) == page
    }
    frozen_by = tuple(case.id for case in book.freezing(page.item, page.area))
    unit_ug = book.unit_ug.get(page.item, 0)
    return Ledger(page, unit_ug, lines, MappingProxyType(draws), frozen_by)


def _page_line(book: Book, page: PageOf, line: Line, before: list[PageLine]) -> PageLine:
    fact = line.event.fact
    if not isinstance(fact, f.Entry):
        raise TypeError(f"{fact.kind} isn't an entry of the register")
    account = stock(page.area)
    change = sum(change_of(line.moves, page.item, account))
    has_amount = written(fact) is not None
    return PageLine(
        page=page,
        number=line.number,
        event=line.event,
        fact=fact,
        moves=line.moves,
        footnotes=tuple(line.footnotes),
        written=written(fact),
        stands=line.amount if has_amount else None,
        unit_ug=book.unit_ug.get(page.item, 0),
        change_ug=change,
        balance_ug=(before[-1].balance_ug if before else 0) + change,
    )


def change_of(moves: tuple[Move, ...], item: str, account: str) -> Iterator[int]:
    """Yield what each move changes in an account, in micrograms."""
    for move in moves:
        if move.item == item:
            yield move.ug * ((move.target == account) - (move.source == account))


def written(fact: f.Entry) -> int | None:
    """Return the amount of an entry as it was written, in units or micrograms, or None."""
    match fact:
        case (
            f.StockReceived(units=units)
            | f.StockSupplied(units=units)
            | f.StockTransferred(units=units)
            | f.StockDestroyed(units=units)
        ):
            return units
        case f.DrugAdministered(ug=ug) | f.DrugWasted(ug=ug):
            return ug
        case f.VialDrawn() | f.VialReturned():
            return 1
        case f.StockChecked(counted_units=units):
            return units
    return None

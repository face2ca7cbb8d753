"""Commands that look back: count the stock, and put a footnote to an entry."""

from __future__ import annotations

from datetime import datetime

from assuage.care import session as sessions
from assuage.care.access import Desk
from assuage.care.register import duties
from assuage.care.register import facts as f
from assuage.care.register.book import Book, Line, correction
from assuage.care.register.item import Item, item
from assuage.care.register.shared import area_of, book_of, decision, new_id
from assuage.record.events import Fact, Recorded
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused

_STOCK = (f.StockReceived, f.StockSupplied, f.StockTransferred, f.StockDestroyed)


def check(
    desk: Desk, of: Item, area: str, counted_units: int, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Enter a count by two people. A count that differs opens a discrepancy at once.

    They count before they are told: what the book expects is stored by this command, not shown
    first. Raises Refused: ROLE_NOT_PERMITTED, WITNESS_MISSING, AREA_UNKNOWN, UNITS_INVALID.
    """
    desk.allow("stock-check")
    desk.witnessed("a stock check")
    if not counted_units >= 0:
        raise Refused(Refusal.UNITS_INVALID, units=counted_units)
    case = new_id("x")

    def decide() -> Decision:
        timing = duties.timing(desk, at)
        book = book_of(desk)
        expected = book.units(of.id, area_of(desk, area))
        counted = f.StockChecked(
            item=of.id,
            unit_ug=of.unit_ug,
            area=area,
            counted_units=counted_units,
            expected_units=expected,
            when=timing,
        )
        facts: list[Fact] = [counted]
        if counted_units != expected and not book.frozen(of.id, area):
            by, rule = duties.escalation(desk)
            opened = f.DiscrepancyOpened(
                discrepancy=case,
                cause="stock-check",
                item=of.id,
                area=area,
                draw="",
                missing_ug=(expected - counted_units) * of.unit_ug,
                text=f"{counted_units} counted and {expected} expected.",
                escalate_by=by,
                escalate_rule=rule,
                when=timing,
            )
            facts.append(opened)
        return decision(desk, facts)

    return desk.commit(decide)


def correct(
    desk: Desk, number: int, text: str, right: int | None = None, discrepancy: str = ""
) -> tuple[Recorded, ...]:
    """Put a dated footnote to an entry; with `right`, say what its amount should have been.

    `right` counts units for an entry of stock, micrograms for one of a drawn unit. An amount is
    corrected before a witness, and not on a frozen page unless the discrepancy that froze it is
    named: a balance is never balanced off on the quiet. Raises Refused: ROLE_NOT_PERMITTED,
    WITNESS_MISSING, ENTRY_UNKNOWN, CORRECTION_IMPOSSIBLE, PAGE_FROZEN, STOCK_SHORT,
    DISCREPANCY_UNKNOWN.
    """
    desk.allow("correct")
    if right is not None:
        desk.witnessed("a correction of an amount")

    def decide() -> Decision:
        timing = duties.timing(desk, None)
        book = book_of(desk)
        line = book.line(number)
        if line is None:
            raise Refused(Refusal.ENTRY_UNKNOWN, number=number, last=len(book.lines))
        others: dict[str, list[Fact]] = {}
        if right is not None:
            _may_change(book, line, right, discrepancy)
            others = _in_session(desk, line, right, len(book.lines) + 1)
        note = f.EntryCorrected(
            entry=number,
            text=text,
            right=right,
            discrepancy=discrepancy,
            when=timing,
        )
        return decision(desk, [note], others)

    return desk.commit(decide)


def _may_change(book: Book, line: Line, right: int, discrepancy: str) -> None:
    """Raise Refused unless the amount of an entry can be corrected to `right`."""
    entry = line.event.fact
    number = line.number
    if not right >= 0 or right == line.amount:
        raise Refused(Refusal.CORRECTION_IMPOSSIBLE, number=number, why="the amount is the same")
    if isinstance(entry, f.DrugAdministered | f.DrugWasted):
        _draw_may_change(book, line, right)
    elif isinstance(entry, f.VialDrawn):
        draw = book.draws[entry.draw]
        if right != 0 or not draw.open or draw.given_ug or draw.wasted_ug:
            why = "a draw can only be undone, and only while nothing was done with it"
            raise Refused(Refusal.CORRECTION_IMPOSSIBLE, number=number, why=why)
    elif not isinstance(entry, _STOCK):
        why = "an entry of this kind has no amount of its own; add a footnote without one"
        raise Refused(Refusal.CORRECTION_IMPOSSIBLE, number=number, why=why)
    for of_item, area in _pages(book, line):
        case = book.frozen(of_item, area)
        if case and case != discrepancy:
            raise Refused(Refusal.PAGE_FROZEN, item=of_item, area=area, discrepancy=case)
    for move in correction(line, right):
        left = book.balance_ug[move.item, move.source] - move.ug
        if move.source.startswith("stock:") and not left >= 0:
            held = book.balance_ug[move.item, move.source] // book.unit_ug[move.item]
            units = move.ug // book.unit_ug[move.item]
            area = move.source.removeprefix("stock:")
            raise Refused(Refusal.STOCK_SHORT, item=move.item, area=area, held=held, units=units)


def _draw_may_change(book: Book, line: Line, right: int) -> None:
    entry = line.event.fact
    if not isinstance(entry, f.DrugAdministered | f.DrugWasted):
        return
    draw = book.draws[entry.draw]
    left = draw.left_ug - (right - line.amount)
    if not -duties.tolerance_ug(item(draw.item)) <= left:
        left_mg, more_mg = draw.left_ug / 1000, (right - line.amount) / 1000
        raise Refused(Refusal.DRAW_EXCEEDED, draw=draw.id, left_mg=left_mg, given_mg=more_mg)


def _pages(book: Book, line: Line) -> set[tuple[str, str]]:
    """Return the (item, area) of every page that an entry stands on."""
    entry = line.event.fact
    draw = book.draws.get(getattr(entry, "draw", ""))
    if draw is not None:
        return {(draw.item, draw.area)}
    areas = {getattr(entry, "area", ""), getattr(entry, "to_area", "")} - {""}
    return {(str(getattr(entry, "item", "")), area) for area in areas}


def _in_session(desk: Desk, line: Line, right: int, number: int) -> dict[str, list[Fact]]:
    """Return what a correction of a dose says in the patient's session."""
    entry = line.event.fact
    if not isinstance(entry, f.DrugAdministered):
        return {}
    session = entry.treatment.session
    sessions.of(desk.record, session)
    told = sessions.AdministrationCorrected(intent=entry.intent, ug=right, entry=number)
    return {sessions.stream(session): [told]}

"""Commands that look back: count the stock, and put a footnote to an entry."""

from __future__ import annotations

from datetime import datetime

from assuage.care import session as sessions
from assuage.care.access import Desk
from assuage.care.register import duties, vial
from assuage.care.register import facts as f
from assuage.care.register.book import Book, Line, correction
from assuage.care.register.item import Item, item
from assuage.care.register.shared import (
    area_of,
    book_of,
    case_of,
    decision,
    dose_open,
    new_id,
    none_or_some,
    nothing_open,
    open_case,
    patient_of,
    same_unit,
    session_of,
    some,
    told,
)
from assuage.record.events import Fact, Recorded
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused

_STOCK = (f.StockReceived, f.StockSupplied, f.StockTransferred, f.StockDestroyed)


def check(
    desk: Desk, of: Item, area: str, counted_units: int, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Enter a count by two people. A count that differs opens a discrepancy at once.

    They count before they are told: what the book expects is stored by this command, not shown
    first. Raises Refused: ROLE_NOT_PERMITTED, WITNESS_MISSING, AREA_UNKNOWN, TIME_IN_FUTURE,
    ITEM_CHANGED, UNITS_INVALID.
    """
    desk.allow("stock-check")
    desk.witnessed("a stock check")
    case = new_id("x")

    def decide() -> Decision:
        area_of(desk, area)
        timing = duties.timing(desk, at)
        book = book_of(desk)
        same_unit(book, of)
        none_or_some(counted_units)
        expected = book.units(of.id, area)
        counted = f.StockChecked(
            item=of.id,
            unit_ug=of.unit_ug,
            area=area,
            counted_units=counted_units,
            expected_units=expected,
            when=timing,
        )
        facts: list[Fact] = [counted]
        # One about a drawn unit says nothing of the stock, so it doesn't stand for this one.
        counting = any(not one.fact.draw for one in book.freezing(of.id, area))
        if counted_units != expected and not counting:
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
    named: a balance is never balanced off on the quiet. A correction that opens again what was
    accounted for closes it again, or opens a discrepancy. Raises Refused: ROLE_NOT_PERMITTED,
    WITNESS_MISSING, ENTRY_UNKNOWN, DISCREPANCY_UNKNOWN, DISCREPANCY_CLOSED,
    CORRECTION_IMPOSSIBLE, DOSE_UNRESOLVED, DRAW_EXCEEDED, PAGE_FROZEN, STOCK_SHORT,
    UNITS_INVALID.
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
        if discrepancy:
            (case_of if right is None else open_case)(book, discrepancy)
        others: dict[str, list[Fact]] = {}
        closed: list[Fact] = []
        if right is not None:
            if isinstance(line.event.fact, f.DrugAdministered):
                # Looked at before anything is refused, so that a repeat finds all it stored.
                session_of(desk, line.event.fact.treatment.session)
            _may_change(desk, book, line, right, discrepancy)
            others = _in_session(line, right, len(book.lines) + 1)
            closed = _closed_again(desk, book, line, right)
        note = f.EntryCorrected(
            entry=number,
            text=told(desk, patient_of(book, line.event.fact), text),
            right=right,
            discrepancy=discrepancy,
            when=timing,
        )
        return decision(desk, [note, *closed], others)

    return desk.commit(decide)


def _may_change(desk: Desk, book: Book, line: Line, right: int, discrepancy: str) -> None:
    """Raise Refused unless the amount of an entry can be corrected to `right`."""
    entry = line.event.fact
    if not right >= 0 or right == line.amount:
        _impossible(line, "the amount is what it says already, or below zero")
    if isinstance(entry, f.DrugAdministered | f.DrugWasted):
        _draw_may_change(desk, book, line, right)
    elif isinstance(entry, f.VialDrawn):
        draw = book.draws[entry.draw]
        nothing_open(desk, draw)
        if right != 0 or not draw.open or draw.given_ug or draw.wasted_ug:
            _impossible(line, "a draw can only be undone, and only while nothing was done with it")
        if draw.left_ug != draw.unit_ug:
            _impossible(line, "a part of what was drawn was posted elsewhere already")
    elif not isinstance(entry, _STOCK):
        why = "an entry of this kind has no amount of its own; add a footnote without one"
        _impossible(line, why)
    elif right:
        some(right)
    for of_item, area in _pages(book, line):
        cases = [case.id for case in book.freezing(of_item, area)]
        if cases and discrepancy not in cases:
            raise Refused(Refusal.PAGE_FROZEN, item=of_item, area=area, discrepancy=cases[0])
    for move in correction(line, right):
        left = book.balance_ug[move.item, move.source] - move.ug
        if move.source.startswith("stock:") and not left >= 0:
            held = book.balance_ug[move.item, move.source] // book.unit_ug[move.item]
            units = move.ug // book.unit_ug[move.item]
            area = move.source.removeprefix("stock:")
            raise Refused(Refusal.STOCK_SHORT, item=move.item, area=area, held=held, units=units)


def _impossible(line: Line, why: str) -> None:
    raise Refused(Refusal.CORRECTION_IMPOSSIBLE, number=line.number, why=why)


def _draw_may_change(desk: Desk, book: Book, line: Line, right: int) -> None:
    entry = line.event.fact
    if not isinstance(entry, f.DrugAdministered | f.DrugWasted):
        return
    draw = book.draws[entry.draw]
    if draw.returned:
        _impossible(line, f"'{draw.id}' went back whole, so nothing of it was given or wasted")
    if right > line.amount:  # what is about to be given may need the room
        nothing_open(desk, draw)
    left = draw.left_ug + draw.measured_ug - (right - line.amount)
    if not -duties.tolerance_ug(item(draw.item)) <= left:
        left_mg, more_mg = draw.left_ug / 1000, (right - line.amount) / 1000
        raise Refused(Refusal.DRAW_EXCEEDED, draw=draw.id, left_mg=left_mg, given_mg=more_mg)


def _closed_again(desk: Desk, book: Book, line: Line, right: int) -> list[Fact]:
    """Return what closes a drawn unit that a correction opens again after it was accounted for."""
    entry = line.event.fact
    if not isinstance(entry, f.DrugAdministered | f.DrugWasted):
        return []
    draw = book.draws[entry.draw]
    left = draw.left_ug - (right - line.amount)
    if draw.open or left == 0 or dose_open(desk, draw):
        return []
    return vial.closing(desk, book, draw, left)


def _pages(book: Book, line: Line) -> set[tuple[str, str]]:
    """Return the (item, area) of every page that an entry stands on."""
    entry = line.event.fact
    draw = book.draws.get(getattr(entry, "draw", ""))
    if draw is not None:
        return {(draw.item, draw.area)}
    areas = {getattr(entry, "area", ""), getattr(entry, "to_area", "")} - {""}
    return {(str(getattr(entry, "item", "")), area) for area in areas}


def _in_session(line: Line, right: int, number: int) -> dict[str, list[Fact]]:
    """Return what a correction of a dose says in the patient's session."""
    entry = line.event.fact
    if not isinstance(entry, f.DrugAdministered):
        return {}
    session = entry.treatment.session
    corrected = sessions.AdministrationCorrected(intent=entry.intent, ug=right, entry=number)
    return {sessions.stream(session): [corrected]}

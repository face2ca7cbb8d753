"""What the register's commands share: reading the book and refusing what can't be."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from assuage.care import session as sessions
from assuage.care.access import Desk, said
from assuage.care.register import book as books
from assuage.care.register import facts as f
from assuage.care.register.book import Book, Case, Draw
from assuage.care.register.item import Item
from assuage.care.session import AdministrationIntended, Session
from assuage.record.canonical import LARGEST_WHOLE
from assuage.record.events import Fact
from assuage.record.keyring import Sealed
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused

UNITS_MAX = 999_999  # nobody counts more by hand; more is a slip of the finger


def new_id(kind: str) -> str:
    """Return a short id that two people at once won't both make."""
    return f"{kind}-{uuid.uuid4().hex[:10]}"


def book_of(desk: Desk) -> Book:
    """Return the register of the desk's site. Raises Refused (SITE_UNKNOWN)."""
    desk.site  # noqa: B018  a register without a site can't be
    return books.of(desk.record, desk.site_id)


def area_of(desk: Desk, area: str) -> str:
    """Return an area that the site has. Raises Refused (AREA_UNKNOWN)."""
    if area not in desk.site.areas:
        choices = ", ".join(desk.site.areas)
        raise Refused(Refusal.AREA_UNKNOWN, area=area, choices=choices)
    return area


def session_of(desk: Desk, session: str) -> Session:
    """Return a session of the desk's site. Raises Refused: SESSION_UNKNOWN, SESSION_ELSEWHERE."""
    view = sessions.of(desk.record, session)
    if sessions.opening(view, session).site != desk.site_id:
        raise Refused(Refusal.SESSION_ELSEWHERE, session=session)
    return view


def running_of(desk: Desk, session: str) -> Session:
    """Return a session of the desk's site that hasn't ended. Raises Refused: SESSION_ENDED, ..."""
    session_of(desk, session)
    return sessions.running(desk.record, session)


def dose_open(desk: Desk, held: Draw) -> AdministrationIntended | None:
    """Return the dose from a drawn unit of which nobody said what became of it, if any."""
    view = sessions.of(desk.record, held.treatment.session)
    return next((one.intended for one in view.open_doses if one.intended.draw == held.id), None)


def nothing_open(desk: Desk, held: Draw) -> None:
    """Raise Refused (DOSE_UNRESOLVED) while a dose from a drawn unit is open."""
    if dose := dose_open(desk, held):
        session = held.treatment.session
        raise Refused(Refusal.DOSE_UNRESOLVED, session=session, intent=dose.intent)


def sealed(desk: Desk, patient: str, text: str) -> Sealed:
    """Return text locked under a patient's key; after an erasure a box that nobody opens.

    What is in a hand can always be written down, so an erasure doesn't stop a waste. Raises
    Refused: FIELD_INVALID for an empty text, SITE_KEY_MISSING, SITE_KEY_WRONG.
    """
    try:
        return desk.record.keyring.seal(patient, said(text))
    except Refused as refused:
        if refused.refusal is not Refusal.PATIENT_ERASED:
            raise
        return Sealed(owner=patient, box="")


def patient_of(book: Book, fact: Fact) -> str:
    """Return the patient whom an entry or a footnote to one concerns, or "" where there is none."""
    while isinstance(fact, f.EntryCorrected):
        fact = book.lines[fact.entry - 1].event.fact
    case = book.cases.get(getattr(fact, "discrepancy", ""))
    draw = book.draws.get(getattr(case.fact if case else fact, "draw", ""))
    return draw.treatment.patient if draw else ""


def told(desk: Desk, patient: str, text: str) -> Sealed | str:
    """Return free text as it is stored: sealed for a patient, in the clear where there is none."""
    return sealed(desk, patient, text) if patient else text


def same_unit(book: Book, of: Item) -> None:
    """Raise Refused (ITEM_CHANGED) unless the register counts an item in the same units."""
    held = book.unit_ug.get(of.id, of.unit_ug)
    if held != of.unit_ug:
        now_mg, held_mg = of.unit_ug / 1000, held / 1000
        raise Refused(Refusal.ITEM_CHANGED, item=of.id, now_mg=now_mg, held_mg=held_mg)


def not_frozen(book: Book, item: Item, area: str) -> None:
    """Raise Refused (PAGE_FROZEN) while a discrepancy is open on a page."""
    if case := book.frozen(item.id, area):
        raise Refused(Refusal.PAGE_FROZEN, item=item.id, area=area, discrepancy=case)


def in_stock(book: Book, item: Item, area: str, units: int) -> None:
    """Raise Refused (STOCK_SHORT) unless a cabinet holds so many units."""
    held = book.units(item.id, area)
    if not units <= held:
        raise Refused(Refusal.STOCK_SHORT, item=item.id, area=area, held=held, units=units)


def some(units: int) -> int:
    """Return a count of units above zero. Raises Refused (UNITS_INVALID)."""
    if not 0 < units <= UNITS_MAX:
        raise Refused(Refusal.UNITS_INVALID, units=units)
    return units


def none_or_some(units: int) -> int:
    """Return a count of units, which may be zero. Raises Refused (UNITS_INVALID)."""
    return units if units == 0 else some(units)


def measured(ug: int, what: str) -> int:
    """Return an amount of zero or more micrograms. Raises Refused (QUANTITY_IMPLAUSIBLE)."""
    if not 0 <= ug <= LARGEST_WHOLE:
        told = {"low": 0, "high": LARGEST_WHOLE, "unit": "ug", "example": "25000"}
        raise Refused(Refusal.QUANTITY_IMPLAUSIBLE, what=what, text=ug, **told)
    return ug


def draw_of(book: Book, draw: str) -> Draw:
    """Return a drawn unit. Raises Refused (DRAW_UNKNOWN)."""
    held = book.draws.get(draw)
    if held is None:
        opened = ", ".join(one.id for one in book.draws.values() if one.open)
        raise Refused(Refusal.DRAW_UNKNOWN, draw=draw[:60], choices=opened or "none is open")
    return held


def open_draw(book: Book, draw: str) -> Draw:
    """Return a drawn unit not yet accounted for. Raises Refused: DRAW_UNKNOWN, DRAW_CLOSED."""
    held = draw_of(book, draw)
    if not held.open:
        raise Refused(Refusal.DRAW_CLOSED, draw=draw)
    return held


def case_of(book: Book, discrepancy: str) -> Case:
    """Return a discrepancy, open or closed. Raises Refused (DISCREPANCY_UNKNOWN)."""
    case = book.cases.get(discrepancy)
    if case is None:
        choices = ", ".join(one.id for one in book.cases.values() if one.closed is None)
        raise Refused(
            Refusal.DISCREPANCY_UNKNOWN,
            discrepancy=discrepancy[:60],
            choices=choices or "none is open",
        )
    return case


def open_case(book: Book, discrepancy: str) -> Case:
    """Return an open discrepancy. Raises Refused: DISCREPANCY_UNKNOWN, DISCREPANCY_CLOSED."""
    case = case_of(book, discrepancy)
    if case.closed is not None:
        raise Refused(Refusal.DISCREPANCY_CLOSED, discrepancy=discrepancy, outcome=case.outcome)
    return case


def decision(
    desk: Desk, facts: Sequence[Fact], others: Mapping[str, Sequence[Fact]] | None = None
) -> Decision:
    """Return a decision that adds facts to the register, and others to other streams."""
    return Decision({books.stream(desk.site_id): facts} | dict(others or {}))

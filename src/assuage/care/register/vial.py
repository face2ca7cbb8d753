"""Commands on one drawn unit: draw, intend, confirm, waste, return, settle.

What was drawn must end as given, wasted or returned, within the tolerance of measuring. A frozen
page refuses a new draw unless a named person takes it upon themselves, because a patient may be
waiting; what is already in a hand can always be written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assuage.care import session as sessions
from assuage.care.access import Desk
from assuage.care.register import duties
from assuage.care.register import facts as f
from assuage.care.register.book import Book, Draw
from assuage.care.register.item import Item, item
from assuage.care.register.shared import (
    area_of,
    book_of,
    decision,
    in_stock,
    new_id,
    not_frozen,
    open_draw,
)
from assuage.care.session import Dose, Session
from assuage.knowledge import library
from assuage.record.events import Fact, Recorded
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused


def draw(
    desk: Desk, session: str, of: Item, area: str, *, accepted: str = "", at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Take one unit out of a cabinet for the patient of a running session.

    `accepted` names who draws from a frozen page, and why; it needs a witness. Raises Refused:
    ROLE_NOT_PERMITTED, SESSION_UNKNOWN, SESSION_ENDED, AREA_UNKNOWN, PAGE_FROZEN, STOCK_SHORT,
    WITNESS_MISSING, TIME_IN_FUTURE.
    """
    desk.allow("draw")
    if accepted:
        desk.witnessed("a draw from a frozen page")
    made = new_id("d")

    def decide() -> Decision:
        timing = duties.timing(desk, at)
        opened = sessions.opening(sessions.running(desk.record, session), session)
        book = book_of(desk)
        area_of(desk, area)
        if not accepted:
            not_frozen(book, of, area)
        in_stock(book, of, area, 1)
        fact = f.VialDrawn(
            draw=made,
            item=of.id,
            unit_ug=of.unit_ug,
            area=area,
            treatment=sessions.treatment(opened, session),
            accepted=accepted if book.frozen(of.id, area) else "",
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


@dataclass(frozen=True)
class Dosing:
    """A dose about to be given, from a drawn unit."""

    draw: str
    ug: int
    route: str


def intend(desk: Desk, session: str, dosing: Dosing) -> tuple[Recorded, ...]:
    """Store that a dose is about to be given. Nobody acts before this has returned.

    Raises Refused: ROLE_NOT_PERMITTED, SESSION_UNKNOWN, SESSION_ENDED, DOSE_UNRESOLVED while
    another dose of the session is open, DRAW_UNKNOWN, DRAW_CLOSED, DRAW_ELSEWHERE, DRAW_EXCEEDED,
    ROUTE_MISMATCH.
    """
    desk.allow("administer")
    intent = new_id("i")

    def decide() -> Decision:
        view = sessions.running(desk.record, session)
        if view.open_doses:
            held = view.open_doses[0]
            raise Refused(Refusal.DOSE_UNRESOLVED, session=session, intent=held.intended.intent)
        held_draw = open_draw(book_of(desk), dosing.draw)
        _same_session(held_draw, session)
        _fits(held_draw, dosing.ug)
        fact = sessions.AdministrationIntended(
            intent=intent,
            draw=dosing.draw,
            item=held_draw.item,
            ug=dosing.ug,
            route=_route(held_draw, dosing.route),
        )
        return Decision({sessions.stream(session): (fact,)})

    return desk.commit(decide)


def confirm(
    desk: Desk, session: str, intent: str, ug: int, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Store that a dose was given, in the session and in the register at once.

    `ug` is what was given, whatever was intended. A dose that had become Unknown needs a witness
    and the right to resolve it. Raises Refused: ROLE_NOT_PERMITTED, WITNESS_MISSING,
    INTENT_UNKNOWN, INTENT_RESOLVED, DRAW_EXCEEDED, TIME_IN_FUTURE.
    """
    desk.allow("administer")

    def decide() -> Decision:
        timing = duties.timing(desk, at)
        view = sessions.of(desk.record, session)
        dose = _open_dose(desk, view, intent)
        held = open_draw(book_of(desk), dose.intended.draw)
        _fits(held, ug)
        given = f.DrugAdministered(
            draw=held.id,
            item=held.item,
            ug=ug,
            treatment=held.treatment,
            intent=intent,
            when=timing,
        )
        told = sessions.AdministrationConfirmed(
            intent=intent, ug=ug, happened_at=timing.happened_at
        )
        facts = [given, *_settled_exactly(held, ug, timing)]
        return decision(desk, facts, {sessions.stream(session): (told,)})

    return desk.commit(decide)


def not_given(desk: Desk, session: str, intent: str, reason: str) -> tuple[Recorded, ...]:
    """Store that an intended dose was not given.

    Raises Refused: ROLE_NOT_PERMITTED, WITNESS_MISSING, INTENT_UNKNOWN, INTENT_RESOLVED,
    PATIENT_ERASED.
    """
    desk.allow("administer")

    def decide() -> Decision:
        view = sessions.of(desk.record, session)
        _open_dose(desk, view, intent)
        patient = sessions.opening(view, session).patient
        sealed = desk.record.keyring.seal(patient, reason)
        fact = sessions.AdministrationNotGiven(intent=intent, reason=sealed)
        return Decision({sessions.stream(session): (fact,)})

    return desk.commit(decide)


def waste(
    desk: Desk, draw_id: str, ug: int, reason: str, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Enter what was wasted of a drawn unit, before a witness.

    Raises Refused: ROLE_NOT_PERMITTED, WITNESS_MISSING, DRAW_UNKNOWN, DRAW_CLOSED, DRAW_EXCEEDED,
    TIME_IN_FUTURE, PATIENT_ERASED.
    """
    desk.allow("waste")
    desk.witnessed("a waste")

    def decide() -> Decision:
        timing = duties.timing(desk, at)
        held = open_draw(book_of(desk), draw_id)
        _fits(held, ug)
        fact = f.DrugWasted(
            draw=held.id,
            item=held.item,
            ug=ug,
            treatment=held.treatment,
            reason=desk.record.keyring.seal(held.treatment.patient, reason),
            when=timing,
        )
        closed = [] if _dose_open(desk, held) else _settled_exactly(held, ug, timing)
        return decision(desk, [fact, *closed])

    return desk.commit(decide)


def put_back(
    desk: Desk, draw_id: str, reason: str, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Return a drawn unit, unopened, to the cabinet it came from, before a witness.

    Raises Refused: ROLE_NOT_PERMITTED, WITNESS_MISSING, DRAW_UNKNOWN, DRAW_CLOSED, DRAW_OPENED,
    DOSE_UNRESOLVED while a dose from it is open, TIME_IN_FUTURE.
    """
    desk.allow("return")
    desk.witnessed("a return")

    def decide() -> Decision:
        timing = duties.timing(desk, at)
        held = open_draw(book_of(desk), draw_id)
        if held.given_ug or held.wasted_ug:
            raise Refused(Refusal.DRAW_OPENED, draw=draw_id)
        _nothing_open(desk, held)
        fact = f.VialReturned(
            draw=held.id,
            item=held.item,
            unit_ug=held.unit_ug,
            area=held.area,
            reason=reason,
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


def settle(desk: Desk, draw_id: str) -> tuple[Recorded, ...]:
    """Close a drawn unit: within the tolerance as a difference, beyond it as a discrepancy.

    Raises Refused: ROLE_NOT_PERMITTED, DRAW_UNKNOWN, DRAW_CLOSED, DOSE_UNRESOLVED.
    """
    desk.allow("waste")

    def decide() -> Decision:
        book = book_of(desk)
        held = open_draw(book, draw_id)
        _nothing_open(desk, held)
        return decision(desk, closing(desk, book, held))

    return desk.commit(decide)


def closing(desk: Desk, book: Book, held: Draw) -> list[Fact]:
    """Return the facts that close a drawn unit, or that open a discrepancy about it."""
    timing = duties.timing(desk, None)
    tolerance = duties.tolerance_ug(item(held.item))
    if abs(held.left_ug + held.measured_ug) <= tolerance:
        return [_closed(held, held.left_ug, tolerance, timing)]
    if any(case.fact.draw == held.id and case.closed is None for case in book.cases.values()):
        return []
    by, rule = duties.escalation(desk)
    return [
        f.DiscrepancyOpened(
            discrepancy=new_id("x"),
            cause="draw-gap",
            item=held.item,
            area=held.area,
            draw=held.id,
            missing_ug=held.left_ug,
            text="Given, wasted and returned don't add up to what was drawn.",
            escalate_by=by,
            escalate_rule=rule,
            when=timing,
        )
    ]


def _settled_exactly(held: Draw, ug: int, timing: f.When) -> list[Fact]:
    if held.left_ug - ug != 0:
        return []
    return [_closed(held, 0, duties.tolerance_ug(item(held.item)), timing)]


def _closed(held: Draw, difference: int, tolerance: int, timing: f.When) -> f.DrawClosed:
    return f.DrawClosed(
        draw=held.id,
        item=held.item,
        difference_ug=difference,
        tolerance_ug=tolerance,
        when=timing,
    )


def _fits(held: Draw, ug: int) -> None:
    """Raise Refused (DRAW_EXCEEDED) when more would have come out than was drawn."""
    room = held.left_ug + duties.tolerance_ug(item(held.item))
    if not 0 < ug <= room:
        raise Refused(
            Refusal.DRAW_EXCEEDED, draw=held.id, left_mg=held.left_ug / 1000, given_mg=ug / 1000
        )


def _same_session(held: Draw, session: str) -> None:
    if held.treatment.session != session:
        where = held.treatment.session
        raise Refused(Refusal.DRAW_ELSEWHERE, draw=held.id, session=where)


def _route(held: Draw, route: str) -> str:
    """Return a route that the product is licensed or known for. Raises Refused."""
    product = library.products()[item(held.item).product]
    if route not in product.routes:
        wanted = " or ".join(product.routes)
        raise Refused(Refusal.ROUTE_MISMATCH, what=product.name, wanted=wanted, given=route)
    return route


def _open_dose(desk: Desk, view: Session, intent: str) -> Dose:
    dose = view.doses.get(intent)
    if dose is None:
        choices = ", ".join(one.intended.intent for one in view.open_doses) or "none is open"
        raise Refused(Refusal.INTENT_UNKNOWN, intent=intent[:60], choices=choices)
    if dose.state not in ("intended", "unknown"):
        raise Refused(Refusal.INTENT_RESOLVED, intent=intent, state=dose.state)
    if dose.state == "unknown":
        desk.allow("resolve-unknown")
        desk.witnessed("what became of an unknown dose")
    return dose


def _nothing_open(desk: Desk, held: Draw) -> None:
    """Raise Refused (DOSE_UNRESOLVED) while a dose from this unit is open."""
    if intent := _dose_open(desk, held):
        session = held.treatment.session
        raise Refused(Refusal.DOSE_UNRESOLVED, session=session, intent=intent)


def _dose_open(desk: Desk, held: Draw) -> str:
    """Return a dose from this unit of which nobody said what became of it, or ""."""
    view = sessions.of(desk.record, held.treatment.session)
    found = [one.intended for one in view.open_doses if one.intended.draw == held.id]
    return found[0].intent if found else ""

"""Commands on one drawn unit: draw, intend, confirm, waste, return, settle.

What was drawn must end as given, wasted or returned, within the tolerance of measuring. A frozen
page refuses a new draw unless a named person takes it upon themselves, because a patient may be
waiting; what is already in a hand can always be written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assuage.care import patient as patients
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
    dose_open,
    draw_of,
    in_stock,
    new_id,
    not_frozen,
    nothing_open,
    open_draw,
    running_of,
    same_unit,
    sealed,
    session_of,
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
    PATIENT_ERASED, ROLE_NOT_PERMITTED, WITNESS_MISSING, AREA_UNKNOWN, TIME_IN_FUTURE,
    SESSION_UNKNOWN, SESSION_ELSEWHERE, SESSION_ENDED, PAGE_FROZEN, ITEM_CHANGED, STOCK_SHORT.
    """
    desk.allow("draw")
    if accepted:
        desk.witnessed("a draw from a frozen page")
        if not all(part.strip() for part in [*accepted.partition(":")]):
            why = "it isn't 'NAME: REASON'"
            raise Refused(Refusal.FIELD_INVALID, field="--accept", what="the command", why=why)
    made = new_id("d")

    def decide() -> Decision:
        area_of(desk, area)
        timing = duties.timing(desk, at)
        opened = sessions.opening(running_of(desk, session), session)
        patients.present(desk.record, opened.patient)
        book = book_of(desk)
        if not accepted:
            not_frozen(book, of, area)
        passed = book.frozen(of.id, area)  # by name, or it was refused just now
        same_unit(book, of)
        in_stock(book, of, area, 1)
        fact = f.VialDrawn(
            draw=made,
            item=of.id,
            unit_ug=of.unit_ug,
            area=area,
            treatment=sessions.treatment(opened, session),
            accepted=sealed(desk, opened.patient, accepted) if passed else None,
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

    Raises Refused: PATIENT_ERASED, ROLE_NOT_PERMITTED, SESSION_UNKNOWN, SESSION_ELSEWHERE,
    SESSION_ENDED, DOSE_UNRESOLVED while another dose of the session is open, DRAW_UNKNOWN,
    DRAW_CLOSED, DRAW_ELSEWHERE, DRAW_EXCEEDED, ROUTE_MISMATCH.
    """
    desk.allow("administer")
    intent = new_id("i")

    def decide() -> Decision:
        view = running_of(desk, session)
        patients.present(desk.record, sessions.opening(view, session).patient)
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
    SESSION_UNKNOWN, SESSION_ELSEWHERE, INTENT_UNKNOWN, INTENT_RESOLVED, DRAW_CLOSED for a unit
    that went back, DRAW_EXCEEDED, TIME_IN_FUTURE.
    """
    desk.allow("administer")

    def decide() -> Decision:
        timing = duties.timing(desk, at)
        book = book_of(desk)  # before the dose, so that a command sent twice returns all it stored
        dose = _open_dose(desk, session_of(desk, session), intent)
        held = draw_of(book, dose.intended.draw)
        if held.returned:
            raise Refused(Refusal.DRAW_CLOSED, draw=held.id)
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

    Raises Refused: ROLE_NOT_PERMITTED, WITNESS_MISSING, SESSION_UNKNOWN, SESSION_ELSEWHERE,
    INTENT_UNKNOWN, INTENT_RESOLVED.
    """
    desk.allow("administer")

    def decide() -> Decision:
        view = session_of(desk, session)
        _open_dose(desk, view, intent)
        patient = sessions.opening(view, session).patient
        told = sealed(desk, patient, reason)
        fact = sessions.AdministrationNotGiven(intent=intent, reason=told)
        return Decision({sessions.stream(session): (fact,)})

    return desk.commit(decide)


def waste(
    desk: Desk, draw_id: str, ug: int, reason: str, at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Enter what was wasted of a drawn unit, before a witness.

    What is left for a dose about to be given isn't wasted. Raises Refused: ROLE_NOT_PERMITTED,
    WITNESS_MISSING, DRAW_UNKNOWN, DRAW_CLOSED, DRAW_EXCEEDED, DOSE_UNRESOLVED, TIME_IN_FUTURE.
    """
    desk.allow("waste")
    desk.witnessed("a waste")

    def decide() -> Decision:
        timing = duties.timing(desk, at)
        held = open_draw(book_of(desk), draw_id)
        _fits(held, ug)
        dose = dose_open(desk, held)
        if dose and not ug <= _room_ug(held) - dose.ug:
            session = held.treatment.session
            raise Refused(Refusal.DOSE_UNRESOLVED, session=session, intent=dose.intent)
        fact = f.DrugWasted(
            draw=held.id,
            item=held.item,
            ug=ug,
            treatment=held.treatment,
            reason=sealed(desk, held.treatment.patient, reason),
            when=timing,
        )
        closed = [] if dose else _settled_exactly(held, ug, timing)
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
        nothing_open(desk, held)
        # Nothing given and wasted may be left after corrections, and part of it posted elsewhere.
        if held.given_ug or held.wasted_ug or held.left_ug != held.unit_ug:
            raise Refused(Refusal.DRAW_OPENED, draw=draw_id)
        fact = f.VialReturned(
            draw=held.id,
            item=held.item,
            unit_ug=held.unit_ug,
            area=held.area,
            reason=sealed(desk, held.treatment.patient, reason),
            when=timing,
        )
        return decision(desk, [fact])

    return desk.commit(decide)


def settle(desk: Desk, draw_id: str) -> tuple[Recorded, ...]:
    """Close a drawn unit: within the tolerance as a difference, beyond it as a discrepancy.

    Raises Refused: ROLE_NOT_PERMITTED, DOSE_UNRESOLVED, DRAW_UNKNOWN, DRAW_CLOSED, PAGE_FROZEN
    when a discrepancy about it is open already.
    """
    desk.allow("waste")

    def decide() -> Decision:
        book = book_of(desk)
        held = open_draw(book, draw_id)
        nothing_open(desk, held)
        facts = closing(desk, book, held, held.left_ug)
        if not facts:
            not_frozen(book, item(held.item), held.area)
        return decision(desk, facts)

    return desk.commit(decide)


def closing(desk: Desk, book: Book, held: Draw, left_ug: int) -> list[Fact]:
    """Return the facts that close a drawn unit of which so much is left, or open a discrepancy.

    Nothing, when a discrepancy about it is open already.
    """
    timing = duties.timing(desk, None)
    tolerance = duties.tolerance_ug(item(held.item))
    if abs(left_ug + held.measured_ug) <= tolerance:
        return [_closed(held, left_ug, tolerance, timing)]
    if any(case.fact.draw == held.id for case in book.freezing(held.item, held.area)):
        return []
    by, rule = duties.escalation(desk)
    return [
        f.DiscrepancyOpened(
            discrepancy=new_id("x"),
            cause="draw-gap",
            item=held.item,
            area=held.area,
            draw=held.id,
            missing_ug=left_ug,
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
    if not 0 < ug <= _room_ug(held):
        raise Refused(
            Refusal.DRAW_EXCEEDED, draw=held.id, left_mg=held.left_ug / 1000, given_mg=ug / 1000
        )


def _room_ug(held: Draw) -> int:
    """Return what may still come out of a unit: the tolerance is for the unit, not for each act."""
    return held.left_ug + held.measured_ug + duties.tolerance_ug(item(held.item))


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
    if dose.state == "unknown" or dose.by != desk.by.person:
        desk.allow("resolve-unknown")
        desk.witnessed("what became of an unknown dose or another person's")
    return dose

"""Commands on a session: open it, come back to it, note what pump and patient say, end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from assuage.care import patient as patients
from assuage.care import session as sessions
from assuage.care import site as sites
from assuage.care.access import Desk
from assuage.care.register import vial
from assuage.care.register.book import stream as register_stream
from assuage.care.register.shared import area_of, book_of, measured, running_of, session_of
from assuage.care.session import Dose
from assuage.record.events import Fact, Recorded
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused


@dataclass(frozen=True)
class NewSession:
    """A session: for whom, on which order of whom, and in which area."""

    id: str
    patient: str
    order: str
    prescriber: str
    area: str


def open_session(desk: Desk, new: NewSession) -> tuple[Recorded, ...]:
    """Open a session. Raises Refused: ROLE_NOT_PERMITTED, SESSION_EXISTS, PATIENT_UNKNOWN, ...

    The prescriber must be a person of the site whose role may prescribe (PERSON_UNKNOWN,
    PRESCRIBER_NOT_PERMITTED).
    """
    desk.allow("open-session")
    sites.checked_id(new.id, "a session")
    sites.checked_id(new.order, "an order")

    def decide() -> Decision:
        sites.checked_prescriber(desk.site, new.prescriber)
        patients.present(desk.record, new.patient)
        area_of(desk, new.area)
        if desk.record.view(sessions.Session, sessions.stream(new.id)).version:
            raise Refused(Refusal.SESSION_EXISTS, session=new.id)
        fact = sessions.SessionOpened(
            patient=new.patient,
            order=new.order,
            prescriber=new.prescriber,
            site=desk.site_id,
            area=new.area,
        )
        return Decision({sessions.stream(new.id): (fact,)})

    return desk.commit(decide)


def enter(desk: Desk, session: str) -> tuple[Dose, ...]:
    """Come to a session, and be shown every dose of which nobody said what became of it.

    An intended dose without an outcome becomes Unknown here: whoever stored it crashed, lost the
    connection, walked away or is in the act at this moment, and nothing tells these apart. A
    person in the act can still confirm it, with a witness. Raises Refused: ROLE_NOT_PERMITTED,
    SESSION_UNKNOWN, SESSION_ELSEWHERE.
    """
    desk.allow("open-session")

    def decide() -> Decision:
        view = session_of(desk, session)
        waiting = [one for one in view.open_doses if one.state == "intended"]
        facts: list[Fact] = [
            sessions.AdministrationUnknown(intent=one.intended.intent) for one in waiting
        ]
        unknown = tuple(one.intended.intent for one in view.open_doses)
        facts.append(sessions.SessionEntered(unknown=unknown))
        return Decision({sessions.stream(session): facts})

    desk.commit(decide)
    return sessions.of(desk.record, session).open_doses


def read_pump(desk: Desk, session: str, intent: str, ug: int) -> tuple[Recorded, ...]:
    """Store what the pump's log says it delivered for a dose.

    Raises Refused: ROLE_NOT_PERMITTED, QUANTITY_IMPLAUSIBLE, SESSION_UNKNOWN, SESSION_ELSEWHERE,
    INTENT_UNKNOWN.
    """
    desk.allow("administer")
    told = measured(ug, "what the pump says")
    return _about(desk, session, intent, partial(sessions.PumpRead, intent=intent, ug=told))


def note_effect(desk: Desk, session: str, intent: str, effect: bool) -> tuple[Recorded, ...]:
    """Store whether a dose showed any effect. Raises Refused: INTENT_UNKNOWN, ..."""
    desk.allow("administer")
    made = partial(sessions.EffectNoted, intent=intent, effect=effect)
    return _about(desk, session, intent, made)


def _about(desk: Desk, session: str, intent: str, told: Callable[[], Fact]) -> tuple[Recorded, ...]:
    def decide() -> Decision:
        view = session_of(desk, session)
        if intent not in view.doses:
            choices = ", ".join(view.doses) or "none"
            raise Refused(Refusal.INTENT_UNKNOWN, intent=intent[:60], choices=choices)
        return Decision({sessions.stream(session): (told(),)})

    return desk.commit(decide)


def end_session(desk: Desk, session: str, at: datetime | None = None) -> tuple[Recorded, ...]:
    """End a session and settle what was drawn in it; a gap opens a discrepancy, it stops nothing.

    Raises Refused: ROLE_NOT_PERMITTED, SESSION_UNKNOWN, SESSION_ELSEWHERE, SESSION_ENDED,
    DOSE_UNRESOLVED, TIME_IN_FUTURE.
    """
    desk.allow("end-session")

    def decide() -> Decision:
        book = book_of(desk)  # first, so that a repeat finds all that was stored
        view = running_of(desk, session)
        if view.open_doses:
            intent = view.open_doses[0].intended.intent
            raise Refused(Refusal.DOSE_UNRESOLVED, session=session, intent=intent)
        opened = book.open_draws(session)
        facts = [one for held in opened for one in vial.closing(desk, book, held, held.left_ug)]
        ended = sessions.SessionEnded(happened_at=desk.happened(at))
        return Decision(
            {sessions.stream(session): (ended,), register_stream(desk.site_id): tuple(facts)}
        )

    return desk.commit(decide)

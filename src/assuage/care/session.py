"""A session, as far as its doses go: intended before the act, then confirmed, or not, or unknown.

Stream `session/<id>`. `AdministrationIntended` is stored before anybody acts. What became of it
is told by a person. After a crash, a lost connection or a walk-away it stays open; the next
person who opens the session finds it Unknown, and no further dose can be intended until somebody
says what happened. Nothing is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from assuage.care.register.facts import Treatment
from assuage.record.events import Count, Fact, Positive, Recorded, Text
from assuage.record.keyring import Sealed
from assuage.record.record import Record, View
from assuage.refusals import Refusal, Refused

State = Literal["intended", "unknown", "confirmed", "not-given"]


class SessionOpened(Fact):
    """A session began."""

    patient: Text
    order: Text
    prescriber: Text
    site: Text
    area: Text


class SessionEntered(Fact):
    """A person took over a session, and was shown what is open in it."""

    unknown: tuple[Text, ...]


class AdministrationIntended(Fact):
    """A dose is about to be given."""

    intent: Text
    draw: Text
    item: Text
    ug: Positive
    route: Text


class AdministrationConfirmed(Fact):
    """A dose was given. `ug` is what was given, whatever was intended."""

    intent: Text
    ug: Positive
    happened_at: datetime


class AdministrationNotGiven(Fact):
    """An intended dose was not given."""

    intent: Text
    reason: Sealed


class AdministrationUnknown(Fact):
    """Nobody said what became of an intended dose. Only a person can."""

    intent: Text


class AdministrationCorrected(Fact):
    """The register's entry of a dose was corrected; `ug` is the dose as it stands now."""

    intent: Text
    ug: Count
    entry: Positive


class PumpRead(Fact):
    """The volume that the pump's log says it delivered, in micrograms, for a dose."""

    intent: Text
    ug: Count


class EffectNoted(Fact):
    """Whether the patient showed any effect of a dose."""

    intent: Text
    effect: bool


class SessionEnded(Fact):
    """A session ended."""

    happened_at: datetime


@dataclass
class Dose:
    """One dose and what is known of it, in micrograms."""

    intended: AdministrationIntended
    by: str
    state: State = "intended"
    given_ug: int = 0
    pump_ug: int | None = None
    effect: bool | None = None
    confirmed_by: str = ""
    given_at: datetime | None = None


class Session(View):
    """One session."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: SessionOpened | None = None
        self.opened_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.doses: dict[str, Dose] = {}

    @property
    def open_doses(self) -> tuple[Dose, ...]:
        """The doses of which nobody has said what became of them."""
        return tuple(one for one in self.doses.values() if one.state in ("intended", "unknown"))

    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""
        match event.fact:
            case SessionOpened() as fact:
                self.opened, self.opened_at = fact, event.at
            case AdministrationIntended() as fact:
                self.doses[fact.intent] = Dose(fact, event.by.person)
            case AdministrationConfirmed() as fact:
                dose = self.doses[fact.intent]
                dose.state, dose.given_ug, dose.given_at = "confirmed", fact.ug, fact.happened_at
                dose.confirmed_by = event.by.person
            case AdministrationNotGiven() as fact:
                self.doses[fact.intent].state = "not-given"
            case AdministrationUnknown() as fact:
                self.doses[fact.intent].state = "unknown"
            case AdministrationCorrected() as fact:
                self.doses[fact.intent].given_ug = fact.ug
            case PumpRead() as fact:
                self.doses[fact.intent].pump_ug = fact.ug
            case EffectNoted() as fact:
                self.doses[fact.intent].effect = fact.effect
            case SessionEnded() as fact:
                self.ended_at = fact.happened_at


def stream(session: str) -> str:
    """Return the name of a session's stream."""
    return f"session/{session}"


def of(record: Record, session: str) -> Session:
    """Return a session. Raises Refused (SESSION_UNKNOWN)."""
    view = record.view(Session, stream(session))
    if view.opened is None:
        raise Refused(Refusal.SESSION_UNKNOWN, session=session[:60])
    return view


def running(record: Record, session: str) -> Session:
    """Return a session that hasn't ended. Raises Refused: SESSION_UNKNOWN, SESSION_ENDED."""
    view = of(record, session)
    if view.ended_at is not None:
        ended = view.ended_at.isoformat(timespec="minutes")
        raise Refused(Refusal.SESSION_ENDED, session=session, time=ended)
    return view


def opening(view: Session, session: str) -> SessionOpened:
    """Return how a session was opened. Raises Refused (SESSION_UNKNOWN)."""
    if view.opened is None:
        raise Refused(Refusal.SESSION_UNKNOWN, session=session[:60])
    return view.opened


def treatment(opened: SessionOpened, session: str) -> Treatment:
    """Return for whom and on whose order a session's drug is drawn."""
    return Treatment(
        patient=opened.patient,
        order=opened.order,
        session=session,
        prescriber=opened.prescriber,
    )

"""Consent to the registry: given and withdrawn by a patient, and the log of what left the site.

Consent stands in the patient's stream, `patient/<id>`; exports in `registry/<site>`. Unknown is
never taken for consent. A withdrawal takes a person out of every export from then on; what was
exported before can't be called back, so the log says which exports held the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from assuage.care import patient as patients
from assuage.care import site as sites
from assuage.care.access import Desk
from assuage.care.course import one_of
from assuage.record.events import Count, Fact, Recorded, Text
from assuage.record.record import Decision, Record, View
from assuage.refusals import Refusal, Refused

# registry: the minimum data set goes to the registry. research: it may be given to researchers.
Purpose = Literal["registry", "research"]
Giver = Literal["patient", "parent", "representative"]


class ConsentGiven(Fact):
    """A person agreed that the minimum data set leaves the site, for these purposes."""

    purposes: tuple[Purpose, ...]
    form: Text  # the version of the form that was signed: an id, nothing typed freely
    given_by: Giver
    happened_at: datetime


class ConsentWithdrawn(Fact):
    """A person took consent back. `exports` are the exports that had held the person."""

    given_by: Giver
    happened_at: datetime
    exports: tuple[Text, ...]


class RegistryExported(Fact):
    """A data set left the site. `patients` are the numbers of those in it; no name is in it."""

    export: Text
    purpose: Purpose
    patients: tuple[Text, ...]
    rows: Count
    digest: Text  # SHA-256 over the files


@dataclass(frozen=True)
class State:
    """Whether consent stands. `fact` is the last thing that was said of it, None if nothing was."""

    fact: ConsentGiven | ConsentWithdrawn | None
    by: str = ""

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """What the person agrees to now."""
        return self.fact.purposes if isinstance(self.fact, ConsentGiven) else ()


class Consent(View):
    """The consent of one patient."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State(None)

    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""
        if isinstance(event.fact, ConsentGiven | ConsentWithdrawn):
            self.state = State(event.fact, event.by.person)


class Exports(View):
    """The log of a site's exports."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[Recorded, RegistryExported]] = []

    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""
        if isinstance(event.fact, RegistryExported):
            self.log.append((event, event.fact))

    def of_patient(self, patient: str) -> tuple[str, ...]:
        """Return the ids of the exports that held a patient."""
        return tuple(one.export for _, one in self.log if patient in one.patients)


def exports_stream(site: str) -> str:
    """Return the name of the stream of a site's exports."""
    return f"registry/{site}"


def of(record: Record, patient: str) -> State:
    """Return the consent of a patient. Raises Refused (PATIENT_UNKNOWN)."""
    patients.of(record, patient)
    return record.view(Consent, patients.stream(patient)).state


def exports(record: Record, site: str) -> Exports:
    """Return the log of a site's exports."""
    return record.view(Exports, exports_stream(site))


def held_by(record: Record, patient: str) -> tuple[str, ...]:
    """Return the exports of every site that held a patient."""
    # By the sites and not by the streams that there are, so that a first export is seen as well.
    known = [name.removeprefix("site/") for name, _ in record.store.streams("site/")]
    return tuple(one for site in known for one in exports(record, site).of_patient(patient))


def give(
    desk: Desk,
    patient: str,
    purposes: tuple[str, ...],
    form: str,
    *,
    given_by: str = "patient",
    at: datetime | None = None,
) -> tuple[Recorded, ...]:
    """Record that a person agreed. What is said last stands alone: it doesn't add up.

    A form that is entered late doesn't undo what the person said after signing it. Raises
    Refused: ROLE_NOT_PERMITTED, VALUE_NOT_ALLOWED, ID_INVALID for a form's version,
    PATIENT_UNKNOWN, PATIENT_ERASED, TIME_IN_FUTURE, CONSENT_UNCHANGED.
    """
    desk.allow("record-consent")
    for one in purposes or ("",):
        one_of(one, get_args(Purpose), "purpose")
    one_of(given_by, get_args(Giver), "person to give consent")
    sites.checked_id(form, "a form")

    def decide() -> Decision:
        patients.present(desk.record, patient)
        fact = ConsentGiven.model_validate(
            {
                "purposes": tuple(one for one in get_args(Purpose) if one in purposes),
                "form": form,
                "given_by": given_by,
                "happened_at": desk.happened(at),
            }
        )
        held = of(desk.record, patient).fact
        if held is not None and fact.happened_at < held.happened_at:
            did = "agreed anew" if isinstance(held, ConsentGiven) else "withdrawn consent"
            state = f"{did} later, at {held.happened_at.isoformat(timespec='minutes')}"
            raise Refused(Refusal.CONSENT_UNCHANGED, patient=patient, state=state)
        if isinstance(held, ConsentGiven) and (
            (held.purposes, held.form, held.given_by) == (fact.purposes, fact.form, fact.given_by)
        ):
            state = f"agreed to just that since {held.happened_at.date()}"
            raise Refused(Refusal.CONSENT_UNCHANGED, patient=patient, state=state)
        return Decision({patients.stream(patient): (fact,)})

    return desk.commit(decide)


def withdraw(
    desk: Desk, patient: str, *, given_by: str = "patient", at: datetime | None = None
) -> tuple[Recorded, ...]:
    """Record that consent was taken back; the event names the exports that had held the person.

    Raises Refused: ROLE_NOT_PERMITTED, VALUE_NOT_ALLOWED, PATIENT_UNKNOWN, TIME_IN_FUTURE,
    CONSENT_UNCHANGED.
    """
    desk.allow("record-consent")
    one_of(given_by, get_args(Giver), "person to withdraw consent")

    def decide() -> Decision:
        held = of(desk.record, patient)
        if not held.purposes:
            raise Refused(
                Refusal.CONSENT_UNCHANGED, patient=patient, state="no consent that stands"
            )
        fact = ConsentWithdrawn.model_validate(
            {
                "given_by": given_by,
                "happened_at": desk.happened(at),
                "exports": held_by(desk.record, patient),
            }
        )
        return Decision({patients.stream(patient): (fact,)})

    return desk.commit(decide)

"""A patient, as far as a record needs one: who it is, under a key that can be destroyed."""

from __future__ import annotations

from datetime import date

from assuage.care import site as sites
from assuage.care.access import Desk, said
from assuage.care.register import book as books
from assuage.care.register import duties
from assuage.record.events import Fact, Recorded, Text
from assuage.record.keyring import PATIENT_KEY, Keyring, Sealed
from assuage.record.record import Decision, Record, View
from assuage.record.store import Secret
from assuage.refusals import Refusal, Refused

ERASED = "[erased]"


class PatientRegistered(Fact):
    """A person became a patient. What names the person is sealed."""

    name: Sealed
    born: Sealed
    address: Sealed


class PatientErased(Fact):
    """The key of a patient's personal data was destroyed."""

    reason: Text
    accepted: str = ""


class Patient(View):
    """What is known of one patient."""

    def __init__(self) -> None:
        super().__init__()
        self.registered: PatientRegistered | None = None
        self.erased = False

    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""
        if isinstance(event.fact, PatientRegistered):
            self.registered = event.fact
        elif isinstance(event.fact, PatientErased):
            self.erased = True


def stream(patient: str) -> str:
    """Return the name of a patient's stream."""
    return f"patient/{patient}"


def of(record: Record, patient: str) -> Patient:
    """Return a patient. Raises Refused (PATIENT_UNKNOWN)."""
    view = record.view(Patient, stream(patient))
    if not view.version:
        raise Refused(Refusal.PATIENT_UNKNOWN, patient=patient[:60])
    return view


def present(record: Record, patient: str) -> Patient:
    """Return a patient who can be treated. Raises Refused: PATIENT_UNKNOWN, PATIENT_ERASED."""
    view = of(record, patient)
    if view.erased or record.keyring.missing(patient):
        raise Refused(Refusal.PATIENT_ERASED, patient=patient)
    return view


def register(desk: Desk, patient: str, name: str, born: date, address: str) -> tuple[Recorded, ...]:
    """Register a patient. Raises Refused: ROLE_NOT_PERMITTED, ID_INVALID, PATIENT_EXISTS."""
    desk.allow("register-patient")
    sites.checked_id(patient, "a patient")
    keyring = desk.record.keyring

    def decide() -> Decision:
        if desk.record.view(Patient, stream(patient)).version:
            raise Refused(Refusal.PATIENT_EXISTS, patient=patient)
        key = keyring.make(patient)
        fact = PatientRegistered(
            name=keyring.seal(patient, name),
            born=keyring.seal(patient, born.isoformat()),
            address=keyring.seal(patient, address),
        )
        return Decision({stream(patient): (fact,)}, (key,))

    return desk.commit(decide)


def told(desk: Desk, patient: str) -> dict[str, str]:
    """Return who a patient is, for a person who may register patients.

    Raises Refused: ROLE_NOT_PERMITTED, PATIENT_UNKNOWN.
    """
    desk.allow("register-patient")
    keyring = desk.record.keyring
    view = of(desk.record, patient)
    held = view.registered
    sealed = {} if held is None else {"name": held.name, "born": held.born, "address": held.address}
    return {"patient": patient} | {
        # An erased key that somebody put back by hand opens nothing here.
        field: ERASED if view.erased else shown(keyring, one)
        for field, one in sealed.items()
    }


def erase(desk: Desk, patient: str, reason: str, *, accepted: str = "") -> tuple[Recorded, ...]:
    """Destroy the key of a patient's personal data, before a witness. It can't be undone.

    Not before the law of every site with entries for the patient lets it; where that law isn't
    known it doesn't. `accepted` says who takes it upon themselves to erase earlier, and why.
    `reason` stays in the clear, so it doesn't name the patient. Raises Refused:
    ROLE_NOT_PERMITTED, WITNESS_MISSING, FIELD_INVALID, PATIENT_UNKNOWN, PATIENT_ERASED,
    ERASURE_TOO_EARLY.
    """
    desk.allow("erase-patient")
    desk.witnessed("an erasure")
    said(reason)
    if accepted:
        said(accepted)

    def decide() -> Decision:
        present(desk.record, patient)
        until = kept_until(desk.record, patient)
        if not accepted and not (until is not None and until < desk.local_now().date()):
            shown = until.isoformat() if until else "a day that no law recorded here sets"
            raise Refused(Refusal.ERASURE_TOO_EARLY, patient=patient, until=shown)
        fact = PatientErased(reason=reason, accepted=accepted)
        return Decision({stream(patient): (fact,)}, (Secret(PATIENT_KEY, patient, None),))

    return desk.commit(decide)


def kept_until(record: Record, patient: str) -> date | None:
    """Return the last day on which a law keeps entries that name a patient, at whatever site.

    `date.min` when no register names the patient; None when the law of one site isn't known.
    """
    latest = date.min
    for name, _ in record.store.streams("register/"):
        book = record.view(books.Book, name)
        last = book.last_of_patient.get(patient)
        if last is None:
            continue
        place = sites.of(record, name.split("/")[1]).place
        until = duties.keep_until(place, date.fromisoformat(last))
        if until is None:
            return None
        latest = until if until > latest else latest
    return latest


def shown(keyring: Keyring, sealed: Sealed) -> str:
    """Return sealed text for a person to read, or a mark where it was erased."""
    text = keyring.open(sealed)
    return ERASED if text is None else text

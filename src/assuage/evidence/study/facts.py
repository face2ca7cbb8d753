"""What happened to a study, as facts: its protocol was locked, amended, and the arms made known.

Stream `study/<id>`. A locked protocol is stored whole, so that a report needs nothing but the
record and the data. An amendment is a lock that names the digest of the one before it. Unblinding
names the data that were complete by then, by their digest and their columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assuage.record.events import Count, Fact, Recorded, Text
from assuage.record.record import Record, View
from assuage.refusals import Refusal, Refused


class ProtocolLocked(Fact):
    """A protocol was frozen. `replaces` is empty the first time; then `reason` says why."""

    digest: Text
    protocol: Text  # the file, as it was written
    collected: tuple[Text, ...]  # the columns of every outcome
    replaces: str = ""
    reason: str = ""


class StudyUnblinded(Fact):
    """The arms became known to whoever analyses; the data were these."""

    digest: Text  # SHA-256 of the data file
    file: Text
    columns: tuple[Text, ...]
    rows: Count
    protocol: Text  # the digest of the protocol in force
    values: tuple[Count, ...] = ()  # how many each column held
    people: str = ""  # SHA-256 of the participants' names in order, to know them again


@dataclass(frozen=True)
class Happened:
    """One event of a study: when, by whom, how signed."""

    fact: ProtocolLocked | StudyUnblinded
    at: datetime
    by: str
    method: str
    position: int
    hash: bytes


class Study(View):
    """What is known of one study."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Happened] = []

    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""
        if isinstance(event.fact, ProtocolLocked | StudyUnblinded):
            by = event.by
            self.events.append(
                Happened(event.fact, event.at, by.person, by.method, event.position, event.hash)
            )

    @property
    def locks(self) -> tuple[ProtocolLocked, ...]:
        """Every protocol that was locked, the first one first."""
        return tuple(one.fact for one in self.events if isinstance(one.fact, ProtocolLocked))

    @property
    def in_force(self) -> ProtocolLocked:
        """The protocol as it stands. IndexError before the first lock."""
        return self.locks[-1]

    @property
    def then(self) -> ProtocolLocked:
        """The protocol that was in force when the arms became known, or is while they aren't."""
        found = self.locks[0]
        for one in self.events:
            if isinstance(one.fact, StudyUnblinded):
                return found
            found = one.fact
        return found

    @property
    def unblinded(self) -> StudyUnblinded | None:
        """How the arms became known, if they are."""
        found = [one.fact for one in self.events if isinstance(one.fact, StudyUnblinded)]
        return found[0] if found else None

    @property
    def head(self) -> str:
        """The head of the record at this study's last event, as `record verify` takes it."""
        last = self.events[-1]
        return f"{last.position}:{last.hash.hex()}"


def stream(study: str) -> str:
    """Return the name of a study's stream."""
    return f"study/{study}"


def earlier(record: Record, view: Study, people: str) -> tuple[str, ...]:
    """Say which other studies had unblinded the same people before this one's first lock."""
    first = view.events[0]
    found = []
    for name, _ in record.store.streams("study/"):
        for one in record.view(Study, name).events:
            fact = one.fact
            same = isinstance(fact, StudyUnblinded) and fact.people == people
            if same and one.position < first.position:
                other = name.removeprefix("study/")
                found.append(
                    f"The arms of these people were known BEFORE this protocol was locked: the "
                    f"study {other} unblinded them on {one.at:%Y-%m-%d}."
                )
    return tuple(found)


def of(record: Record, study: str) -> Study:
    """Return a study. Raises Refused (STUDY_UNKNOWN)."""
    view = record.view(Study, stream(study))
    if not view.locks:
        known = [name.removeprefix("study/") for name, _ in record.store.streams("study/")]
        raise Refused(
            Refusal.STUDY_UNKNOWN, study=study[:60], choices=", ".join(known) or "none yet"
        )
    return view

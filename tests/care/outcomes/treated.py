"""Short ways to a course under way: opened, treated, asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from assuage.care import course, patient
from assuage.care.outcomes import facts as f
from assuage.care.outcomes import harms, recording
from assuage.care.session import (
    AdministrationConfirmed,
    AdministrationIntended,
    SessionEnded,
    SessionOpened,
)
from assuage.record.events import Envelope, Fact
from assuage.record.record import Decision, View, new_command
from care.world import MG, NORTH, VIAL, World, in_memory

PHQ = "phq-9"
NRS = "nrs-pain"


class Plain(View):
    """A view of any stream, for facts that a test stores by hand."""

    def apply(self, _event: Any) -> None:
        return None


def phq(total: int, q9: int = 0) -> dict[str, int]:
    """Answers that sum to `total`, with that answer to item 9."""
    left, answers = total - q9, {}
    for number in range(1, 9):
        answers[f"q{number}"] = min(3, left)
        left -= answers[f"q{number}"]
    assert left == 0, f"{total} with {q9}"
    return answers | {"q9": q9}


def ready(site: str = NORTH) -> World:
    """A site with the patient p1 and the course c1."""
    made = in_memory()
    made.found(site)
    made.patient()
    opened(made)
    return made


def opened(
    w: World,
    name: str = "c1",
    who: str = "p1",
    *,
    outcomes: tuple[str, ...] = (PHQ, NRS),
    site: str = NORTH,
    sex: str | None = "female",
    weight_g: int | None = 70_000,
) -> str:
    new = course.NewCourse(
        name, who, "depression", "depression-iv", 6, outcomes, outcomes[0], sex, weight_g
    )
    course.open_course(w.desk("nia", site=site), new)
    return name


def told(w: World, stream: str, *facts: Fact) -> None:
    """Store facts as they are, for what another part's commands would take long to say."""

    def decide() -> Decision:
        w.record.view(Plain, stream)
        return Decision({stream: facts})

    w.record.commit(Envelope(w.clock.utc_now(), new_command(), w.sign("nia")), decide)


def session(w: World, name: str = "s1", who: str = "p1", site: str = NORTH) -> str:
    told(
        w,
        f"session/{name}",
        SessionOpened(patient=who, order="o", prescriber="dia", site=site, area="ward"),
    )
    return name


def dose(w: World, name: str = "s1", mg: int = 35, item: str = VIAL.id) -> None:
    """A dose that was intended and confirmed now."""
    intent = f"i-{new_command()[:10]}"
    given = {"intent": intent, "ug": mg * MG}
    intended = AdministrationIntended(draw="d", item=item, route="iv", **given)
    confirmed = AdministrationConfirmed(happened_at=w.clock.utc_now(), **given)
    told(w, f"session/{name}", intended, confirmed)


def ended(w: World, name: str = "s1") -> None:
    told(w, f"session/{name}", SessionEnded(happened_at=w.clock.utc_now()))


def treated(
    w: World, name: str = "s1", *, of: str = "c1", who: str = "p1", mg: int = 35, site: str = NORTH
) -> str:
    """A session of a course with one dose, begun and over now."""
    session(w, name, who, site)
    course.join(w.desk("nia", site=site), of, name)
    dose(w, name, mg)
    ended(w, name)
    return name


def asked(
    w: World,
    answers: dict[str, int] | int,
    *,
    instrument: str = PHQ,
    of: str = "c1",
    site: str = NORTH,
    at: datetime | None = None,
    again: bool = True,
    **more: str,
) -> str:
    """Record an outcome, by answers or by the total of a PHQ-9; return its id."""
    given = phq(answers) if isinstance(answers, int) else answers
    new = recording.NewOutcome(instrument, given, at, **more)
    stored = recording.record(w.desk("nia", site=site), of, new, again=again)
    fact = stored.events[0].fact
    assert isinstance(fact, f.OutcomeRecorded)
    return fact.outcome


def nrs(w: World, value: int, **more: Any) -> str:
    return asked(w, {"q1": value}, instrument=NRS, **more)


def harmed(w: World, term: str = "nausea", *, of: str = "c1", where: str = "", **more: Any) -> str:
    new = harms.NewHarm(
        term,
        more.get("grade", 1),
        more.get("serious", "no"),
        "possible",
        "none",
        session=where,
        note=more.get("note", ""),
    )
    events = harms.record(w.desk("nia", site=more.get("site", NORTH)), of, new)
    fact = events[0].fact
    assert isinstance(fact, f.HarmRecorded)
    return fact.harm


def view(w: World, name: str = "c1") -> course.Course:
    return course.of(w.record, name)


def erase(w: World, who: str = "p1") -> None:
    patient.erase(w.desk("max", "noa"), who, "asked", accepted="Max: a test")


def stored_bytes(w: World) -> bytes:
    """Everything that the store holds as events."""
    return b"\n".join(row.body for row in w.record.store.read_all())


def meanwhile(w: World, other: Callable[[], object]) -> None:
    """Let somebody else's command be stored right before the next one's events are."""
    store: Any = w.record.store
    plain = store.append

    def append(*given: Any) -> Any:
        store.append = plain
        mine, w.record = w.record, type(w.record)(store, type(w.record.keyring)(store, KEY))
        try:
            other()
        finally:
            w.record = mine
        return plain(*given)

    store.append = append


KEY = bytes(range(32))

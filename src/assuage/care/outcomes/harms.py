"""Harms: recorded as they happen, and told with both denominators, never as a bare count.

A share of sessions says how often a session brings it; a share of people says how many meet it.
Sessions of one person aren't independent, so an interval over sessions is too narrow where a few
people have most of them: `most_of_one` says how many come from one person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from assuage.care import course as courses
from assuage.care import session as sessions
from assuage.care.access import Desk
from assuage.care.course import Course
from assuage.care.outcomes import facts as f
from assuage.care.outcomes import recording
from assuage.care.outcomes.shares import Share, share
from assuage.care.register.shared import new_id, sealed
from assuage.knowledge import library
from assuage.record.events import Recorded
from assuage.record.keyring import Sealed
from assuage.record.record import Decision, Record
from assuage.refusals import Refusal, Refused

OTHER = "other"


@dataclass(frozen=True)
class NewHarm:
    """A harm to record. `session` and `note` may be empty; "other" needs a note.

    In a correction, whatever is empty, 0 or None stays as it was.
    """

    term: str
    grade: int
    serious: str
    relation: str
    action: str
    onset_at: datetime | None = None
    session: str = ""
    note: str = ""


def record(desk: Desk, course: str, new: NewHarm) -> tuple[Recorded, ...]:
    """Record a harm. It can be recorded after the course has ended, and after an erasure.

    Raises Refused: ROLE_NOT_PERMITTED, VALUE_NOT_ALLOWED, OPTION_MISSING, TIME_IN_FUTURE,
    COURSE_UNKNOWN, COURSE_ELSEWHERE, SESSION_UNFITTING, OPTION_CONFLICT for a grade that doesn't
    go with its seriousness, OUTCOME_STALE and OUTCOME_TIMING for a time that can't be.
    """
    desk.allow("record-outcome")
    at = _checked(desk, new, None)

    def decide() -> Decision:
        view, opened = courses.here(desk, course)
        _session_fits(desk, view, course, new.session, at)
        told = _told(desk, opened.patient, new, at, None)
        return Decision({courses.stream(course): (f.HarmRecorded(harm=new_id("h"), told=told),)})

    return desk.commit(decide)


def correct(
    desk: Desk, course: str, harm: str, right: NewHarm | None, reason: str
) -> tuple[Recorded, ...]:
    """Correct a harm, or with None say that it should not be there. What isn't said stays.

    Raises Refused: HARM_UNKNOWN, and what `record` raises.
    """
    desk.allow("record-outcome")

    def decide() -> Decision:
        view, opened = courses.here(desk, course)
        held = view.harms.get(harm)
        if held is None or held.told is None:
            known = ", ".join(one.id for one in view.harms.values() if one.told)
            told = {"harm": harm[:60], "choices": known or "none was recorded"}
            raise Refused(Refusal.HARM_UNKNOWN, course=course, **told)
        now = None
        if right is not None:
            whole = _merged(right, held.told)
            at = _checked(desk, whole, held.told.note)
            kept = held.told.session if held.told.session in view.sessions else ""
            _session_fits(desk, view, course, right.session or kept, at)
            now = _told(desk, opened.patient, whole, at, held.told.note)
        fact = f.HarmCorrected(
            harm=harm,
            corrects=held.version,
            right=now,
            reason=sealed(desk, opened.patient, reason),
        )
        return Decision({courses.stream(course): (fact,)})

    return desk.commit(decide)


def _merged(new: NewHarm, held: f.Harm) -> NewHarm:
    return NewHarm(
        new.term or held.term,
        new.grade or held.grade,
        new.serious or held.serious,
        new.relation or held.relation,
        new.action or held.action,
        new.onset_at or held.onset_at,
        new.session or held.session,
        new.note,
    )


def _checked(desk: Desk, new: NewHarm, note: Sealed | None) -> datetime:
    """Return when it began, once everything that doesn't need the course is right."""
    courses.one_of(new.term, [one.id for one in library.registry().harms.term], "harm")
    courses.one_of(str(new.grade), ("1", "2", "3", "4", "5"), "grade")
    courses.one_of(new.serious, get_args(f.Seriousness), "seriousness")
    courses.one_of(new.relation, get_args(f.Relation), "relation")
    courses.one_of(new.action, get_args(f.Action), "action")
    if (new.grade == 5) != (new.serious == "death") or (new.grade == 4 and new.serious == "no"):
        what = f"grade {new.grade} and seriousness '{new.serious}'"
        remedy = (
            "grade 5 is serious by 'death' and nothing else is; say by what grade 4 was serious"
        )
        raise Refused(Refusal.OPTION_CONFLICT, what=what, remedy=remedy)
    if new.term == OTHER and not new.note.strip() and note is None:
        remedy = "say what happened; it is stored locked"
        raise Refused(
            Refusal.OPTION_MISSING, what="a note about a harm without a name", remedy=remedy
        )
    return desk.happened(new.onset_at)


def _session_fits(desk: Desk, view: Course, course: str, session: str, at: datetime) -> None:
    """Refuse a session that isn't the course's, and a time that can't be."""
    recording.fresh(view, at.date())
    if not session:
        return
    if session not in view.sessions:
        why = "it hasn't joined it"
        raise Refused(Refusal.SESSION_UNFITTING, session=session, course=course, why=why)
    began = courses.began_at(sessions.of(desk.record, session))
    if at < began.replace(second=0, microsecond=0):  # a time is typed to the minute
        why = f"it began at {began.isoformat(timespec='minutes')}"
        raise Refused(Refusal.OUTCOME_TIMING, phase="in", session=session, why=why)


def _told(desk: Desk, patient: str, new: NewHarm, at: datetime, note: Sealed | None) -> f.Harm:
    return f.Harm.model_validate(
        {
            "term": new.term,
            "grade": new.grade,
            "serious": new.serious,
            "relation": new.relation,
            "action": new.action,
            "onset_at": at,
            "session": new.session,
            "note": sealed(desk, patient, new.note) if new.note else note,
        }
    )


# Telling harms.


@dataclass(frozen=True)
class Exposed:
    """One person's exposure: how many sessions with a dose, and each harm as (term, session).

    `session` is "" for a harm that belongs to none. `serious` are the terms that met a criterion
    of seriousness.
    """

    person: str
    sessions: int
    harms: tuple[tuple[str, str], ...]
    serious: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Told:
    """One harm among those exposed. `sessions` counts sessions with it, `people` people with it.

    `outside` counts events that belong to no session, which no share of sessions holds.
    `most_of_one` is how many of the events are one person's.
    """

    term: str
    events: int
    sessions: Share
    people: Share
    serious: Share
    outside: int
    most_of_one: int


ANY = "any"


def told(exposed: Sequence[Exposed], level: float = 0.95) -> tuple[Told, ...]:
    """Return every harm that was recorded, and "any" first, each with both denominators.

    Denominators are all people who were given a dose and all sessions with one.
    """
    people = [one for one in exposed if one.sessions]
    terms = sorted({term for one in people for term, _ in one.harms})
    return tuple(_one(people, term, level) for term in (ANY, *terms))


def _one(people: Sequence[Exposed], term: str, level: float) -> Told:
    events = Counter[str]()
    sessions: set[tuple[str, str]] = set()
    outside = serious = 0
    for one in people:
        mine = [where for name, where in one.harms if term in (ANY, name)]
        if not mine:
            continue
        events[one.person] = len(mine)
        sessions |= {(one.person, where) for where in mine if where}
        outside += sum(not where for where in mine)
        serious += bool(one.serious if term == ANY else term in one.serious)
    many = sum(one.sessions for one in people)
    return Told(
        term=term,
        events=sum(events.values()),
        sessions=share(len(sessions), many, level),
        people=share(len(events), len(people), level),
        serious=share(serious, len(people), level),
        outside=outside,
        most_of_one=max(events.values(), default=0),
    )


def exposures(record: Record, ids: Iterable[str]) -> tuple[Exposed, ...]:
    """Return the exposure of everybody in these courses, each person once."""
    sessions: Counter[str] = Counter()
    harms: dict[str, list[tuple[str, str]]] = {}
    serious: dict[str, set[str]] = {}
    for course in ids:
        view = courses.of(record, course)
        person = courses.opening(view, course).patient
        dosed = {name for name, _ in courses.dosed(record, view).sessions}
        sessions[person] += len(dosed)
        for one in view.harms.values():
            if one.told is not None:
                where = one.told.session if one.told.session in dosed else ""
                harms.setdefault(person, []).append((one.told.term, where))
                if one.told.serious != "no":
                    serious.setdefault(person, set()).add(one.told.term)
    return tuple(
        Exposed(
            person,
            sessions[person],
            tuple(harms.get(person, ())),
            frozenset(serious.get(person, ())),
        )
        for person in sorted(sessions)
    )

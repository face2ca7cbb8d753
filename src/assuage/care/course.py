"""A course of treatment: opened with its outcomes named, joined by sessions, ended with a reason.

Stream `course/<id>`. Which outcomes count, and which is primary, is said when the course is
opened and never changed: an outcome that was chosen afterwards can't be told from one chosen
because it looked well. A patient's courses are named in `patient/<id>` too, so that whoever
decides about one of them sees that another has begun.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from assuage.care import patient as patients
from assuage.care import session as sessions
from assuage.care import site as sites
from assuage.care.access import Desk
from assuage.care.outcomes import facts as f
from assuage.care.register.shared import sealed
from assuage.knowledge import library
from assuage.knowledge.schema.regimen import Indication
from assuage.record import canonical
from assuage.record.events import Fact, Positive, Recorded, Text
from assuage.record.keyring import Sealed
from assuage.record.record import Decision, Record, View
from assuage.refusals import Refusal, Refused

Sex = Literal["female", "male", "intersex"]
Ending = Literal["completed", "harm", "no-benefit", "withdrew", "transferred", "died", "other"]
LIGHTEST_G, HEAVIEST_G = 2_000, 400_000  # what a person may weigh; outside it is a slip


class CourseBegan(Fact):
    """A course of this patient was opened. It stands in the patient's stream."""

    course: Text


class CourseOpened(Fact):
    """A course of treatment was planned for a patient. `outcomes` are ids of instruments."""

    patient: Text
    site: Text
    indication: Text
    regimen: Text
    sessions_planned: Positive
    outcomes: tuple[Text, ...]
    primary: Text


class PersonDescribed(Fact):
    """What doses and ages are told by. `about` seals {"sex": text or null, "weight_g": ...}."""

    about: Sealed


class SessionJoined(Fact):
    """A session belongs to this course."""

    session: Text


class SessionParted(Fact):
    """A session had joined this course by mistake."""

    session: Text
    reason: Sealed


class CourseEnded(Fact):
    """A course ended."""

    happened_at: datetime
    why: Ending
    note: Sealed | None


class CourseReopened(Fact):
    """A course had been said to have ended, and hadn't."""

    reason: Sealed


@dataclass
class Outcome:
    """One recorded outcome as it stands. `told` is None once it was said to be no outcome."""

    id: str
    told: f.Assessment | None
    version: int  # of the event that last said what it is
    by: str
    at: datetime  # when it was stored
    corrected: int = 0
    open: bool = False  # whether something about it must still be followed up


@dataclass
class HarmHeld:
    """One harm as it stands; see Outcome."""

    id: str
    told: f.Harm | None
    version: int
    by: str


@dataclass
class Described:
    """Sex and weight, None where they aren't known or were erased."""

    sex: str | None = None
    weight_g: int | None = None


@dataclass(frozen=True)
class NewCourse:
    """A course to open. `weight_g` and `sex` may be left out; nothing is taken in their place."""

    id: str
    patient: str
    indication: str
    regimen: str
    sessions_planned: int
    outcomes: tuple[str, ...]
    primary: str
    sex: str | None = None
    weight_g: int | None = None


class Course(View):
    """One course."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: CourseOpened | None = None
        self.opened_at: datetime | None = None
        self.ended: CourseEnded | None = None
        self.about: Sealed | None = None
        self.sessions: list[str] = []
        self.outcomes: dict[str, Outcome] = {}
        self.missed: dict[str, f.OutcomeMissed] = {}
        self.missed_at: dict[str, int] = {}  # the versions of their events
        self.baselines: dict[str, str] = {}
        self.declared: dict[str, datetime] = {}  # when each baseline was
        self.harms: dict[str, HarmHeld] = {}

    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""
        match event.fact:
            case CourseOpened() as fact:
                self.opened, self.opened_at = fact, event.at
            case PersonDescribed() as fact:
                self.about = fact.about
            case SessionJoined() as fact:
                self.sessions.append(fact.session)
            case SessionParted() as fact:
                self.sessions.remove(fact.session)
            case CourseEnded() as fact:
                self.ended = fact
            case CourseReopened():
                self.ended = None
            case f.OutcomeMissed() as fact:
                self.missed[fact.outcome] = fact
                self.missed_at[fact.outcome] = event.version
            case f.BaselineDeclared() as fact:
                self.baselines[fact.instrument] = fact.outcome
                self.declared[fact.instrument] = event.at
            case f.HarmRecorded() as fact:
                self.harms[fact.harm] = HarmHeld(
                    fact.harm, fact.told, event.version, event.by.person
                )
            case f.HarmCorrected() as fact:
                held = self.harms[fact.harm]
                held.told, held.version = fact.right, event.version
            case _:
                self._outcome(event)

    def _outcome(self, event: Recorded) -> None:
        match event.fact:
            case f.OutcomeRecorded() as fact:
                self.outcomes[fact.outcome] = Outcome(
                    *(fact.outcome, fact.told, event.version, event.by.person, event.at),
                    open=fact.told.follow_up,
                )
            case f.OutcomeCorrected() as fact if fact.outcome in self.missed:
                del self.missed[fact.outcome]  # it can only be withdrawn
            case f.OutcomeCorrected() as fact:
                held = self.outcomes[fact.outcome]
                held.told, held.version = fact.right, event.version
                held.corrected += 1
                # A correction answers nothing: what was raised stays until a person looked at it.
                held.open = held.open or (fact.right is not None and fact.right.follow_up)
            case f.FlagAnswered() as fact:
                self.outcomes[fact.outcome].open = False

    def standing(self, instrument: str = "") -> list[tuple[Outcome, f.Assessment]]:
        """Return the outcomes that stand, by when they were assessed; of one instrument or all."""
        found = [
            (one, one.told)
            for one in self.outcomes.values()
            if one.told is not None and instrument in ("", one.told.instrument)
        ]
        return sorted(found, key=lambda pair: (pair[1].assessed_at, pair[0].id))


class Courses(View):
    """The courses of one patient, from the patient's stream."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []

    def apply(self, event: Recorded) -> None:
        """Change this view by one event."""
        if isinstance(event.fact, CourseBegan):
            self.ids.append(event.fact.course)


@dataclass(frozen=True)
class Dosed:
    """The sessions of a course in which a dose was confirmed, by their first dose."""

    sessions: tuple[tuple[str, sessions.Session], ...] = field(default=())

    @property
    def first_at(self) -> datetime | None:
        """When the first dose was given, if any was."""
        return next((given_at(view) for _, view in self.sessions), None)

    def acute(self, at: datetime) -> bool:
        """Whether a time lies between a dose and the end of that day or of its session.

        What is assessed then shows the drug and not the illness. A session that nobody ended goes
        on: an infusion over days is no time to tell a response.
        """
        for _, view in self.sessions:
            for one in view.doses.values():
                given, ended = one.given_at, view.ended_at
                if given is None or not one.given_ug or at < given:
                    continue
                same_day = at.date() == given.astimezone(at.tzinfo).date()
                if same_day or ended is None or at <= ended:
                    return True
        return False


def stream(course: str) -> str:
    """Return the name of a course's stream."""
    return f"course/{course}"


def of(record: Record, course: str) -> Course:
    """Return a course. Raises Refused (COURSE_UNKNOWN)."""
    view = record.view(Course, stream(course))
    if view.opened is None:
        raise Refused(Refusal.COURSE_UNKNOWN, course=course[:60])
    return view


def opening(view: Course, course: str) -> CourseOpened:
    """Return how a course was opened. Raises Refused (COURSE_UNKNOWN)."""
    if view.opened is None:
        raise Refused(Refusal.COURSE_UNKNOWN, course=course[:60])
    return view.opened


def here(desk: Desk, course: str) -> tuple[Course, CourseOpened]:
    """Return a course of the desk's site. Raises Refused: COURSE_UNKNOWN, COURSE_ELSEWHERE."""
    view = of(desk.record, course)
    opened = opening(view, course)
    if opened.site != desk.site_id:
        raise Refused(Refusal.COURSE_ELSEWHERE, course=course)
    return view, opened


def open_to(desk: Desk, course: str) -> tuple[Course, CourseOpened]:
    """Return a course whose patient can be written about. Raises Refused: PATIENT_ERASED, ..."""
    view, opened = here(desk, course)
    patients.present(desk.record, opened.patient)
    return view, opened


def of_patient(record: Record, patient: str) -> tuple[str, ...]:
    """Return the ids of a patient's courses, in the order in which they were opened."""
    return tuple(record.view(Courses, patients.stream(patient)).ids)


def of_site(record: Record, site: str) -> tuple[str, ...]:
    """Return the ids of the courses that were opened at a site."""
    names = [name.removeprefix("course/") for name, _ in record.store.streams("course/")]
    return tuple(one for one in names if opening(of(record, one), one).site == site)


def described(record: Record, view: Course) -> Described:
    """Return sex and weight as they were last told; nothing where they were erased."""
    gone = view.about is None or patients.of(record, view.about.owner).erased
    text = record.keyring.open(view.about) if view.about and not gone else None
    return Described(**json.loads(text)) if text else Described()


def dosed(record: Record, view: Course) -> Dosed:
    """Return the sessions of a course in which a dose was confirmed, by their first dose."""
    held = ((name, sessions.of(record, name)) for name in view.sessions)
    given = [(at, name, one) for name, one in held if (at := given_at(one)) is not None]
    return Dosed(tuple((name, one) for _, name, one in sorted(given, key=lambda row: row[:2])))


def given_at(view: sessions.Session) -> datetime | None:
    """Return when a session's first confirmed dose was given; None if none was, or none stands."""
    times = [one.given_at for one in view.doses.values() if one.given_at and one.given_ug]
    return min(times) if times else None


def began_at(view: sessions.Session) -> datetime:
    """Return when a session began: when it was opened, or its first dose if that was earlier."""
    return min(at for at in (view.opened_at, given_at(view)) if at is not None)


# Commands.


def open_course(desk: Desk, new: NewCourse) -> tuple[Recorded, ...]:
    """Open a course.

    Raises Refused: ROLE_NOT_PERMITTED, ID_INVALID, VALUE_NOT_ALLOWED, OPTION_CONFLICT,
    QUANTITY_IMPLAUSIBLE, PATIENT_UNKNOWN, PATIENT_ERASED, COURSE_EXISTS.
    """
    desk.allow("open-course")
    sites.checked_id(new.id, "a course")
    _checked(new)

    def decide() -> Decision:
        patients.present(desk.record, new.patient)
        desk.record.view(Courses, patients.stream(new.patient))
        if desk.record.view(Course, stream(new.id)).version:
            raise Refused(Refusal.COURSE_EXISTS, course=new.id)
        opened = CourseOpened(
            patient=new.patient,
            site=desk.site_id,
            indication=new.indication,
            regimen=new.regimen,
            sessions_planned=new.sessions_planned,
            outcomes=new.outcomes,
            primary=new.primary,
        )
        facts = (opened, _about(desk, new.patient, new.sex, new.weight_g))
        began = CourseBegan(course=new.id)
        return Decision({stream(new.id): facts, patients.stream(new.patient): (began,)})

    return desk.commit(decide)


def describe(
    desk: Desk, course: str, *, sex: str | None = None, weight_g: int | None = None
) -> tuple[Recorded, ...]:
    """Tell a sex or a weight anew; what is left out stays. Raises Refused: COURSE_UNKNOWN, ..."""
    desk.allow("open-course")
    _checked_about(sex, weight_g)

    def decide() -> Decision:
        view, opened = open_to(desk, course)
        held = described(desk.record, view)
        fact = _about(desk, opened.patient, sex or held.sex, weight_g or held.weight_g)
        return Decision({stream(course): (fact,)})

    return desk.commit(decide)


def join(desk: Desk, course: str, session: str) -> tuple[Recorded, ...]:
    """Say that a session belongs to a course.

    Raises Refused: ROLE_NOT_PERMITTED, COURSE_UNKNOWN, COURSE_ELSEWHERE, PATIENT_ERASED,
    SESSION_UNKNOWN, SESSION_UNFITTING.
    """
    desk.allow("open-course")

    def decide() -> Decision:
        view, opened = open_to(desk, course)
        held = sessions.of(desk.record, session)
        whose = sessions.opening(held, session)
        why = ""
        if (whose.patient, whose.site) != (opened.patient, opened.site):
            why = "it is of another patient or site"
        for other in of_patient(desk.record, opened.patient):
            if session in of(desk.record, other).sessions:
                why = f"it belongs to course '{other}'"
        ended = view.ended
        if ended and held.opened_at and held.opened_at > ended.happened_at:
            why = "it was opened after the course ended"
        if why:
            raise Refused(Refusal.SESSION_UNFITTING, session=session, course=course, why=why)
        return Decision({stream(course): (SessionJoined(session=session),)})

    return desk.commit(decide)


def part(desk: Desk, course: str, session: str, reason: str) -> tuple[Recorded, ...]:
    """Say that a session had joined a course by mistake.

    Raises Refused: ROLE_NOT_PERMITTED, COURSE_UNKNOWN, COURSE_ELSEWHERE, SESSION_UNFITTING.
    """
    desk.allow("open-course")

    def decide() -> Decision:
        view, opened = here(desk, course)
        if session not in view.sessions:
            told = {"session": session[:60], "course": course, "why": "it hasn't joined it"}
            raise Refused(Refusal.SESSION_UNFITTING, **told)
        fact = SessionParted(session=session, reason=sealed(desk, opened.patient, reason))
        return Decision({stream(course): (fact,)})

    return desk.commit(decide)


def end(
    desk: Desk, course: str, why: str, note: str = "", at: datetime | None = None
) -> tuple[Recorded, ...]:
    """End a course, not before its last dose.

    Raises Refused: VALUE_NOT_ALLOWED, COURSE_ENDED, TIME_IN_FUTURE, OUTCOME_TIMING, ...
    """
    desk.allow("open-course")
    reason = one_of(why, get_args(Ending), "reason")

    def decide() -> Decision:
        view, opened = here(desk, course)
        if view.ended:
            ended = view.ended.happened_at.isoformat(timespec="minutes")
            raise Refused(Refusal.COURSE_ENDED, course=course, time=ended)
        when = desk.happened(at)
        for name, one in dosed(desk.record, view).sessions:
            given = max(d.given_at for d in one.doses.values() if d.given_at and d.given_ug)
            if when < given:
                told = f"a dose was given in it at {given.isoformat(timespec='minutes')}"
                raise Refused(Refusal.OUTCOME_TIMING, phase="before", session=name, why=told)
        box = sealed(desk, opened.patient, note) if note else None
        fact = CourseEnded.model_validate({"happened_at": when, "why": reason, "note": box})
        return Decision({stream(course): (fact,)})

    return desk.commit(decide)


def reopen(desk: Desk, course: str, reason: str) -> tuple[Recorded, ...]:
    """Say that a course hasn't ended, such as one of another patient that was ended by mistake.

    Raises Refused: ROLE_NOT_PERMITTED, COURSE_UNKNOWN, COURSE_ELSEWHERE, PATIENT_ERASED,
    COURSE_NOT_ENDED, FIELD_INVALID without a reason.
    """
    desk.allow("open-course")

    def decide() -> Decision:
        view, opened = open_to(desk, course)
        if view.ended is None:
            raise Refused(Refusal.COURSE_NOT_ENDED, course=course)
        fact = CourseReopened(reason=sealed(desk, opened.patient, reason))
        return Decision({stream(course): (fact,)})

    return desk.commit(decide)


def one_of(text: str, choices: Sequence[str], what: str) -> str:
    """Return a text that is one of the choices. Raises Refused (VALUE_NOT_ALLOWED)."""
    if text not in choices:
        listed = ", ".join(choices)
        raise Refused(Refusal.VALUE_NOT_ALLOWED, text=text[:60], what=what, choices=listed)
    return text


def _checked(new: NewCourse) -> None:
    one_of(new.indication, get_args(Indication), "indication")
    library.regimen(new.regimen)
    for one in new.outcomes:
        library.instrument(one)
    if len(set(new.outcomes)) != len(new.outcomes):
        remedy = "name each instrument once"
        raise Refused(Refusal.OPTION_CONFLICT, what="two outcomes of one name", remedy=remedy)
    one_of(new.primary, new.outcomes, "primary outcome")
    if not 0 < new.sessions_planned < 1000:
        told = {"low": 1, "high": 999, "unit": "sessions", "example": "6"}
        what = "the number of sessions"
        raise Refused(Refusal.QUANTITY_IMPLAUSIBLE, what=what, text=new.sessions_planned, **told)
    _checked_about(new.sex, new.weight_g)


def _checked_about(sex: str | None, weight_g: int | None) -> None:
    if sex is not None:
        one_of(sex, get_args(Sex), "sex")
    if weight_g is not None and not LIGHTEST_G <= weight_g <= HEAVIEST_G:
        low, high = LIGHTEST_G // 1000, HEAVIEST_G // 1000
        told = {"what": "a weight", "text": f"{weight_g / 1000:g}", "unit": "kg"}
        raise Refused(Refusal.QUANTITY_IMPLAUSIBLE, low=low, high=high, example="70 kg", **told)


def _about(desk: Desk, patient: str, sex: str | None, weight_g: int | None) -> PersonDescribed:
    text = canonical.encode({"sex": sex, "weight_g": weight_g}).decode()
    return PersonDescribed(about=desk.record.keyring.seal(patient, text))

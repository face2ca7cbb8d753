"""Commands on outcomes: record, miss, correct, declare a baseline, answer what was raised.

Only answers are stored. Totals are worked out from them by the instrument's rules whenever
somebody looks, so that no number stands anywhere that its answers don't give.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import get_args

from assuage.care import course as courses
from assuage.care import patient as patients
from assuage.care import session as sessions
from assuage.care.access import Desk
from assuage.care.course import Course, CourseOpened
from assuage.care.outcomes import facts as f
from assuage.care.outcomes import scoring
from assuage.care.outcomes.scoring import Answer, Score
from assuage.care.register.shared import new_id, sealed
from assuage.knowledge import library
from assuage.knowledge.schema.instrument import Alarm, Instrument
from assuage.record import canonical
from assuage.record.events import Recorded
from assuage.record.keyring import Sealed
from assuage.record.record import Decision, Record
from assuage.refusals import Refusal, Refused

RATERS: Mapping[str, tuple[f.Rater, ...]] = {
    "patient": ("self",),
    "clinician": ("clinician",),
    "patient-or-clinician": ("self", "clinician"),
}
_BLANK = ("", "-", ".")  # how an item that wasn't answered is typed in a row of answers


@dataclass(frozen=True)
class NewOutcome:
    """An instrument that was filled in. `session` and `phase` go together; both may be empty."""

    instrument: str
    answers: Mapping[str, Answer]
    at: datetime | None = None
    rated_by: str = ""
    session: str = ""
    phase: str = ""
    guess: str = ""


@dataclass(frozen=True)
class Body:
    """What is sealed of an outcome: the answer to every item as text, and a blinding guess."""

    answers: Mapping[str, str | None]
    guess: str | None = None


@dataclass(frozen=True)
class Raised:
    """An alarm that a score raises, or (not `certain`) that a missing answer doesn't rule out."""

    alarm: Alarm
    certain: bool


@dataclass(frozen=True)
class Stored:
    """What a command stored, how it scores, and what must follow now."""

    events: tuple[Recorded, ...]
    score: Score | None
    follow: tuple[Raised, ...] = ()


def record(
    desk: Desk, course: str, new: NewOutcome, *, patient: str = "", again: bool = False
) -> Stored:
    """Record an outcome. `patient` checks whose course it is; `again` says it is no double entry.

    Raises Refused: ROLE_NOT_PERMITTED, VALUE_NOT_ALLOWED, OPTION_MISSING, OPTION_CONFLICT,
    ANSWER_IMPOSSIBLE, DATA_INVALID, COURSE_UNKNOWN, COURSE_ELSEWHERE, COURSE_OF_OTHER,
    PATIENT_ERASED, TIME_IN_FUTURE, SESSION_UNFITTING, OUTCOME_TIMING, OUTCOME_STALE,
    OUTCOME_REPEATED.
    """
    desk.allow("record-outcome")
    instrument = library.instrument(new.instrument)
    body = _body(instrument, new)
    score = scoring.score(instrument, body.answers)
    rater = _rater(instrument, new.rated_by)
    at = desk.happened(new.at)

    def decide() -> Decision:
        view, opened = courses.open_to(desk, course)
        if patient not in ("", opened.patient):
            raise Refused(Refusal.COURSE_OF_OTHER, course=course, patient=patient[:60])
        phase, day = _timing(desk, view, course, new, at)
        fresh(view, at.date())
        told = f.Assessment(
            instrument=instrument.id,
            assessed_at=at,
            rated_by=rater,
            session=new.session,
            phase=phase,
            day=day,
            answers=_seal(desk, opened, body),
            rules=rules_of(instrument.id),
            follow_up=bool(score.flags or score.unsure),
        )
        _not_twice(desk.record, view, told, body, again=again)
        fact = f.OutcomeRecorded(outcome=new_id("o"), told=told)
        return Decision({courses.stream(course): (fact,)})

    return _stored(desk, desk.commit(decide))


def correct(
    desk: Desk, course: str, outcome: str, answers: Mapping[str, Answer] | None, reason: str
) -> Stored:
    """Correct the answers of an outcome, or with None say that it should not be there at all.

    A missed assessment can only be said not to have been one. Raises Refused:
    ROLE_NOT_PERMITTED, OUTCOME_UNKNOWN, ANSWER_IMPOSSIBLE, DATA_INVALID, ...
    """
    desk.allow("record-outcome")

    def decide() -> Decision:
        view, opened = courses.open_to(desk, course)
        if answers is None and outcome in view.missed:
            version = view.missed_at[outcome]
        else:
            version = standing(view, course, outcome).version
        right = None
        if answers is not None:
            told = standing(view, course, outcome).told
            assert told is not None
            instrument = library.instrument(told.instrument)
            before = opened_body(desk.record, told.answers)
            guess = before.guess if before else None
            body = _body(instrument, NewOutcome(instrument.id, answers, guess=guess or ""))
            score = scoring.score(instrument, body.answers)
            changed = {
                "answers": _seal(desk, opened, body),
                "rules": rules_of(instrument.id),
                "follow_up": bool(score.flags or score.unsure),
            }
            right = told.model_copy(update=changed)
        fact = f.OutcomeCorrected(
            outcome=outcome,
            corrects=version,
            right=right,
            reason=sealed(desk, opened.patient, reason),
        )
        return Decision({courses.stream(course): (fact,)})

    return _stored(desk, desk.commit(decide))


def miss(
    desk: Desk, course: str, instrument: str, due_on: date, why: str, note: str = ""
) -> tuple[Recorded, ...]:
    """Say that an assessment that was due did not happen, and why. A missed visit is data.

    Raises Refused: ROLE_NOT_PERMITTED, VALUE_NOT_ALLOWED, TIME_IN_FUTURE, COURSE_UNKNOWN,
    COURSE_ELSEWHERE, OUTCOME_STALE, OUTCOME_REPEATED.
    """
    desk.allow("record-outcome")
    held = library.instrument(instrument)
    reason = courses.one_of(why, get_args(f.Missed), "reason")
    if not due_on <= desk.clock.today(desk.site.zone):
        raise Refused(Refusal.TIME_IN_FUTURE, time=due_on.isoformat())

    def decide() -> Decision:
        view, opened = courses.here(desk, course)
        fresh(view, due_on)
        for one in view.missed.values():
            if (one.instrument, one.due_on) == (instrument, due_on):
                why = f"it was missed on {due_on}"
                told = {"outcome": one.outcome, "why": why, "remedy": "it is missed once a day"}
                raise Refused(Refusal.OUTCOME_REPEATED, instrument=held.short, **told)
        fact = f.OutcomeMissed.model_validate(
            {
                "outcome": new_id("m"),
                "instrument": instrument,
                "due_on": due_on,
                "why": reason,
                "note": sealed(desk, opened.patient, note) if note else None,
            }
        )
        return Decision({courses.stream(course): (fact,)})

    return desk.commit(decide)


def declare_baseline(desk: Desk, course: str, outcome: str) -> tuple[Recorded, ...]:
    """Declare an outcome the baseline of its instrument; the one before it is named.

    Raises Refused: ROLE_NOT_PERMITTED, OUTCOME_UNKNOWN, BASELINE_UNFITTING, ...
    """
    desk.allow("record-outcome")

    def decide() -> Decision:
        view, _ = courses.open_to(desk, course)
        held = standing(view, course, outcome)
        assert held.told is not None
        instrument = library.instrument(held.told.instrument)
        before = view.baselines.get(instrument.id, "")
        why, remedy = "", "declare one that was recorded before the first dose"
        score = scored(desk.record, held.told)
        if before == outcome:
            why, remedy = "it is that already", "nothing was stored"
        elif too_late(desk.record, view, held.told):
            why = "it was assessed after the first dose of the course"
        elif score is None or not score.totals:
            why = "its answers give no total"
        if why:
            raise Refused(Refusal.BASELINE_UNFITTING, outcome=outcome, why=why, remedy=remedy)
        fact = f.BaselineDeclared(instrument=instrument.id, outcome=outcome, replaces=before)
        return Decision({courses.stream(course): (fact,)})

    return desk.commit(decide)


def answer(desk: Desk, course: str, outcome: str, text: str) -> tuple[Recorded, ...]:
    """Say what was done about what an outcome raised. Who signs answers for it.

    It can be said after an erasure too: a duty to a person doesn't end with a key. Raises
    Refused: ROLE_NOT_PERMITTED, COURSE_UNKNOWN, COURSE_ELSEWHERE, FOLLOW_UP_NOT_OPEN,
    FIELD_INVALID for an empty text.
    """
    desk.allow("answer-flag")

    def decide() -> Decision:
        view, opened = courses.here(desk, course)
        held = view.outcomes.get(outcome)
        if held is None or not held.open:
            choices = ", ".join(one.id for one in view.outcomes.values() if one.open)
            told = {"outcome": outcome[:60], "choices": choices or "none is open"}
            raise Refused(Refusal.FOLLOW_UP_NOT_OPEN, **told)
        fact = f.FlagAnswered(outcome=outcome, text=sealed(desk, opened.patient, text))
        return Decision({courses.stream(course): (fact,)})

    return desk.commit(decide)


# Reading outcomes back.


def scored(record: Record, told: f.Assessment) -> Score | None:
    """Return the score of an outcome from its answers; None when they were erased."""
    body = opened_body(record, told.answers)
    return scoring.score(library.instrument(told.instrument), body.answers) if body else None


def opened_body(record: Record, box: Sealed) -> Body | None:
    """Return what was sealed of an outcome; None when it was erased, whatever keys are there."""
    gone = patients.of(record, box.owner).erased
    text = None if gone else record.keyring.open(box)
    return Body(**json.loads(text)) if text else None


def standing(view: Course, course: str, outcome: str) -> courses.Outcome:
    """Return an outcome that stands. Raises Refused (OUTCOME_UNKNOWN)."""
    held = view.outcomes.get(outcome)
    if held is None or held.told is None:
        known = ", ".join(one.id for one, _ in view.standing())
        told = {"outcome": outcome[:60], "choices": known or "none was recorded"}
        raise Refused(Refusal.OUTCOME_UNKNOWN, course=course, **told)
    return held


def too_late(record: Record, view: Course, told: f.Assessment) -> bool:
    """Whether something was assessed after the course's first dose, so that it is no baseline."""
    first = courses.dosed(record, view).first_at
    return first is not None and told.assessed_at > first


def raised(score: Score) -> tuple[Raised, ...]:
    """Return what a score raises, and what its missing answers don't rule out."""
    wanted = (*score.flags, *score.unsure)
    held = library.instrument(score.instrument).alarm
    return tuple(Raised(one, one.id in score.flags) for one in held if one.id in wanted)


@dataclass(frozen=True)
class FollowUp:
    """Something about an outcome that nobody has answered. `alarms` is None once it was erased."""

    course: str
    patient: str
    outcome: courses.Outcome
    instrument: str
    assessed_at: datetime | None
    alarms: tuple[Raised, ...] | None


def follow_ups(desk: Desk) -> tuple[FollowUp, ...]:
    """Return what is still to be followed up at the desk's site. Raises Refused: see Desk.allow."""
    desk.allow("view-outcome")
    return open_follow_ups(desk.record, desk.site_id)


def open_follow_ups(record: Record, site: str) -> tuple[FollowUp, ...]:
    """Return what is still to be followed up at a site, the longest open first.

    An outcome that was said to be none keeps what it had raised: somebody must have looked.
    """
    found = []
    for course in courses.of_site(record, site):
        view = courses.of(record, course)
        for one in view.outcomes.values():
            if not one.open:
                continue
            score = scored(record, one.told) if one.told else None
            found.append(
                FollowUp(
                    course=course,
                    patient=courses.opening(view, course).patient,
                    outcome=one,
                    instrument=one.told.instrument if one.told else "",
                    assessed_at=one.told.assessed_at if one.told else None,
                    alarms=raised(score) if score else None,
                )
            )
    return tuple(sorted(found, key=lambda one: (one.outcome.at, one.outcome.id)))


def in_order(instrument: Instrument, text: str) -> dict[str, Answer]:
    """Return the answers typed in one row, in the form's order, such as "2,1,0,,3".

    An empty place, '-' or '.' is an item without an answer. Raises Refused (DATA_INVALID) unless
    there are as many places as items.
    """
    given = [one.strip() for one in text.split(",")]
    ids = [one.id for one in instrument.item]
    if len(given) != len(ids):
        raise Refused(
            Refusal.DATA_INVALID,
            where=f"the answers to {instrument.short}",
            why=f"{len(given)} were given and it has {len(ids)} items",
            remedy=f"give one for each item from {ids[0]} to {ids[-1]}, in order"
            if ids
            else "this instrument can't be scored here",
        )
    return {id_: None if one in _BLANK else one for id_, one in zip(ids, given, strict=True)}


@cache
def rules_of(instrument: str) -> str:
    """Return a digest of an instrument's file: of the rules by which it is scored."""
    return hashlib.sha256(library.instrument(instrument).model_dump_json().encode()).hexdigest()[
        :16
    ]


# What the commands check.


def _body(instrument: Instrument, new: NewOutcome) -> Body:
    values = scoring.read(instrument, new.answers)
    if instrument.item and all(value is None for value in values.values()):
        told = {"where": instrument.short, "why": "no item is answered"}
        remedy = "record it as missed, with 'assuage outcome miss'"
        raise Refused(Refusal.DATA_INVALID, remedy=remedy, **told)
    if new.guess:
        courses.one_of(new.guess, get_args(f.Guess), "guess")
    return Body({id_: _text(value) for id_, value in values.items()}, new.guess or None)


def _text(value: float | None) -> str | None:
    """Return a number as plain digits: facts hold no fractions."""
    return None if value is None else f"{Decimal(repr(value)).normalize():f}"


def _seal(desk: Desk, opened: CourseOpened, body: Body) -> Sealed:
    text = canonical.encode({"answers": dict(body.answers), "guess": body.guess}).decode()
    return desk.record.keyring.seal(opened.patient, text)


def _rater(instrument: Instrument, rated_by: str) -> f.Rater:
    able = RATERS[instrument.filled_by]
    if not rated_by and len(able) > 1:
        remedy = f"say who rated: {' or '.join(able)}"
        raise Refused(
            Refusal.OPTION_MISSING, what=f"who filled in {instrument.short}", remedy=remedy
        )
    chosen = courses.one_of(rated_by or able[0], able, f"rater of {instrument.short}")
    return "self" if chosen == "self" else "clinician"


def _timing(
    desk: Desk, view: Course, course: str, new: NewOutcome, at: datetime
) -> tuple[f.Phase | None, int | None]:
    """Return the phase and the day of an assessment by its session, once they fit its time."""
    if bool(new.session) != bool(new.phase):
        told = {"what": "a session without a phase, or a phase without a session"}
        raise Refused(Refusal.OPTION_CONFLICT, remedy="give both, or neither", **told)
    if not new.session:
        return None, None
    phase = courses.one_of(new.phase, get_args(f.Phase), "phase")
    held = sessions.of(desk.record, new.session)
    if new.session not in view.sessions:
        why = "it hasn't joined it"
        raise Refused(Refusal.SESSION_UNFITTING, session=new.session, course=course, why=why)
    given, began = courses.given_at(held), courses.began_at(held)
    why = ""
    if phase == "before" and given is not None and at > given:
        why = f"its first dose was given at {given.isoformat(timespec='minutes')}"
    elif phase != "before" and at < began:
        why = f"it began at {began.isoformat(timespec='minutes')}"
    elif phase == "during" and held.ended_at is not None and at > held.ended_at:
        why = f"it ended at {held.ended_at.isoformat(timespec='minutes')}"
    if why:
        raise Refused(Refusal.OUTCOME_TIMING, phase=phase, session=new.session, why=why)
    zone = desk.site.zone
    day = (at.astimezone(zone).date() - began.astimezone(zone).date()).days
    return ("before" if phase == "before" else "during" if phase == "during" else "after"), day


def fresh(view: Course, day: date) -> None:
    """Raise Refused (OUTCOME_STALE) for a day that is long before the course was opened."""
    days = round(library.assumed("outcome-before-course-days"))
    if view.opened_at is not None and day < view.opened_at.date() - timedelta(days=days):
        raise Refused(Refusal.OUTCOME_STALE, date=day.isoformat(), days=days)


def _not_twice(
    record: Record, view: Course, told: f.Assessment, body: Body, *, again: bool
) -> None:
    """Refuse what looks like one form that was typed in twice."""
    short = library.instrument(told.instrument).short
    for one, held in view.standing(told.instrument):
        if held.rated_by != told.rated_by:
            continue
        why, remedy = "", "one side fills it in once at a time"
        if _minute(held.assessed_at) == _minute(told.assessed_at):
            why = "at the same minute"
        elif _place(held) == _place(told) and not again:
            before = opened_body(record, held.answers)
            if before is not None and before.answers == body.answers:
                why, remedy = "with the same answers that day", "add --again if it was asked twice"
        if why:
            told_of = {"outcome": one.id, "why": why, "remedy": remedy}
            raise Refused(Refusal.OUTCOME_REPEATED, instrument=short, **told_of)


def _minute(at: datetime) -> float:
    return at.timestamp() // 60


def _place(told: f.Assessment) -> tuple[object, ...]:
    return (told.assessed_at.date(), told.session, told.phase)


def _stored(desk: Desk, events: tuple[Recorded, ...]) -> Stored:
    """Return what was stored with its score, read back from what was stored."""
    fact = events[0].fact
    told = None
    if isinstance(fact, f.OutcomeRecorded):
        told = fact.told
    elif isinstance(fact, f.OutcomeCorrected):
        told = fact.right
    score = scored(desk.record, told) if told else None
    return Stored(events, score, raised(score) if score else ())

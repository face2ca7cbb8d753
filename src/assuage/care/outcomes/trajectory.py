"""One instrument over one course: every score, and what it means against the declared baseline.

A view: it writes nothing, and the same events always give the same trajectory. Without a declared
baseline there are scores and no change: the first score that happens to be there is no baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Literal, Protocol, TypeVar

from assuage.care import course as courses
from assuage.care.access import Desk
from assuage.care.course import Course
from assuage.care.outcomes import change, recording
from assuage.care.outcomes import facts as f
from assuage.care.outcomes.scoring import Score
from assuage.knowledge import library
from assuage.knowledge.schema.instrument import Instrument
from assuage.record.record import Record

Status = Literal["responded", "not", "lost"]


@dataclass(frozen=True)
class Point:
    """One filled-in instrument.

    `score` is None when the answers were erased. `raw` (points, now - baseline), `percent` (of the
    baseline, positive for the better) and `status` are None where they can't be said; `why` says
    why not. `status` is "lost" where somebody had responded before and no longer does.
    `course_day` counts from the day of the course's first dose, None before one was given.
    `other_rules` says that the instrument's file has changed since it was recorded.
    """

    outcome: str
    at: datetime
    course_day: int | None
    session: str
    phase: f.Phase | None
    day: int | None
    rated_by: f.Rater
    corrected: int
    score: Score | None
    guess: str | None
    baseline: bool
    before: bool  # assessed no later than the baseline, which it can't be a change from
    acute: bool
    raw: float | None
    percent: float | None
    status: Status | None
    remitted: bool | None
    other_rules: bool
    why: str = ""

    @property
    def value(self) -> float | None:
        """The main total, if there is one."""
        return self.score.main if self.score else None


@dataclass(frozen=True)
class Trajectory:
    """One instrument over one course. `why` says why there is no baseline, "" where there is.

    `late` says that the baseline was declared after the first dose, when scores could be known.
    """

    course: str
    patient: str
    instrument: str
    primary: bool
    prespecified: bool
    baseline: str | None
    why: str
    points: tuple[Point, ...]
    missed: tuple[f.OutcomeMissed, ...] = ()
    late: bool = False

    @property
    def answered(self) -> tuple[Point, ...]:
        """The points that say whether there was a response."""
        return tuple(one for one in self.points if one.status is not None)

    @property
    def relapsed(self) -> Point | None:
        """Return the first point at which a response was lost."""
        return next((one for one in self.points if one.status == "lost"), None)


@dataclass
class _Judging:
    """What is needed of one trajectory while its points are judged in order."""

    instrument: Instrument
    baseline: tuple[courses.Outcome, f.Assessment] | None
    value: float | None
    why: str
    responded: bool = field(default=False)


def look(desk: Desk, course: str) -> tuple[Trajectory, ...]:
    """Return every instrument of a course of the desk's site to who may see outcomes.

    Raises Refused: ROLE_NOT_PERMITTED, COURSE_UNKNOWN, COURSE_ELSEWHERE, RECORD_UNREADABLE.
    """
    desk.allow("view-outcome")
    courses.here(desk, course)
    return trajectories(desk.record, course)


def trajectories(record: Record, course: str) -> tuple[Trajectory, ...]:
    """Return every instrument of a course: primary, other pre-specified, recorded besides.

    One that was pre-specified and never recorded has no points. Raises Refused: COURSE_UNKNOWN,
    RECORD_UNREADABLE, SITE_KEY_WRONG.
    """
    view = courses.of(record, course)
    opened = courses.opening(view, course)
    others = [told.instrument for _, told in view.standing()]
    others += [one.instrument for one in view.missed.values()]
    wanted = dict.fromkeys((opened.primary, *opened.outcomes, *sorted(others)))
    return tuple(trajectory(record, course, one) for one in wanted)


def trajectory(record: Record, course: str, instrument: str) -> Trajectory:
    """Return one instrument over a course. Raises Refused: COURSE_UNKNOWN, ..."""
    view = courses.of(record, course)
    opened = courses.opening(view, course)
    judging = _baseline(record, view, library.instrument(instrument))
    dosed = courses.dosed(record, view)
    points = [_point(record, judging, one, told, dosed) for one, told in view.standing(instrument)]
    held = judging.baseline
    return Trajectory(
        course=course,
        patient=opened.patient,
        instrument=instrument,
        primary=instrument == opened.primary,
        prespecified=instrument in opened.outcomes,
        baseline=held[0].id if held else None,
        why=judging.why,
        points=tuple(points),
        missed=tuple(
            sorted(
                (one for one in view.missed.values() if one.instrument == instrument),
                key=lambda one: (one.due_on, one.outcome),
            )
        ),
        late=held is not None
        and dosed.first_at is not None
        and view.declared[instrument] > dosed.first_at,
    )


def days_between(start: datetime, end: datetime, zone: tzinfo | None) -> int:
    """Return how many days later a date is, by the calendar of a place."""
    return (_day(end, zone) - _day(start, zone)).days


def _day(at: datetime, zone: tzinfo | None) -> date:
    return at.astimezone(zone).date()


def _days(first: datetime | None, at: datetime) -> int | None:
    """Return the days since the first dose. Stored times carry the offset of their site."""
    return None if first is None else days_between(first, at, at.tzinfo)


def _baseline(record: Record, view: Course, instrument: Instrument) -> _Judging:
    """Return the baseline as it was declared, or why there is none."""
    declared = view.baselines.get(instrument.id)
    if declared is None:
        return _Judging(instrument, None, None, "no baseline was declared")
    held = view.outcomes[declared]
    if held.told is None:
        return _Judging(instrument, None, None, "the declared baseline was withdrawn")
    if recording.too_late(record, view, held.told):
        why = "the declared baseline was assessed after the first dose"
        return _Judging(instrument, None, None, why)
    score = recording.scored(record, held.told)
    if score is None:
        return _Judging(instrument, None, None, "the baseline's answers were erased")
    value = score.totals.get(_measure(instrument))
    why = "" if value is not None else "the declared baseline has no main total"
    return _Judging(instrument, (held, held.told), value, why)


def _measure(instrument: Instrument) -> str:
    """Return the total by which change is told: that of the rule of response, or the main one."""
    return instrument.response.of if instrument.response else instrument.main


def _point(
    record: Record,
    judging: _Judging,
    one: courses.Outcome,
    told: f.Assessment,
    dosed: courses.Dosed,
) -> Point:
    instrument = judging.instrument
    body = recording.opened_body(record, told.answers)
    score = recording.scored(record, told)
    base = judging.baseline
    is_base = base is not None and base[0].id == one.id
    before = base is not None and not is_base and told.assessed_at <= base[1].assessed_at
    acute = dosed.acute(told.assessed_at)
    now = score.totals.get(_measure(instrument)) if score else None
    raw = percent = None
    status: Status | None = None
    why = judging.why or _unsaid(score, now)
    if now is not None and judging.value is not None and not is_base and not before:
        moved = change.difference(instrument, _measure(instrument), judging.value, now)
        raw, percent = moved.raw, moved.percent
        judged = change.response(instrument, judging.value, now)
        why = judged.why or moved.why
        if acute:
            why = "it was assessed after a dose, before that day and its session were over"
        elif judged.met is not None:
            status = "responded" if judged.met else "lost" if judging.responded else "not"
            judging.responded = judging.responded or judged.met
    return Point(
        outcome=one.id,
        at=told.assessed_at,
        course_day=_days(dosed.first_at, told.assessed_at),
        session=told.session,
        phase=told.phase,
        day=told.day,
        rated_by=told.rated_by,
        corrected=one.corrected,
        score=score,
        guess=body.guess if body else None,
        baseline=is_base,
        before=before,
        acute=acute,
        raw=raw,
        percent=percent,
        status=status,
        remitted=_remitted(instrument, score),
        other_rules=told.rules != recording.rules_of(instrument.id),
        why=why,
    )


def _unsaid(score: Score | None, now: float | None) -> str:
    if score is None:
        return "the answers were erased"
    return "" if now is not None else "the answers give no total"


def _remitted(instrument: Instrument, score: Score | None) -> bool | None:
    rule = instrument.remission
    value = score.totals.get(rule.of) if rule and score else None
    return None if value is None else change.remitted(instrument, value)


class Dated(Protocol):
    """Something assessed on a day of a course; see Point."""

    @property
    def course_day(self) -> int | None:
        """Days since the first dose."""

    @property
    def acute(self) -> bool:
        """Whether it shows the drug."""


D = TypeVar("D", bound=Dated)


def at_windows(points: Sequence[D]) -> dict[str, D]:
    """Return what stands for each time window after the first dose, by the window's id.

    `points` are in the order of their times. The nearest to the window's day counts; of two as
    near, the later. What shows the drug stands for no window.
    """
    found: dict[str, D] = {}
    for window in library.registry().window:
        inside = [
            (abs(one.course_day - window.target), -place, one)
            for place, one in enumerate(points)
            if one.course_day is not None
            and window.first_day <= one.course_day <= window.last_day
            and not one.acute
        ]
        if inside:
            found[window.id] = min(inside, key=lambda row: row[:2])[2]
    return found

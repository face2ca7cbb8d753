"""Outcomes as a person sees them on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assuage.cli import course_view, output, told
from assuage.cli.tables import show_table
from assuage.cli.told import folded, moment
from assuage.knowledge import library

if TYPE_CHECKING:
    from assuage.care.outcomes.recording import FollowUp, Raised, Stored
    from assuage.care.outcomes.scoring import Score
    from assuage.care.outcomes.trajectory import Point, Trajectory
    from assuage.cli.desk import Here

_STATUS = {"responded": "responded", "not": "no", "lost": "LOST", None: ""}


def tell(here: Here, course: str, stored: Stored) -> None:
    """Print what was stored, how it scores, and what must follow."""
    if here.call.as_json:
        found = told.as_json(stored.events, here)
        found["score"] = _score(stored.score) if stored.score else None
        found["must_follow"] = [_alarm(one) for one in stored.follow]
        output.print_json(found)
        return
    here.tell(stored.events)
    output.say(course_view.whose(here, course))
    if stored.score is not None:
        for line in _scored(stored.score):
            output.say(folded(line))
    if stored.follow:
        outcome = getattr(stored.events[0].fact, "outcome", "")
        output.say("")
        for one in stored.follow:
            output.say(folded(_in_words(one)))
        output.say(folded("It stays listed until a named person says what was done:"))
        output.say(f"  assuage outcome answer {course} {outcome} --text ... --as ...")


def _scored(score: Score) -> list[str]:
    held = library.instrument(score.instrument)
    names = {one.id: one.name for one in held.total}
    names |= {one.id: one.name for one in held.verdict}
    lines = [
        f"{names[id_]}: {value:g}" + (f", {band}" if (band := score.bands.get(id_)) else "")
        for id_, value in score.totals.items()
    ]
    lines += [f"{names[id_]}: {level}" for id_, level in score.verdicts.items()]
    lines += [f"{names[id_]}: not scored, {why}" for id_, why in score.unscored.items()]
    return lines


def _score(score: Score) -> dict[str, Any]:
    return {
        "totals": dict(score.totals),
        "verdicts": dict(score.verdicts),
        "bands": dict(score.bands),
        "unscored": dict(score.unscored),
        "unanswered": list(score.unanswered),
        "prorated": score.prorated,
    }


def _alarm(one: Raised) -> dict[str, Any]:
    alarm = one.alarm
    told = {"alarm": alarm.id, "text": alarm.text, "remedy": alarm.remedy}
    return told | {"certain": one.certain}


def _in_words(one: Raised) -> str:
    """Say what must follow; what was never answered isn't told as if it had been said."""
    if one.certain:
        return f"MUST FOLLOW: {one.alarm.text} {one.alarm.remedy}"
    return f"NOT RULED OUT, an answer is missing, ask: {one.alarm.text} If so: {one.alarm.remedy}"


def follow_up(here: Here, one: FollowUp) -> dict[str, Any]:
    """Return what is to be followed up, for a machine. `alarms` is null where it was erased."""
    return {
        "course": one.course,
        "patient": one.patient,
        "outcome": one.outcome.id,
        "instrument": one.instrument,
        "since": one.outcome.at.isoformat(),
        "recorded": moment(one.outcome.at, here.site.zone),
        "by": one.outcome.by,
        "alarms": None if one.alarms is None else [_alarm(alarm) for alarm in one.alarms],
    }


def show_follow_ups(here: Here, found: Sequence[FollowUp]) -> None:
    """Print what is to be followed up."""
    if not found:
        output.say("Nothing is to be followed up.")
        return
    for one in found:
        since = moment(one.outcome.at, here.site.zone)
        what = one.instrument or "an outcome that was withdrawn"
        output.say(folded(f"{one.outcome.id}, {what} of {one.patient} in {one.course}, {since}"))
        if one.alarms is None:
            output.say("  what it was can't be read any more")
        for alarm in one.alarms or ():
            output.say(folded(f"  {_in_words(alarm)}"))
        output.say(f"  assuage outcome answer {one.course} {one.outcome.id} --text ... --as ...")


def show(here: Here, course: str, found: Sequence[Trajectory]) -> None:
    """Print each instrument over time."""
    for one in found:
        held = library.instrument(one.instrument)
        role = "primary" if one.primary else "pre-specified" if one.prespecified else ""
        title = f"{held.short}, {role or 'not pre-specified'}"
        if not one.points:
            output.say("")
            output.say(f"{title}: never recorded")
        else:
            rows = [_row(here, point) for point in one.points]
            heads = ("outcome", "day", "when", "total", "change", "%", "status", "remitted", "")
            used = [n for n, _ in enumerate(heads) if n < 4 or any(row[n] for row in rows)]
            kept = [heads[n] for n in used]
            cells = [[row[n] for n in used] for row in rows]
            right = {"day", "total", "change", "%"}
            show_table(title, kept, cells, right=right, whole={"when", "status"})
        for line in _notes(one):
            output.say(folded(line))
    output.say(f"\nCourse {course}. Days count from the first dose. Head {here.record.head()}")


def _row(here: Here, point: Point) -> tuple[str, ...]:
    marks = ["baseline"] if point.baseline else []
    if point.acute:
        marks.append("after a dose, same day or session")
    if point.corrected:
        marks.append("corrected")
    if point.other_rules:
        marks.append("scored by newer rules")
    if point.score is not None and point.score.prorated:
        marks.append("prorated")
    return (
        point.outcome,
        "" if point.course_day is None else str(point.course_day),
        moment(point.at, here.site.zone),
        _total(point),
        "" if point.raw is None else f"{point.raw:+g}",
        "" if point.percent is None else f"{point.percent:.0f}",
        _STATUS[point.status],
        {None: "", True: "yes", False: "no"}[point.remitted],
        ", ".join(marks),
    )


def _total(point: Point) -> str:
    if point.score is None:
        return "erased"
    return f"{point.value:g}" if point.value is not None else point.score.band or "none"


def _notes(one: Trajectory) -> list[str]:
    lines = []
    if one.points and one.why:
        lines.append(f"No change is told: {one.why}.")
    if one.late:
        lines.append("The baseline was declared after the first dose.")
    if one.relapsed is not None:
        lines.append(f"A response was lost by {one.relapsed.at.date()}.")
    if any(point.percent is not None for point in one.points):
        lines.append("% is of the declared baseline, positive for the better.")
    lines += [f"Missed on {held.due_on}: {held.why}." for held in one.missed]
    return lines


def as_json(here: Here, course: str, found: Sequence[Trajectory]) -> dict[str, Any]:
    """Return each instrument over time, for a machine."""
    return {
        "course": course,
        "outcomes": [
            {
                "instrument": one.instrument,
                "primary": one.primary,
                "prespecified": one.prespecified,
                "baseline": one.baseline,
                "declared_late": one.late,
                "why_no_change": one.why or None,
                "relapsed": one.relapsed.outcome if one.relapsed else None,
                "points": [_point(point) for point in one.points],
                "missed": [held.model_dump(mode="json", exclude={"note"}) for held in one.missed],
            }
            for one in found
        ],
        "head": str(here.record.head()),
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "outcome": point.outcome,
        "at": point.at.isoformat(),
        "course_day": point.course_day,
        "session": point.session or None,
        "phase": point.phase,
        "day": point.day,
        "rated_by": point.rated_by,
        "corrected": point.corrected,
        "score": _score(point.score) if point.score else None,
        "guess": point.guess,
        "baseline": point.baseline,
        "acute": point.acute,
        "change": point.raw,
        "percent": point.percent,
        "status": point.status,
        "remitted": point.remitted,
        "why": point.why or None,
    }

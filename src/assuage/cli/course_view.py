"""A course as a person sees it on a terminal, and as JSON. Answers and totals aren't in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assuage.care import course as courses
from assuage.cli import output
from assuage.cli.tables import show_table
from assuage.cli.told import folded, moment
from assuage.knowledge import library

if TYPE_CHECKING:
    from assuage.cli.desk import Here


def show(here: Here, course: str) -> None:
    """Print a course."""
    told = as_json(here, course)
    state = f"ended {told['ended_at']}: {told['end_reason']}" if told["ended_at"] else "open"
    output.say(f"Course {course} of {told['patient']}, opened {told['opened']}, {state}")
    what = f"{told['indication']} by {told['regimen']}, {told['sessions_planned']} sessions planned"
    output.say(folded(what))
    rows = [
        (
            one["instrument"],
            one["role"],
            one["recorded"],
            one["missed"],
            one["last"] or "never",
            one["baseline"] or "not declared",
        )
        for one in told["outcomes"]
    ]
    heads = ("outcome", "role", "recorded", "missed", "last", "baseline")
    show_table("Outcomes", heads, rows, right=("recorded", "missed"), whole={"last", "baseline"})
    if told["sessions"]:
        given = [(one["session"], one["first_dose"] or "no dose") for one in told["sessions"]]
        show_table("Sessions", ("session", "first dose"), given)
    if told["harms"]:
        keys = ("harm", "term", "grade", "serious", "relation", "onset", "session")
        show_table("Harms", keys, [tuple(one[key] for key in keys) for one in told["harms"]])
    for one in told["follow_ups"]:
        output.say("")
        output.say(folded(f"Nobody has answered yet what {one} raised:"))
        output.say(f"  assuage outcome answer {course} {one} --text ... --as ...")
    output.say(f"\nHead {told['head']}")


def whose(here: Here, course: str) -> str:
    """Return whose course it is, in words."""
    opened = courses.opening(courses.of(here.record, course), course)
    return f"Patient {opened.patient}, course {course}"


def as_json(here: Here, course: str) -> dict[str, Any]:
    """Return a course for a machine."""
    view = courses.of(here.record, course)
    opened, zone = courses.opening(view, course), here.site.zone
    first = {name: courses.given_at(one) for name, one in courses.dosed(here.record, view).sessions}
    return {
        "course": course,
        "patient": opened.patient,
        "site": opened.site,
        "indication": opened.indication,
        "regimen": opened.regimen,
        "sessions_planned": opened.sessions_planned,
        "opened": moment(view.opened_at, zone) if view.opened_at else "",
        "ended_at": moment(view.ended.happened_at, zone) if view.ended else None,
        "end_reason": view.ended.why if view.ended else None,
        "outcomes": _outcomes(here, view, opened),
        "sessions": [
            {"session": name, "first_dose": moment(at, zone) if (at := first.get(name)) else None}
            for name in view.sessions
        ],
        "harms": [
            {
                "harm": one.id,
                "term": one.told.term,
                "grade": one.told.grade,
                "serious": one.told.serious,
                "relation": one.told.relation,
                "action": one.told.action,
                "onset": moment(one.told.onset_at, zone),
                "session": one.told.session,
            }
            for one in view.harms.values()
            if one.told
        ],
        "follow_ups": [one.id for one in view.outcomes.values() if one.open],
        "head": str(here.record.head()),
    }


def _outcomes(
    here: Here, view: courses.Course, opened: courses.CourseOpened
) -> list[dict[str, Any]]:
    """Return each instrument: primary first, then pre-specified, then what was recorded besides."""
    others = {told.instrument for _, told in view.standing()}
    others |= {one.instrument for one in view.missed.values()}
    found = []
    for one in dict.fromkeys((opened.primary, *opened.outcomes, *sorted(others))):
        recorded = view.standing(one)
        role = "pre-specified" if one in opened.outcomes else "not pre-specified"
        last = moment(recorded[-1][1].assessed_at, here.site.zone) if recorded else None
        found.append(
            {
                "instrument": one,
                "name": library.instrument(one).short,
                "role": "primary" if one == opened.primary else role,
                "recorded": len(recorded),
                "missed": sum(held.instrument == one for held in view.missed.values()),
                "last": last,
                "baseline": view.baselines.get(one),
            }
        )
    return found

"""`assuage course`: a course of treatment, its sessions, its harms and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from assuage.cli import choices, output, signing
from assuage.cli.desk import Call, Here, group, shows, writes

HELP = f"""Open a course of treatment, let sessions join it, record harms, and end it.

Which outcomes count, and which one is primary, is said when the course is opened and stays so.
Outcomes are recorded with 'assuage outcome'.

{signing.HELP}
\b
Examples:
  assuage course open c-1 --patient p-1001 --indication depression --regimen depression-iv \\
    --sessions 6 --outcome phq-9 --outcome nrs-pain --primary phq-9 --weight "70 kg" --as ana
  assuage course join c-1 s-1 --as ana
  assuage course harm c-1 --term nausea --grade 1 --session s-1 --as ana
  assuage course show c-1
  assuage course end c-1 --why completed --as ana
"""
OPEN_HELP = """Open a course: for whom, for what, by which regimen, and which outcomes count.

Sex and weight are stored locked. Without a weight no dose can be told per kilogram.

\b
Example:
  assuage course open c-1 --patient p-1001 --indication depression --regimen depression-iv \\
    --sessions 6 --outcome phq-9 --outcome nrs-pain --primary phq-9 --weight "70 kg" --as ana
"""
DESCRIBE_HELP = """Tell a sex or a weight anew. What is left out stays as it was.

\b
Example:
  assuage course describe c-1 --weight "68.5 kg" --as ana
"""
JOIN_HELP = """Say that a session belongs to a course. A session belongs to at most one.

\b
Example:
  assuage course join c-1 s-1 --as ana
"""
PART_HELP = """Say that a session had joined a course by mistake; it can join another then.

\b
Example:
  assuage course part c-1 s-1 --reason "it belongs to the course before" --as ana
"""
END_HELP = """End a course, and say why. Outcomes and harms can still be recorded afterwards.

\b
Examples:
  assuage course end c-1 --why completed --as ana
  assuage course end c-1 --why harm --note "cystitis after the fourth session" --as ana
"""
REOPEN_HELP = """Say that a course that was ended by mistake goes on.

\b
Example:
  assuage course reopen c-1 --reason "the wrong course was ended" --as ana
"""
HARM_HELP = """Record a harm: something untoward that happened, whatever caused it.

Grades: 1 mild, 2 moderate, 3 severe, 4 life-threatening, 5 death. A harm is serious by what it
led to; grades 4 and 5 are always serious by something. A note is stored locked; 'other' needs
one. --at says when it began.

\b
Examples:
  assuage course harm c-1 --term nausea --grade 1 --session s-1 --relation probable --as ana
  assuage course harm c-1 --term liver --grade 3 --serious hospitalisation \\
    --relation possible --action course-ended --note "ALT 4 times the limit" --as ana
"""
CORRECT_HELP = """Correct a harm, or with --withdraw say that it should not be there.

What is left out stays as it was: when it began, its session and its note too. To take it out of
a session, withdraw it and record it anew.

\b
Examples:
  assuage course correct-harm c-1 h-08d1c4e7aa --term vomiting --grade 2 --reason "wrong row" \\
    --as ana
  assuage course correct-harm c-1 h-08d1c4e7aa --withdraw --reason "wrong patient" --as ana
"""
SHOW_HELP = """Show a course: its sessions, what was recorded and what is missing. No answers.

\b
Examples:
  assuage course show c-1
  assuage course show c-1 --json
"""
LIST_HELP = """List the courses of the site, or of one patient.

\b
Examples:
  assuage course list
  assuage course list --patient p-1001
"""
_Course = Annotated[str, typer.Argument(metavar="COURSE", help="The course, such as c-1.")]
_Weight = Annotated[str, typer.Option(help="Such as '70 kg'. It is stored locked.")]
_Sex = Annotated[str, typer.Option(help="female, male or intersex. It is stored locked.")]
_Term = Annotated[str, typer.Option(help="What happened, by its short name.")]
_Grade = Annotated[int, typer.Option(help="How severe, 1 to 5.")]
_Serious = Annotated[str, typer.Option(help="'no', or by what it was serious.")]
_Relation = Annotated[str, typer.Option(help="How it is judged to be related to the drug.")]
_Action = Annotated[str, typer.Option(help="What was done about the drug.")]
_HarmSession = Annotated[str, typer.Option(metavar="SESSION", help="In which session, if any.")]
_Note = Annotated[str, typer.Option(help="More about it. It is stored locked.")]


@writes("course open", witness=False)
def open_(
    call: Call,
    course: _Course,
    patient: Annotated[str, typer.Option(help="The patient's number.")],
    indication: Annotated[str, typer.Option(help="What for, such as crps or depression.")],
    regimen: Annotated[str, typer.Option(autocompletion=choices.regimens, help="Its id.")],
    sessions: Annotated[int, typer.Option(help="How many sessions are planned.")],
    outcome: Annotated[
        list[str],
        typer.Option(
            metavar="INSTRUMENT",
            autocompletion=choices.instruments,
            help="An outcome that counts; may be repeated.",
        ),
    ],
    primary: Annotated[str, typer.Option(metavar="INSTRUMENT", help="The one that is primary.")],
    weight: _Weight = "",
    sex: _Sex = "",
) -> None:
    """Open a course."""
    weight_g = _grams(weight)
    with call.here() as here:
        from assuage.care import course as courses

        new = courses.NewCourse(
            course,
            patient,
            indication,
            regimen,
            sessions,
            tuple(outcome),
            primary,
            sex or None,
            weight_g,
        )
        here.tell(courses.open_course(here.desk(), new))


@writes("course describe", witness=False)
def describe(call: Call, course: _Course, weight: _Weight = "", sex: _Sex = "") -> None:
    """Tell a sex or a weight anew."""
    from assuage.refusals import Refusal, Refused

    weight_g = _grams(weight)
    if not (weight or sex):
        raise Refused(Refusal.OPTION_MISSING, what="--weight or --sex", remedy="give one of them")
    with call.here() as here:
        from assuage.care import course as courses

        desk = here.desk()
        here.tell(courses.describe(desk, course, sex=sex or None, weight_g=weight_g))


@writes("course join", witness=False)
def join(
    call: Call,
    course: _Course,
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Such as s-1.")],
) -> None:
    """Let a session join a course."""
    with call.here() as here:
        from assuage.care import course as courses

        here.tell(courses.join(here.desk(), course, session))


@writes("course part", witness=False)
def part(
    call: Call,
    course: _Course,
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Such as s-1.")],
    reason: Annotated[str, typer.Option(help="Why. It is stored locked.")],
) -> None:
    """Take a session out of a course."""
    with call.here() as here:
        from assuage.care import course as courses

        here.tell(courses.part(here.desk(), course, session, reason))


@writes("course end", witness=False, late=True)
def end(
    call: Call,
    course: _Course,
    why: Annotated[
        str,
        typer.Option(
            help="completed, harm, no-benefit, withdrew, transferred, died or other.",
        ),
    ],
    note: _Note = "",
) -> None:
    """End a course."""
    with call.here() as here:
        from assuage.care import course as courses

        at = here.at
        here.tell(courses.end(here.desk(), course, why, note, at))


@writes("course harm", witness=False, late=True)
def harm(
    call: Call,
    course: _Course,
    term: _Term,
    grade: _Grade,
    serious: _Serious = "no",
    relation: _Relation = "not-assessed",
    action: _Action = "none",
    session: _HarmSession = "",
    note: _Note = "",
) -> None:
    """Record a harm."""
    with call.here() as here:
        from assuage.care.outcomes import harms

        new = harms.NewHarm(term, grade, serious, relation, action, here.at, session, note)
        here.tell(harms.record(here.desk(), course, new))
        _say_whose(here, course)


@writes("course correct-harm", witness=False, late=True)
def correct_harm(
    call: Call,
    course: _Course,
    harm_id: Annotated[str, typer.Argument(metavar="HARM", help="Such as h-08d1c4e7aa.")],
    reason: Annotated[str, typer.Option(help="Why. It is stored locked.")],
    term: _Term = "",
    grade: _Grade = 0,
    serious: _Serious = "",
    relation: _Relation = "",
    action: _Action = "",
    session: _HarmSession = "",
    note: _Note = "",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="It should not have been recorded.")
    ] = False,
) -> None:
    """Correct a harm."""
    from assuage.refusals import Refusal, Refused

    changed = term or grade or serious or relation or action or session or note or call.at
    if withdraw == bool(changed):
        what = "either --withdraw or what it should have been, such as --term or --grade"
        raise Refused(Refusal.OPTION_MISSING, what=what, remedy="say which of the two")
    with call.here() as here:
        from assuage.care.outcomes import harms

        told = harms.NewHarm(term, grade, serious, relation, action, here.at, session, note)
        right = None if withdraw else told
        here.tell(harms.correct(here.desk(), course, harm_id, right, reason))


@writes("course reopen", witness=False)
def reopen(
    call: Call,
    course: _Course,
    reason: Annotated[str, typer.Option(help="Why. It is stored locked.")],
) -> None:
    """Say that a course goes on."""
    with call.here() as here:
        from assuage.care import course as courses

        here.tell(courses.reopen(here.desk(), course, reason))


def _say_whose(here: Here, course: str) -> None:
    """Print whose course it was, so that a wrong one is noticed."""
    if not here.call.as_json:
        from assuage.cli import course_view

        output.say(course_view.whose(here, course))


@shows("course show")
def show(call: Call, course: _Course) -> None:
    """Show a course."""
    with call.here() as here:
        from assuage.cli import course_view

        if call.as_json:
            output.print_json(course_view.as_json(here, course))
        else:
            course_view.show(here, course)


@shows("course list")
def list_(
    call: Call, patient: Annotated[str, typer.Option(help="The patient's number.")] = ""
) -> None:
    """List courses."""
    with call.here() as here:
        found = [_line(here, one) for one in _listed(here, patient)]
        if call.as_json:
            output.print_json({"courses": found, "head": str(here.record.head())})
            return
        from assuage.cli.tables import show_table

        heads = ("course", "patient", "indication", "opened", "state")
        rows = [tuple(one[head] for head in heads) for one in found]
        show_table("Courses", heads, rows, whole=set(heads))


def _listed(here: Here, patient: str) -> tuple[str, ...]:
    from assuage.care import course as courses
    from assuage.care import patient as patients

    if not patient:
        return courses.of_site(here.record, here.site_id)
    patients.of(here.record, patient)
    return courses.of_patient(here.record, patient)


def _line(here: Here, course: str) -> dict[str, Any]:
    from assuage.care import course as courses
    from assuage.cli.told import moment

    view = courses.of(here.record, course)
    opened = courses.opening(view, course)
    return {
        "course": course,
        "patient": opened.patient,
        "indication": opened.indication,
        "opened": moment(view.opened_at, here.site.zone)[:10] if view.opened_at else "",
        "state": f"ended: {view.ended.why}" if view.ended else "open",
    }


def _grams(text: str) -> int | None:
    """Return a weight in whole grams, as it is stored. Raises what units.parse raises."""
    if not text:
        return None
    from assuage.units import Dimension, parse

    return round(parse(text, Dimension.WEIGHT).magnitude * 1000)


course_group = group("course", HELP)


def _add(name: str, does: Callable[..., None], text: str, line: str) -> None:
    course_group.command(name, help=text, short_help=line)(does)


_add("open", open_, OPEN_HELP, "Open a course of treatment.")
_add("describe", describe, DESCRIBE_HELP, "Tell a sex or a weight anew.")
_add("join", join, JOIN_HELP, "Let a session join a course.")
_add("part", part, PART_HELP, "Take a session out that joined by mistake.")
_add("harm", harm, HARM_HELP, "Record a harm.")
_add("correct-harm", correct_harm, CORRECT_HELP, "Correct or withdraw a harm.")
_add("end", end, END_HELP, "End a course.")
_add("reopen", reopen, REOPEN_HELP, "Say that an ended course goes on.")
_add("show", show, SHOW_HELP, "Show a course.")
_add("list", list_, LIST_HELP, "List courses.")

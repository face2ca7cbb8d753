"""`assuage outcome`: record what questionnaires say, and look at it over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from assuage.cli import choices, output, signing
from assuage.cli.arguments import day_in
from assuage.cli.desk import Call, group, writes

if TYPE_CHECKING:
    from assuage.care.outcomes.scoring import Answer

HELP = f"""Record outcomes of a course, declare baselines, and see each over time.

Answers are stored locked; totals are worked out from them whenever somebody looks. What an answer
raises, such as thoughts of suicide, stays listed until a named person says what was done.

{signing.HELP}
\b
Examples:
  assuage outcome record c-1 phq-9 --answers 2,2,3,2,1,2,1,1,0 --as ana
  assuage outcome baseline c-1 o-08d1c4e7aa --as ana
  assuage outcome miss c-1 phq-9 --due 2026-11-22 --why did-not-attend --as ana
  assuage outcome show c-1 --as ana
  assuage outcome follow-up --as ana
"""
RECORD_HELP = """Record one filled-in instrument, its answers in the order of the form.

An item that wasn't answered is an empty place, '-' or '.'. --session and --phase say to which
session it belongs; --patient makes sure whose course it is. The same form typed in twice is
refused, unless --again says that it was asked twice.

\b
Examples:
  assuage outcome record c-1 phq-9 --answers 2,2,3,2,1,2,1,1,0 --as ana
  assuage outcome record c-1 nrs-pain --answers 7 --session s-1 --phase before --patient p-1001 \\
    --as ana
  assuage outcome record c-1 cadss --answers 1,0,2,0,1,0,0,1,0,0,0,2,1,0,1,0,0,1,0,0,1,0,1 \\
    --session s-1 --phase during --guess active --at "2026-11-22 14:05" --as ana
"""
CORRECT_HELP = """Correct the answers of an outcome, or with --withdraw take it out.

What it had raised stays open until somebody answers it. A wrong time, session or rater can't be
corrected: withdraw it and record it anew. A missed assessment can be withdrawn too.

\b
Examples:
  assuage outcome correct c-1 o-08d1c4e7aa --answers 2,2,3,2,1,2,1,1,0 --reason "misread" --as ana
  assuage outcome correct c-1 o-08d1c4e7aa --withdraw --reason "wrong patient" --as ana
  assuage outcome correct c-1 m-08d1c4e7aa --withdraw --reason "wrong date" --as ana
"""
MISS_HELP = """Say that an assessment that was due did not happen, and why.

\b
Example:
  assuage outcome miss c-1 phq-9 --due 2026-11-22 --why did-not-attend --as ana
"""
BASELINE_HELP = """Declare which outcome is the baseline of its instrument. Nothing else is one.

\b
Example:
  assuage outcome baseline c-1 o-08d1c4e7aa --as ana
"""
ANSWER_HELP = """Say what was done about what an outcome raised. Who signs answers for it.

\b
Example:
  assuage outcome answer c-1 o-08d1c4e7aa --text "C-SSRS asked, no plan, seen by Dr Lund" --as cy
"""
FOLLOW_HELP = """List what outcomes of this site raised and nobody has answered yet.

\b
Example:
  assuage outcome follow-up --as ana
"""
SHOW_HELP = """Show each outcome of a course over time, against its declared baseline.

\b
Examples:
  assuage outcome show c-1 --as ana
  assuage outcome show c-1 --as ana --json
"""
_Course = Annotated[str, typer.Argument(metavar="COURSE", help="The course, such as c-1.")]
_Outcome = Annotated[str, typer.Argument(metavar="OUTCOME", help="Such as o-08d1c4e7aa.")]
_Instrument = Annotated[
    str,
    typer.Argument(metavar="INSTRUMENT", autocompletion=choices.instruments, help="Such as phq-9."),
]
_Answers = Annotated[
    str, typer.Option(metavar="A,B,...", help="The answers in the form's order, by commas.")
]
_Reason = Annotated[str, typer.Option(help="Why. It is stored locked.")]


@writes("outcome record", witness=False, late=True)
def record(
    call: Call,
    course: _Course,
    instrument: _Instrument,
    answers: _Answers,
    rated_by: Annotated[str, typer.Option(help="self or clinician, where both may.")] = "",
    session: Annotated[str, typer.Option(help="The session it belongs to.")] = "",
    phase: Annotated[str, typer.Option(help="before, during or after that session.")] = "",
    guess: Annotated[
        str, typer.Option(help="What the treatment was taken to be: active, control, unsure.")
    ] = "",
    patient: Annotated[str, typer.Option(help="The patient's number, to make sure.")] = "",
    again: Annotated[bool, typer.Option("--again", help="It was asked twice.")] = False,
) -> None:
    """Record an outcome."""
    given = _in_order(instrument, answers)
    with call.here() as here:
        from assuage.care.outcomes import recording
        from assuage.cli import outcome_view

        new = recording.NewOutcome(instrument, given, here.at, rated_by, session, phase, guess)
        stored = recording.record(here.desk(), course, new, patient=patient, again=again)
        outcome_view.tell(here, course, stored)


@writes("outcome correct", witness=False)
def correct(
    call: Call,
    course: _Course,
    outcome: _Outcome,
    reason: _Reason,
    answers: _Answers = "",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="It should not have been recorded.")
    ] = False,
) -> None:
    """Correct an outcome."""
    from assuage.refusals import Refusal, Refused

    if withdraw == bool(answers):
        what = "either --answers or --withdraw"
        raise Refused(Refusal.OPTION_MISSING, what=what, remedy="say which of the two")
    with call.here() as here:
        from assuage.care import course as courses
        from assuage.care.outcomes import recording
        from assuage.cli import outcome_view

        given = None
        if answers:
            held = recording.standing(courses.of(here.record, course), course, outcome)
            assert held.told is not None
            given = _in_order(held.told.instrument, answers)
        stored = recording.correct(here.desk(), course, outcome, given, reason)
        outcome_view.tell(here, course, stored)


@writes("outcome miss", witness=False)
def miss(
    call: Call,
    course: _Course,
    instrument: _Instrument,
    due: Annotated[str, typer.Option(metavar="DATE", help="When it was due: 2026-11-22.")],
    why: Annotated[
        str,
        typer.Option(
            help="did-not-attend, declined, too-unwell, not-offered, withdrew, died or other."
        ),
    ],
    note: Annotated[str, typer.Option(help="More about it. It is stored locked.")] = "",
) -> None:
    """Say that an assessment was missed."""
    day = day_in(due, "date", such_as="2026-11-22")
    with call.here() as here:
        from assuage.care.outcomes import recording

        here.tell(recording.miss(here.desk(), course, instrument, day, why, note))


@writes("outcome baseline", witness=False)
def baseline(call: Call, course: _Course, outcome: _Outcome) -> None:
    """Declare a baseline."""
    with call.here() as here:
        from assuage.care.outcomes import recording

        here.tell(recording.declare_baseline(here.desk(), course, outcome))


@writes("outcome answer", witness=False)
def answer(
    call: Call,
    course: _Course,
    outcome: _Outcome,
    text: Annotated[str, typer.Option(help="What was done. It is stored locked.")],
) -> None:
    """Answer what an outcome raised."""
    with call.here() as here:
        from assuage.care.outcomes import recording

        here.tell(recording.answer(here.desk(), course, outcome, text))


@writes("outcome follow-up", witness=False, once=False)
def follow_up(call: Call) -> None:
    """List what is to be followed up."""
    with call.here() as here:
        from assuage.care.outcomes import recording
        from assuage.cli import outcome_view

        found = recording.follow_ups(here.desk())
        if call.as_json:
            output.print_json({"open": [outcome_view.follow_up(here, one) for one in found]})
        else:
            outcome_view.show_follow_ups(here, found)


@writes("outcome show", witness=False, once=False)
def show(call: Call, course: _Course) -> None:
    """Show outcomes over time."""
    with call.here() as here:
        from assuage.care.outcomes import trajectory
        from assuage.cli import outcome_view

        found = trajectory.look(here.desk(), course)
        if call.as_json:
            output.print_json(outcome_view.as_json(here, course, found))
        else:
            outcome_view.show(here, course, found)


def _in_order(instrument: str, answers: str) -> dict[str, Answer]:
    from assuage.care.outcomes import recording
    from assuage.knowledge import library

    return recording.in_order(library.instrument(instrument), answers)


outcome_group = group("outcome", HELP)


def _add(name: str, does: Callable[..., None], text: str, line: str) -> None:
    outcome_group.command(name, help=text, short_help=line)(does)


_add("record", record, RECORD_HELP, "Record one filled-in instrument.")
_add("correct", correct, CORRECT_HELP, "Correct or withdraw an outcome.")
_add("miss", miss, MISS_HELP, "Say that an assessment was missed.")
_add("baseline", baseline, BASELINE_HELP, "Declare a baseline.")
_add("answer", answer, ANSWER_HELP, "Say what was done about what was raised.")
_add("follow-up", follow_up, FOLLOW_HELP, "List what nobody has answered yet.")
_add("show", show, SHOW_HELP, "Show outcomes over time.")

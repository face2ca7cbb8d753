"""`assuage register discrepancy`: what doesn't add up, from its opening to its outcome."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from assuage.cli import output
from assuage.cli.desk import Call, Here, group, shows, writes
from assuage.cli.doses import measured_ug
from assuage.cli.register.stock import Item
from assuage.refusals import Refusal, Refused

HELP = """Follow up what doesn't add up: open, recount, reconstruct, escalate, close.

A page is frozen while a discrepancy about it is open. Two people who had no part in it count
again; the pump's log and the chart are compared; whom the law names is told, by its clock; and a
person who handles no drug closes it. What is missing stays visible as a loss.

\b
Examples:
  assuage register discrepancy recount x-19ab30c4d2 --counted 4 --as cy --witness dee
  assuage register discrepancy show
"""
OPEN_HELP = """Open a discrepancy that somebody noticed. --missing is 0 when it isn't known yet.

\b
Example:
  assuage register discrepancy open ketamine-50/10mL --area recovery --missing 1 \\
    --text "a vial lies broken on the floor" --as ana
"""
RECOUNT_HELP = """Enter a second count, by two people who had no part in what is counted.

\b
Example:
  assuage register discrepancy recount x-19ab30c4d2 --counted 4 --as cy --witness dee
"""
RECONSTRUCT_HELP = """Enter what the pump's log and the chart say. Leave out what there is not.

\b
Example:
  assuage register discrepancy reconstruct x-19ab30c4d2 --pump "35 mg" --chart "35 mg" \\
    --text "both agree with the entries" --as pat
"""
ESCALATE_HELP = """Enter that a discrepancy was told to whom the law or the site names.

\b
Example:
  assuage register discrepancy escalate x-19ab30c4d2 --to "NHS England CDAO" --reference IR-88 \\
    --as officer
"""
CLOSE_HELP = """Close a discrepancy with its outcome, before a witness.

Outcomes: found, entry-error (nothing is missing any more); loss, theft-suspected, surplus (what
is missing or over is posted, and stays visible).

\b
Example:
  assuage register discrepancy close x-19ab30c4d2 --outcome loss \\
    --text "broken, seen by two" --as officer --witness ben
"""
SHOW_HELP = """Show the discrepancies with their steps and their clock; closed ones too, by id.

\b
Examples:
  assuage register discrepancy show
  assuage register discrepancy show x-19ab30c4d2 --json
"""
_Id = Annotated[str, typer.Argument(metavar="ID", help="Such as x-19ab30c4d2.")]
_Text = Annotated[str, typer.Option(help="In words.")]
_Counted = Annotated[int, typer.Option(metavar="UNITS", help="What was counted by hand.")]


@writes("register discrepancy open", witness=False)
def open_(
    call: Call,
    item: Item,
    area: Annotated[str, typer.Option(help="The cabinet.")],
    missing: Annotated[int, typer.Option(metavar="UNITS", help="Below zero: too many.")],
    text: _Text,
) -> None:
    """Open one."""
    with call.here() as here:
        from assuage.care.register import discrepancy
        from assuage.care.register import item as items

        of = items.item(item)
        here.tell(discrepancy.report(here.desk(), of, area, missing, text))


@writes("register discrepancy recount")
def recount(call: Call, case: _Id, counted: _Counted) -> None:
    """Recount."""
    with call.here() as here:
        from assuage.care.register import discrepancy

        here.tell(discrepancy.recount(here.desk(), case, counted))


@writes("register discrepancy reconstruct", witness=False)
def reconstruct(
    call: Call,
    case: _Id,
    text: _Text,
    pump: Annotated[str, typer.Option(metavar="AMOUNT", help="By the pump's log.")] = "",
    chart: Annotated[str, typer.Option(metavar="AMOUNT", help="By the chart.")] = "",
) -> None:
    """Reconstruct."""
    with call.here() as here:
        from assuage.care.register import discrepancy

        pump_ug, chart_ug = (_amount(here, case, one) for one in (pump, chart))
        here.tell(discrepancy.reconstruct(here.desk(), case, pump_ug, chart_ug, text))


def _amount(here: Here, case: str, text: str) -> int | None:
    """Read an amount of what a discrepancy is about; None when there is none to read."""
    from assuage.care.register.item import item

    held = here.book.cases.get(case)
    return None if held is None or not text else measured_ug(text, item(held.fact.item))


@writes("register discrepancy escalate", witness=False)
def escalate(
    call: Call,
    case: _Id,
    to: Annotated[str, typer.Option(metavar="NAME", help="Who was told.")],
    reference: Annotated[str, typer.Option(help="The number of the report.")],
) -> None:
    """Escalate."""
    with call.here() as here:
        from assuage.care.register import discrepancy

        here.tell(discrepancy.escalate(here.desk(), case, to, reference))


@writes("register discrepancy close")
def close(
    call: Call,
    case: _Id,
    outcome: Annotated[str, typer.Option(help="One of the outcomes above.")],
    text: _Text,
) -> None:
    """Close."""
    with call.here() as here:
        from assuage.care.register import discrepancy
        from assuage.care.register.facts import Outcome

        known: dict[str, Outcome] = {one: one for one in get_args(Outcome)}
        if outcome not in known:
            choices = ", ".join(known)
            raise Refused(
                Refusal.VALUE_NOT_ALLOWED, text=outcome[:60], what="outcome", choices=choices
            )
        conclusion = discrepancy.Conclusion(known[outcome], text)
        here.tell(discrepancy.close(here.desk(), case, conclusion))


@shows("register discrepancy show")
def show(
    call: Call,
    case: Annotated[str, typer.Argument(metavar="[ID]", help="One, open or closed.")] = "",
) -> None:
    """Show open discrepancies, or one."""
    with call.here() as here:
        from assuage.cli.register import view

        found = view.cases(here, case)
        if call.as_json:
            output.print_json([view.case_as_json(here, one) for one in found])
        else:
            view.show_cases(here, found)


case_group = group("discrepancy", HELP)
for _name, _does, _help, _line in (
    ("open", open_, OPEN_HELP, "Open one that somebody noticed."),
    ("recount", recount, RECOUNT_HELP, "Enter an independent count."),
    ("reconstruct", reconstruct, RECONSTRUCT_HELP, "Enter what log and chart say."),
    ("escalate", escalate, ESCALATE_HELP, "Enter whom it was told to."),
    ("close", close, CLOSE_HELP, "Close it with its outcome."),
    ("show", show, SHOW_HELP, "Show their steps and their clock."),
):
    case_group.command(_name, help=_help, short_help=_line)(_does)

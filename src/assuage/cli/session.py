"""`assuage session`: open it, give doses in it, come back to it, end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from assuage.cli import giving, output, signing
from assuage.cli.desk import Call, group, shows, writes
from assuage.cli.doses import Amount, Draw, Intent, Route, Session, dose_ug, item_of_draw

HELP = f"""Open a session, give doses in it, come back to it, and end it.

A dose is intended before it is given, and confirmed after. Whatever happens in between, it stays
open until a person says what became of it, and no other dose of the session is intended before.

{signing.HELP}
\b
Examples:
  assuage session open s-1 --patient p-1001 --order rx-77 --prescriber cy --area recovery --as ana
  assuage session administer s-1 --draw d-4f0c2a91be --amount "35 mg" --route iv --as ana
  assuage session end s-1 --as ana
"""
OPEN_HELP = """Open a session for a patient, on an order of a person who may prescribe.

\b
Example:
  assuage session open s-1 --patient p-1001 --order rx-77 --prescriber cy --area recovery --as ana
"""
ENTER_HELP = """Come to a session, and be shown every dose of which nobody said what became of it.

Whoever stored such a dose crashed, lost the connection, walked away or is in the act: it becomes
Unknown. On a terminal you are asked about each; to answer takes a witness. Give nothing before.

\b
Examples:
  assuage session enter s-1 --as ana
  assuage session enter s-1 --as ana --witness ben
"""
INTEND_HELP = """Store that a dose is about to be given. Nobody acts before this has returned.

\b
Example:
  assuage session intend s-1 --draw d-4f0c2a91be --amount "35 mg" --route iv --as ana
"""
CONFIRM_HELP = """Store that a dose was given: the amount that was given, whatever was intended.

A dose that had become Unknown needs a witness.

\b
Examples:
  assuage session confirm s-1 i-08d1c4e7aa --amount "35 mg" --as ana
  assuage session confirm s-1 i-08d1c4e7aa --amount "3.5 mL" --as ana --witness ben
"""
NOT_GIVEN_HELP = """Store that an intended dose was not given, and why.

\b
Example:
  assuage session not-given s-1 i-08d1c4e7aa --reason "the vein was lost" --as ana
"""
PUMP_HELP = """Store what the pump's log says it delivered for a dose.

\b
Example:
  assuage session pump s-1 i-08d1c4e7aa --amount "35 mg" --as ana
"""
EFFECT_HELP = """Store whether the patient showed any effect of a dose.

\b
Examples:
  assuage session effect s-1 i-08d1c4e7aa --seen --as ana
  assuage session effect s-1 i-08d1c4e7aa --none --as ana
"""
END_HELP = """End a session. What was drawn in it is settled; a gap opens a discrepancy.

\b
Example:
  assuage session end s-1 --as ana
"""
SHOW_HELP = """Show a session: its doses, what is drawn and not accounted for, and the head.

\b
Examples:
  assuage session show s-1
  assuage session show s-1 --json
"""


@writes("session open", witness=False)
def open_(
    call: Call,
    session: Session,
    patient: Annotated[str, typer.Option(help="The patient's number.")],
    order: Annotated[str, typer.Option(help="The order's number.")],
    prescriber: Annotated[str, typer.Option(metavar="PERSON", help="Who ordered it.")],
    area: Annotated[str, typer.Option(help="Where it takes place.")],
) -> None:
    """Open a session."""
    with call.here() as here:
        from assuage.care import chair

        new = chair.NewSession(session, patient, order, prescriber, area)
        here.tell(chair.open_session(here.desk(), new))


@writes("session intend", witness=False)
def intend(call: Call, session: Session, draw: Draw, amount: Amount, route: Route) -> None:
    """Intend a dose."""
    with call.here() as here:
        from assuage.care.register import vial
        from assuage.care.register.item import amount_ug

        dosing = vial.Dosing(draw, amount_ug(amount, item_of_draw(here, draw)), route)
        here.tell(vial.intend(here.desk(), session, dosing))


@writes("session confirm", late=True)
def confirm(call: Call, session: Session, intent: Intent, amount: Amount) -> None:
    """Confirm a dose."""
    with call.here() as here:
        from assuage.care.register import vial

        ug, at = dose_ug(here, session, intent, amount), here.at
        here.tell(vial.confirm(here.desk(), session, intent, ug, at))


@writes("session not-given")
def not_given(
    call: Call,
    session: Session,
    intent: Intent,
    reason: Annotated[str, typer.Option(help="Why it wasn't given. It is stored locked.")],
) -> None:
    """Say that a dose wasn't given."""
    with call.here() as here:
        from assuage.care.register import vial

        here.tell(vial.not_given(here.desk(), session, intent, reason))


@writes("session pump", witness=False)
def pump(call: Call, session: Session, intent: Intent, amount: Amount) -> None:
    """Store what the pump's log says."""
    with call.here() as here:
        from assuage.care import chair

        ug = dose_ug(here, session, intent, amount)
        here.tell(chair.read_pump(here.desk(), session, intent, ug))


@writes("session effect", witness=False)
def effect(
    call: Call,
    session: Session,
    intent: Intent,
    seen: Annotated[bool, typer.Option("--seen/--none", help="Whether there was any effect.")],
) -> None:
    """Store whether there was an effect."""
    with call.here() as here:
        from assuage.care import chair

        here.tell(chair.note_effect(here.desk(), session, intent, seen))


@writes("session end", witness=False, late=True)
def end(call: Call, session: Session) -> None:
    """End a session."""
    with call.here() as here:
        from assuage.care import chair

        at = here.at
        here.tell(chair.end_session(here.desk(), session, at))


@shows("session show")
def show(call: Call, session: Session) -> None:
    """Show a session."""
    with call.here() as here:
        from assuage.cli import session_view

        if call.as_json:
            output.print_json(session_view.as_json(here, session))
        else:
            session_view.show(here, session)


session_group = group("session", HELP)


def _add(name: str, does: Callable[..., None], text: str, line: str) -> None:
    session_group.command(name, help=text, short_help=line)(does)


_add("open", open_, OPEN_HELP, "Open a session.")
_add("enter", giving.enter, ENTER_HELP, "Come to a session; see what is unknown in it.")
_add("administer", giving.administer, giving.HELP, "Intend a dose, then say what became of it.")
_add("intend", intend, INTEND_HELP, "Store that a dose is about to be given.")
_add("confirm", confirm, CONFIRM_HELP, "Store that a dose was given.")
_add("not-given", not_given, NOT_GIVEN_HELP, "Store that a dose was not given.")
_add("pump", pump, PUMP_HELP, "Store what the pump's log says.")
_add("effect", effect, EFFECT_HELP, "Store whether a dose showed any effect.")
_add("end", end, END_HELP, "End a session.")
_add("show", show, SHOW_HELP, "Show a session.")

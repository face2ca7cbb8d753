"""`assuage patient`: register a patient, and show whose number it is."""

from __future__ import annotations

from typing import Annotated

import typer

from assuage.cli import output, signing
from assuage.cli.arguments import day_in
from assuage.cli.desk import Call, group, writes

HELP = f"""Register a patient, or show who a number stands for.

Name, birth date and address are locked under a key of the patient's own. 'assuage record erase'
destroys that key.

{signing.HELP}
\b
Examples:
  assuage patient register p-1001 --name "Ada Example" --born 1979-03-04 \\
    --address "1 Example Street, Leeds" --as ana
  assuage patient show p-1001 --as ana
"""
REGISTER_HELP = """Register a patient under a number that isn't a name.

\b
Example:
  assuage patient register p-1001 --name "Ada Example" --born 1979-03-04 \\
    --address "1 Example Street, Leeds" --as ana
"""
SHOW_HELP = """Show who a number stands for. It takes a role that may register patients.

\b
Example:
  assuage patient show p-1001 --as ana
"""
_Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="A number, such as p-1001.")]


@writes("patient register", witness=False)
def register(
    call: Call,
    patient: _Patient,
    name: Annotated[str, typer.Option(help="The patient's name.")],
    born: Annotated[str, typer.Option(metavar="DATE", help="Such as 1979-03-04.")],
    address: Annotated[str, typer.Option(help="The patient's address.")],
) -> None:
    """Register a patient."""
    day = day_in(born, "date of birth")
    with call.here() as here:
        from assuage.care import patient as patients

        here.tell(patients.register(here.desk(), patient, name, day, address))


@writes("patient show", witness=False, once=False)
def show(call: Call, patient: _Patient) -> None:
    """Show a patient."""
    with call.here() as here:
        from assuage.care import patient as patients

        told = patients.told(here.desk(), patient)
        if call.as_json:
            output.print_json(told)
            return
        for field, text in told.items():
            output.say(f"{field:8} {text}")


patient_group = group("patient", HELP)
for _name, _does, _text, _line in (
    ("register", register, REGISTER_HELP, "Register a patient."),
    ("show", show, SHOW_HELP, "Show who a number stands for."),
):
    patient_group.command(_name, help=_text, short_help=_line)(_does)

"""`assuage register check`, `correct`, `show`: count, put a footnote, look."""

from __future__ import annotations

from typing import Annotated

import typer

from assuage.cli import output
from assuage.cli.desk import Call, Here, shows, writes
from assuage.cli.doses import measured_ug
from assuage.cli.register.stock import Item
from assuage.refusals import Refusal, Refused

CHECK_HELP = """Enter a count by two people. A count that differs opens a discrepancy at once.

Count before you look: what the book expects is shown after the count is stored.

\b
Example:
  assuage register check ketamine-50/10mL --area recovery --counted 4 --as ana --witness ben
"""
CORRECT_HELP = """Put a dated footnote to an entry; with --right, say what its amount should be.

The entry itself stays. --right is a count of units for an entry of stock, an amount such as
'35 mg' for a dose or a waste, and 0 for an entry that should not have been made. An amount takes
a witness, and on a frozen page the discrepancy that froze it.

\b
Examples:
  assuage register correct 7 --text "lot misread, it is K2297" --as ana
  assuage register correct 9 --right "30 mg" --text "misread the syringe" --as ana --witness ben
"""
SHOW_HELP = """Show what each cabinet holds by the book, what is drawn, and what doesn't add up.

\b
Examples:
  assuage register show
  assuage register show --json
"""


@writes("register check", late=True)
def check(
    call: Call,
    item: Item,
    area: Annotated[str, typer.Option(help="The cabinet.")],
    counted: Annotated[int, typer.Option(metavar="UNITS", help="What was counted by hand.")],
) -> None:
    """Enter a count."""
    with call.here() as here:
        from assuage.care.register import checks
        from assuage.care.register import item as items

        of, at = items.item(item), here.at
        here.tell(checks.check(here.desk(), of, area, counted, at))


@writes("register correct")
def correct(
    call: Call,
    entry: Annotated[int, typer.Argument(metavar="ENTRY", help="The number of the entry.")],
    text: Annotated[str, typer.Option(help="What was wrong.")],
    right: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Units, or an amount such as '30 mg'.")
    ] = "",
    discrepancy: Annotated[
        str, typer.Option(metavar="ID", help="The discrepancy that this corrects.")
    ] = "",
) -> None:
    """Put a footnote."""
    with call.here() as here:
        from assuage.care.register import checks

        amount = _right(here, entry, right) if right else None
        here.tell(checks.correct(here.desk(), entry, text, amount, discrepancy))


def _right(here: Here, number: int, text: str) -> int:
    """Read an amount as the entry counts it. Raises Refused: ENTRY_UNKNOWN, UNITS_INVALID, ..."""
    from assuage.care.register import facts as f
    from assuage.care.register.item import item

    line = here.book.line(number)
    if line is None:
        raise Refused(Refusal.ENTRY_UNKNOWN, number=number, last=len(here.book.lines))
    fact = line.event.fact
    if isinstance(fact, f.DrugAdministered | f.DrugWasted):
        return measured_ug(text, item(fact.item))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(Refusal.UNITS_INVALID, units=f"'{text[:40]}'")
    return int(text)


@shows("register show")
def show(call: Call) -> None:
    """Show the register as it stands."""
    with call.here() as here:
        from assuage.cli.register import view

        if call.as_json:
            output.print_json(view.as_json(here))
        else:
            view.show(here)


COMMANDS = (
    ("check", check, CHECK_HELP, "Enter a count by two people."),
    ("correct", correct, CORRECT_HELP, "Put a footnote to an entry."),
    ("show", show, SHOW_HELP, "Show what the book holds."),
)

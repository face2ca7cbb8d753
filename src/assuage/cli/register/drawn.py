"""`assuage register draw`, `waste`, `return`, `settle`: one unit, from the cabinet to its end."""

from __future__ import annotations

from typing import Annotated

import typer

from assuage.cli.desk import Call, writes
from assuage.cli.doses import Amount, Session, item_of_draw
from assuage.cli.register.stock import Item

DRAW_HELP = """Take one unit out of a cabinet for the patient of a running session.

A frozen page refuses it, unless --accept says who draws nevertheless and why, before a witness.

\b
Examples:
  assuage register draw s-1 ketamine-50/10mL --area recovery --as ana
  assuage register draw s-1 ketamine-50/10mL --area recovery --as ana --witness ben \\
    --accept "Dr C. Lund: the patient can't wait for the recount"
"""
WASTE_HELP = """Enter what was wasted of a drawn unit, before a witness.

\b
Example:
  assuage register waste d-4f0c2a91be --amount "465 mg" --reason "rest of the vial" --as ana \\
    --witness ben
"""
RETURN_HELP = """Return a drawn unit, unopened, to its cabinet, before a witness.

\b
Example:
  assuage register return d-4f0c2a91be --reason "session put off" --as ana --witness ben
"""
SETTLE_HELP = """Close a drawn unit. What is within the tolerance of measuring is a difference; more
opens a discrepancy.

\b
Example:
  assuage register settle d-4f0c2a91be --as ana
"""
_Draw = Annotated[str, typer.Argument(metavar="DRAW", help="The drawn unit, such as d-4f0c2a91be.")]
_Reason = Annotated[str, typer.Option(help="Why.")]


@writes("register draw", late=True)
def draw(
    call: Call,
    session: Session,
    item: Item,
    area: Annotated[str, typer.Option(help="The cabinet.")],
    accept: Annotated[
        str, typer.Option(metavar="'NAME: REASON'", help="Who draws from a frozen page, and why.")
    ] = "",
) -> None:
    """Draw one unit."""
    with call.here() as here:
        from assuage.care.register import item as items
        from assuage.care.register import vial

        of, at = items.item(item), here.at
        here.tell(vial.draw(here.desk(), session, of, area, accepted=accept, at=at))


@writes("register waste", late=True)
def waste(call: Call, drawn: _Draw, amount: Amount, reason: _Reason) -> None:
    """Waste of a drawn unit."""
    with call.here() as here:
        from assuage.care.register import vial
        from assuage.care.register.item import amount_ug

        ug, at = amount_ug(amount, item_of_draw(here, drawn)), here.at
        here.tell(vial.waste(here.desk(), drawn, ug, reason, at))


@writes("register return", late=True)
def put_back(call: Call, drawn: _Draw, reason: _Reason) -> None:
    """Return a drawn unit."""
    with call.here() as here:
        from assuage.care.register import vial

        at = here.at
        here.tell(vial.put_back(here.desk(), drawn, reason, at))


@writes("register settle", witness=False)
def settle(call: Call, drawn: _Draw) -> None:
    """Settle a drawn unit."""
    with call.here() as here:
        from assuage.care.register import vial

        here.tell(vial.settle(here.desk(), drawn))


COMMANDS = (
    ("draw", draw, DRAW_HELP, "Take one unit out for a patient."),
    ("waste", waste, WASTE_HELP, "Waste of a drawn unit."),
    ("return", put_back, RETURN_HELP, "Return a drawn unit unopened."),
    ("settle", settle, SETTLE_HELP, "Close a drawn unit."),
)

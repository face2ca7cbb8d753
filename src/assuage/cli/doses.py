"""The words that commands on doses share, and how an amount is read for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assuage.refusals import Refusal, Refused

if TYPE_CHECKING:
    from assuage.care.register.item import Item
    from assuage.cli.desk import Here

Session = Annotated[str, typer.Argument(metavar="SESSION", help="The session, such as s-1.")]
Intent = Annotated[str, typer.Argument(metavar="DOSE", help="The dose, such as i-08d1c4e7aa.")]
Amount = Annotated[str, typer.Option(metavar="AMOUNT", help="Such as '35 mg' or '3.5 mL'.")]
Draw = Annotated[str, typer.Option(help="The drawn unit it comes from, such as d-4f0c2a91be.")]
Route = Annotated[str, typer.Option(help="Such as iv, im or nasal.")]


def item_of_draw(here: Here, draw: str) -> Item:
    """Return what was drawn. Raises Refused (DRAW_UNKNOWN)."""
    from assuage.care.register.item import item
    from assuage.care.register.shared import draw_of

    return item(draw_of(here.book, draw).item)


def dose_ug(here: Here, session: str, intent: str, text: str) -> int:
    """Return an amount of the drug of a dose, in micrograms. Raises Refused: INTENT_UNKNOWN, ..."""
    from assuage.care import session as sessions
    from assuage.care.register.item import item

    doses = sessions.of(here.record, session).doses
    if intent not in doses:
        choices = ", ".join(doses) or "none"
        raise Refused(Refusal.INTENT_UNKNOWN, intent=intent[:60], choices=choices)
    return measured_ug(text, item(doses[intent].intended.item))


def measured_ug(text: str, of: Item) -> int:
    """Return an amount that may be nothing at all, in micrograms. Raises what amount_ug raises."""
    from assuage.care.register.item import amount_ug

    return 0 if text.strip() in ("0", "0 mg", "0 mL") else amount_ug(text, of)

"""`assuage register receive`, `supply`, `transfer`, `destroy`: whole units move."""

from __future__ import annotations

from typing import Annotated

import typer

from assuage.cli.arguments import day_in
from assuage.cli.desk import Call, writes

RECEIVE_HELP = """Enter a delivery.

\b
Example:
  assuage register receive ketamine-50/10mL 20 --supplier "Acme Pharma" \\
    --supplier-address "1 Dock Road, Hull" --reference INV-4711 --lot K2291 --expires 2029-06-30 \\
    --as pat
"""
SUPPLY_HELP = """Move units to another cabinet of the site. Back to main is a return.

\b
Example:
  assuage register supply ketamine-50/10mL 5 --to recovery --collected-by ana --id-requested \\
    --id-shown --as pat
"""
TRANSFER_HELP = """Let units leave the site for somebody entitled to have them, before a witness.

A return to the supplier is a transfer.

\b
Example:
  assuage register transfer ketamine-50/10mL 2 --to "St Elsewhere Hospital" \\
    --to-address "2 High Street, York" --authority "CD licence 1234" --reference T-9 \\
    --collected-by "J. Driver" --id-requested --id-shown --as pat --witness ben
"""
DESTROY_HELP = """Enter that units were destroyed, before the witnesses that the law asks for.

\b
Example:
  assuage register destroy ketamine-50/10mL 1 --area main --reason "vial cracked" \\
    --method "denaturing kit" --as pat --witness ben --second-witness cy
"""
Item = Annotated[str, typer.Argument(metavar="ITEM", help="Such as ketamine-50/10mL.")]
Units = Annotated[int, typer.Argument(metavar="UNITS", help="Whole units, counted by hand.")]
_Reference = Annotated[str, typer.Option(help="The number on the papers.")]
_Collector = Annotated[str, typer.Option(metavar="NAME", help="Who collected.")]
_Asked = Annotated[bool, typer.Option("--id-requested", help="Proof of identity was asked for.")]
_Shown = Annotated[bool, typer.Option("--id-shown", help="Proof of identity was shown.")]
_From = Annotated[str, typer.Option("--from", metavar="AREA", help="The cabinet it leaves.")]


@writes("register receive", late=True)
def receive(
    call: Call,
    item: Item,
    units: Units,
    supplier: Annotated[str, typer.Option(metavar="NAME", help="Who delivered.")],
    supplier_address: Annotated[str, typer.Option(metavar="ADDRESS", help="Of the supplier.")],
    reference: _Reference,
    lot: Annotated[str, typer.Option(help="The lot, as printed on the pack.")],
    expires: Annotated[str, typer.Option(metavar="DATE", help="Such as 2029-06-30.")],
    supplier_authority: Annotated[
        str, typer.Option(metavar="TEXT", help="The supplier's registration.")
    ] = "",
    area: Annotated[str, typer.Option(help="The cabinet it goes into.")] = "main",
) -> None:
    """Enter a delivery."""
    day = day_in(expires, "date of expiry")
    with call.here() as here:
        from assuage.care.register import item as items
        from assuage.care.register import stock
        from assuage.care.register.facts import Party

        page = stock.Page(items.item(item), area, units)
        party = Party(name=supplier, address=supplier_address, authority=supplier_authority)
        delivery = stock.Delivery(party, reference, lot, day)
        at = here.at
        here.tell(stock.receive(here.desk(), page, delivery, at))


@writes("register supply", late=True)
def supply(
    call: Call,
    item: Item,
    units: Units,
    to: Annotated[str, typer.Option(metavar="AREA", help="The cabinet it goes into.")],
    collected_by: _Collector,
    from_: _From = "main",
    id_requested: _Asked = False,
    id_shown: _Shown = False,
) -> None:
    """Move units within the site."""
    with call.here() as here:
        from assuage.care.register import item as items
        from assuage.care.register import stock

        page = stock.Page(items.item(item), from_, units)
        collected = stock.Collection(collected_by, id_requested, id_shown)
        at = here.at
        here.tell(stock.supply(here.desk(), page, to, collected, at))


@writes("register transfer", late=True)
def transfer(
    call: Call,
    item: Item,
    units: Units,
    to: Annotated[str, typer.Option(metavar="NAME", help="Who gets them.")],
    to_address: Annotated[str, typer.Option(metavar="ADDRESS", help="Of who gets them.")],
    authority: Annotated[str, typer.Option(help="What entitles them to have the drug.")],
    reference: _Reference,
    collected_by: _Collector,
    from_: _From = "main",
    id_requested: _Asked = False,
    id_shown: _Shown = False,
) -> None:
    """Let units leave the site."""
    with call.here() as here:
        from assuage.care.register import item as items
        from assuage.care.register import stock
        from assuage.care.register.facts import Party

        page = stock.Page(items.item(item), from_, units)
        party = Party(name=to, address=to_address, authority=authority)
        collected = stock.Collection(collected_by, id_requested, id_shown)
        consignment = stock.Consignment(party, reference, collected)
        at = here.at
        here.tell(stock.transfer(here.desk(), page, consignment, at))


@writes("register destroy", late=True)
def destroy(
    call: Call,
    item: Item,
    units: Units,
    area: Annotated[str, typer.Option(help="The cabinet it comes from.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    method: Annotated[str, typer.Option(help="How.")],
    second_witness: Annotated[
        str, typer.Option(metavar="PERSON", help="Where the law of the place asks for two.")
    ] = "",
) -> None:
    """Enter a destruction."""
    with call.here() as here:
        from assuage.care.register import item as items
        from assuage.care.register import stock

        page = stock.Page(items.item(item), area, units)
        at, desk = here.at, here.desk()
        other = here.witness(second_witness) if second_witness else None
        here.tell(stock.destroy(desk, page, stock.Destruction(reason, method, other), at))


COMMANDS = (
    ("receive", receive, RECEIVE_HELP, "Enter a delivery."),
    ("supply", supply, SUPPLY_HELP, "Move units to another cabinet."),
    ("transfer", transfer, TRANSFER_HELP, "Let units leave the site."),
    ("destroy", destroy, DESTROY_HELP, "Enter a destruction."),
)

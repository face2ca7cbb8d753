"""`assuage register`: every milligram, from the delivery to the patient or the waste."""

from __future__ import annotations

from assuage.cli import signing
from assuage.cli.desk import group
from assuage.cli.register import case, drawn, entries, printing, stock

HELP = f"""Keep the drug register: receive, supply, draw, waste, count, correct, and look.

Every entry is signed, some before a witness, and none is ever changed: a correction is a new
entry. A count that differs opens a discrepancy, which freezes its page until it is closed.
An item is one strength in one pack, such as ketamine-50/10mL.

{signing.HELP}
\b
Examples:
  assuage register receive ketamine-50/10mL 20 --supplier "Acme Pharma" \\
    --supplier-address "1 Dock Road, Hull" --reference INV-4711 --lot K2291 --expires 2029-06-30 \\
    --as pat
  assuage register draw s-1 ketamine-50/10mL --area recovery --as ana
  assuage register waste d-4f0c2a91be --amount "465 mg" --reason "rest of the vial" --as ana \\
    --witness ben
  assuage register show
"""

register_group = group("register", HELP)
for _name, _does, _text, _line in (
    *(*stock.COMMANDS, *drawn.COMMANDS, *entries.COMMANDS),
    *printing.COMMANDS,
):
    register_group.command(_name, help=_text, short_help=_line)(_does)
register_group.add_typer(
    case.case_group, name="discrepancy", short_help="Follow up what doesn't add up."
)

"""Tables for a terminal: plain, no wider than it, and no id or number ever cut short."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assuage.cli import output


def show_table(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: Collection[str] = (),
    whole: Collection[str] = (),
    folded: Collection[str] = (),
) -> None:
    """Print a table below its title. `right` columns are numbers; `whole` ones are never folded.

    The first column is whole too, unless it is among `folded`: words that may be long.
    """
    from rich import box
    from rich.table import Table

    console = output.console()
    console.print()
    console.print(title, style="bold")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for number, head in enumerate(heads):
        first = number == 0 and head not in folded
        kept = first or head in whole or head in right
        table.add_column(
            head,
            justify="right" if head in right else "left",
            no_wrap=kept,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    with console.capture() as drawn:
        console.print(table)
    for line in drawn.get().splitlines():
        output.say(line.rstrip())

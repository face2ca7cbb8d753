"""The registry as a person sees it on a terminal: the same tables as in its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assuage.cli import output
from assuage.cli.tables import show_table
from assuage.cli.told import folded

if TYPE_CHECKING:
    from assuage.evidence.registry.cohort import Cohort
    from assuage.knowledge.schema.registry import RegistryFile


def show(held: Cohort) -> None:
    """Print the tables of a report."""
    from assuage.evidence.registry import tables
    from assuage.evidence.report.blocks import Note

    for one in tables.start(held):
        if isinstance(one, Note):
            output.say(folded(one.text))
    for table in tables.shown(held):
        right = [head for head in table.columns[1:] if head not in table.left]
        show_table(table.caption, table.columns, table.rows, right=right)
        for note in table.notes:
            output.say(folded(note))


def show_fields(held: RegistryFile) -> None:
    """Print the fields of the minimum data set."""
    for one in held.purpose:
        output.say(folded(f"{one.text} ({one.source}, {one.read})"))
    rows = [(one.table, one.id, one.unit, one.text, one.where) for one in held.field]
    show_table("Fields", ("table", "field", "unit", "what", "why"), rows, whole={"field"})

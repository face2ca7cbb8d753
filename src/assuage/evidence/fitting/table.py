"""Reads a CSV file of a study as NONMEM does: columns in any case, and nothing guessed.

Numbers are written with a decimal point. "." and an empty field are missing. Every other text
that isn't a plain number is refused with its row; row 1 is the header, as a spreadsheet counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assuage.evidence import sheet
from assuage.refusals import Refused

_MISSING = {"", "."}
NEEDED = ("ID", "TIME", "DV", "AMT")


@dataclass(frozen=True)
class Row:
    """One row: its number in the file, and its fields by column in upper case."""

    number: int
    fields: Mapping[str, str]

    def text(self, column: str) -> str | None:
        """Return a field, or None when it's missing or there is no such column."""
        found = self.fields.get(column, "")
        return None if found in _MISSING else found


@dataclass(frozen=True)
class Table:
    """A file's rows and columns."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def wrong(self, row: Row | int, why: str, remedy: str) -> Refused:
        """Return the refusal of a row."""
        number = row.number if isinstance(row, Row) else row
        return sheet.wrong(self.name, number, why, remedy)

    def number(self, row: Row, column: str) -> float | None:
        """Return a number, or None when it's missing. Raises Refused if it isn't one."""
        text = row.text(column)
        if text is None:
            return None
        value = sheet.number(text)
        if value is None:
            why = f"{column} '{text}' isn't a number"
            raise self.wrong(row, why, sheet.number_remedy(text))
        return value


def read_table(path: Path) -> Table:
    """Read a file. Raises Refused when it can't be read as a table."""
    return _table(sheet.read_sheet(path, upper=True))


def parse_table(text: str, name: str) -> Table:
    """Read a text. Raises Refused when the header or a row doesn't hold."""
    return _table(sheet.parse_sheet(text, name, upper=True))


def _table(found: sheet.Sheet) -> Table:
    for one in NEEDED:
        if one not in found.columns:
            why = f"there is no column {one} among {', '.join(found.columns)}"
            remedy = "name the columns as NONMEM does: ID, TIME, AMT, DV"
            raise sheet.wrong(found.name, 1, why, remedy)
    rows = tuple(
        Row(number, dict(zip(found.columns, fields, strict=True))) for number, fields in found.rows
    )
    return Table(found.name, found.columns, rows)

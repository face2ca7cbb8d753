"""Reads a CSV file of a study: a header, rows, and nothing guessed.

Fields are separated by commas and numbers written with a decimal point. "." and an empty field
are missing. Every other text that isn't a plain number is refused with its row; row 1 is the
header, as a spreadsheet counts.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assuage.refusals import Refusal, Refused

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_MISSING = {"", "."}
LARGEST_BYTES = 200_000_000


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
        return Refused(
            Refusal.DATA_INVALID, where=f"{self.name}, row {number}", why=why, remedy=remedy
        )

    def number(self, row: Row, column: str) -> float | None:
        """Return a number, or None when it's missing. Raises Refused if it isn't one."""
        text = row.text(column)
        if text is None:
            return None
        if not _NUMBER.fullmatch(text):
            if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
                remedy = "write decimals with a point, such as 1.5"
            else:
                remedy = "write a plain number, or '.' when it's missing"
            raise self.wrong(row, f"{column} '{text}' isn't a number", remedy)
        value = float(text)
        if not (float("-inf") < value < float("inf")):
            raise self.wrong(row, f"{column} '{text}' is too large", "check the number")
        return value


def read_table(path: Path) -> Table:
    """Read a file. Raises Refused when it can't be read as a table."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise Refused(Refusal.FILE_UNREADABLE, path=path, why="it is larger than 200 MB")
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it isn't UTF-8"
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=why) from error
    return parse_table(text, path.name)


def parse_table(text: str, name: str) -> Table:
    """Read a text. Raises Refused when the header or a row doesn't hold."""
    header_less = Table(name, (), ())
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    columns: tuple[str, ...] = ()
    try:
        for fields in lines:
            stripped = [field.strip() for field in fields]
            if not columns:
                columns = _header(header_less, stripped, lines.line_num)
            elif any(stripped):
                _same_width(header_less, stripped, columns, lines.line_num)
                rows.append(Row(lines.line_num, dict(zip(columns, stripped, strict=True))))
    except csv.Error as error:
        raise header_less.wrong(lines.line_num, str(error), "check quotes and commas") from error
    if not rows:
        raise header_less.wrong(1, "there are no rows below the header", "name a file with data")
    return Table(name, columns, tuple(rows))


def _header(table: Table, fields: list[str], number: int) -> tuple[str, ...]:
    names = tuple(field.upper() for field in fields)
    if len(names) == 1 and re.search(r"[;\t]", names[0]):
        raise table.wrong(number, "fields aren't separated by commas", "save it as CSV with commas")
    for place, one in enumerate(names, start=1):
        if not one:
            raise table.wrong(number, f"column {place} has no name", "name it in the header")
        if names.count(one) > 1:
            raise table.wrong(number, f"the column {one} is there twice", "keep one of them")
    for one in ("ID", "TIME", "DV", "AMT"):
        if one not in names:
            why = f"there is no column {one} among {', '.join(names)}"
            raise table.wrong(number, why, "name the columns as NONMEM does: ID, TIME, AMT, DV")
    return names


def _same_width(table: Table, fields: list[str], columns: tuple[str, ...], number: int) -> None:
    if len(fields) != len(columns):
        why = f"it has {len(fields)} fields and the header {len(columns)}"
        raise table.wrong(number, why, "separate fields by commas and decimals by a point")

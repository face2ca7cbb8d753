"""Reads a CSV file: a header, rows, and nothing guessed.

Fields are separated by commas. Every fault is refused with its row; row 1 is the header, as a
spreadsheet counts. What a field means is for the reader of the sheet to say.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from assuage.refusals import Refusal, Refused

LARGEST_BYTES = 200_000_000
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+", re.ASCII)


@dataclass(frozen=True)
class Sheet:
    """A file's name, its columns, and (number of the row, its fields) for each row."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def wrong(name: str, row: int, why: str, remedy: str) -> Refused:
    """Return the refusal of a row of a file."""
    return Refused(Refusal.DATA_INVALID, where=f"{name}, row {row}", why=why, remedy=remedy)


def number(text: str) -> float | None:
    """Return a plain number, or None when the text isn't one or is infinite."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if float("-inf") < value < float("inf") else None


def has_comma(text: str) -> bool:
    """Say whether a text is a number with a decimal comma."""
    return _COMMA.fullmatch(text) is not None


def number_remedy(text: str) -> str:
    """Return what to do about a text that should be a number."""
    if has_comma(text):
        return "write decimals with a point, such as 1.5"
    if _NUMBER.fullmatch(text):
        return "check the number, it is too large"
    return "write a plain number, or '.' when it's missing"


def read_sheet(path: Path, *, upper: bool = False) -> Sheet:
    """Read a file; `upper` turns the columns' names into upper case. Raises Refused."""
    return sheet_of(read_bytes(path), path, upper=upper)


def read_bytes(path: Path, largest: int = LARGEST_BYTES) -> bytes:
    """Return what a file holds; a device has no end, so reading is bounded.

    Raises Refused (FILE_UNREADABLE).
    """
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=why) from error
    if len(content) > largest:
        size = f"{largest // 10**6} MB" if largest >= 10**6 else f"{largest // 1000} kB"
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why=f"it is larger than {size}")
    return content


def sheet_of(content: bytes, path: Path, *, upper: bool = False) -> Sheet:
    """Return the sheet that a file's bytes tell. Raises Refused."""
    try:
        text = content.decode("utf-8-sig")
    except ValueError as error:
        raise Refused(Refusal.FILE_UNREADABLE, path=path, why="it isn't UTF-8") from error
    return parse_sheet(text, path.name, upper=upper)


def parse_sheet(text: str, name: str, *, upper: bool = False) -> Sheet:
    """Read a text. Raises Refused (DATA_INVALID) when the header or a row doesn't hold."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, tuple[str, ...]]] = []
    columns: tuple[str, ...] = ()
    try:
        for fields in lines:
            stripped = tuple(field.strip() for field in fields)
            if not columns:
                columns = _header(name, stripped, lines.line_num, upper=upper)
            elif any(stripped):
                if len(stripped) != len(columns):
                    why = f"it has {len(stripped)} fields and the header {len(columns)}"
                    remedy = "separate fields by commas and decimals by a point"
                    raise wrong(name, lines.line_num, why, remedy)
                rows.append((lines.line_num, stripped))
    except csv.Error as error:
        raise wrong(name, lines.line_num, str(error), "check quotes and commas") from error
    if not rows:
        raise wrong(name, 1, "there are no rows below the header", "name a file with data")
    return Sheet(name, columns, tuple(rows))


def _header(name: str, fields: tuple[str, ...], row: int, *, upper: bool) -> tuple[str, ...]:
    names = tuple(field.upper() for field in fields) if upper else fields
    if len(names) == 1 and re.search(r"[;\t]", names[0]):
        raise wrong(name, row, "fields aren't separated by commas", "save it as CSV with commas")
    for place, one in enumerate(names, start=1):
        if not one:
            raise wrong(name, row, f"column {place} has no name", "name it in the header")
        if names.count(one) > 1:
            raise wrong(name, row, f"the column {one} is there twice", "keep one of them")
    return names

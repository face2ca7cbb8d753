"""A table to analyse: columns by name, and nothing guessed about what they hold.

An empty field, "." and "NA" are missing. A column whose every value is a plain number is numeric,
one without any is categorical, and one that mixes both is refused until somebody says which it is:
a slip of the pen in a covariate would otherwise become a factor with hundreds of levels. So would
decimal commas throughout, which are refused as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from assuage.evidence import sheet
from assuage.evidence.mixed.fitted import F
from assuage.refusals import Refusal, Refused

MISSING = frozenset({"", ".", "NA"})
MOST_CHOICES = 30


@dataclass(frozen=True)
class Table:
    """Columns of text, None where missing; `rows` are the numbers of the rows in the file."""

    name: str
    cells: dict[str, tuple[str | None, ...]]
    rows: tuple[int, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in the file's order and case."""
        return tuple(self.cells)

    def texts(self, column: str) -> tuple[str | None, ...]:
        """Return a column. Raises Refused (FIELD_UNKNOWN) with the names that are near."""
        if column not in self.cells:
            raise Refused(
                Refusal.FIELD_UNKNOWN,
                field=column,
                what=self.name,
                choices=near(column, self.columns),
            )
        check_visible(self.name, column, column)
        return self.cells[column]

    def is_numeric(self, column: str) -> bool:
        """Say whether a column is numeric. Raises Refused when it's mixed or empty."""
        known = [
            (row, text)
            for row, text in zip(self.rows, self.texts(column), strict=True)
            if text is not None
        ]
        if not known:
            raise sheet.wrong(
                self.name,
                1,
                f"the column {column} holds nothing",
                "name another column, or fill this one",
            )
        odd = [(row, text) for row, text in known if sheet.number(text) is None]
        if odd and (len(odd) < len(known) or all(sheet.has_comma(text) for _, text in odd)):
            row, text = odd[0]
            why = (
                f"{column} is '{text}', and a number in {len(known) - len(odd)} of "
                f"{len(known)} rows"
            )
            remedy = (
                f"{sheet.number_remedy(text)}; if {column} is a category, add --factor {column}"
            )
            raise sheet.wrong(self.name, row, why, remedy)
        return not odd

    def numbers(self, column: str) -> F:
        """Return a column as numbers, NaN where missing. Raises Refused at what isn't one."""
        found = np.full(len(self.rows), np.nan)
        for place, text in enumerate(self.texts(column)):
            if text is None:
                continue
            value = sheet.number(text)
            if value is None:
                why = f"{column} is '{text}', which isn't a number"
                raise sheet.wrong(self.name, self.rows[place], why, sheet.number_remedy(text))
            found[place] = value
        return found


def read(path: Path) -> Table:
    """Read a CSV file. Raises Refused when it can't be read as a table."""
    return of_sheet(sheet.read_sheet(path))


def of_sheet(found: sheet.Sheet) -> Table:
    """Return the table of a sheet that was read."""
    columns = list(zip(*(fields for _, fields in found.rows), strict=True))
    cells = {
        name: tuple(None if text in MISSING else text for text in column)
        for name, column in zip(found.columns, columns, strict=True)
    }
    return Table(found.name, cells, tuple(number for number, _ in found.rows))


def near(name: str, known: Sequence[str]) -> str:
    """Return the names that are like one that isn't there, or all of them."""
    folded: dict[str, str] = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    found = [folded[one] for one in close] or list(known)
    more = f" and {len(found) - MOST_CHOICES} more" if len(found) > MOST_CHOICES else ""
    return ", ".join(found[:MOST_CHOICES]) + more


def check_visible(name: str, column: str, text: str) -> None:
    """Raise Refused for a name with a character that nobody can see, such as a line break."""
    for one in text:
        if unicodedata.category(one) in ("Cc", "Cf"):
            raise Refused(
                Refusal.DATA_INVALID,
                where=f"{name}, column {ascii(column)[1:-1]}",
                why=f"'{ascii(text)[1:-1]}' holds a character that can't be seen",
                remedy="write it without line breaks and invisible characters",
            )


def levels_of(name: str, column: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return a column's distinct values: by size if all are numbers, else as people count.

    "week 2" comes before "week 10". Two spellings of one value ("4" and "4.0", "Placebo" and
    "placebo") would make two levels of one, and are refused.
    """
    distinct = list(dict.fromkeys(texts))
    values = [sheet.number(one) for one in distinct]
    numeric = all(one is not None for one in values)
    seen: dict[object, str] = {}
    for text in distinct:
        check_visible(name, column, text)
    for text, value in zip(distinct, values, strict=True):
        same = value if numeric else " ".join(text.casefold().split())
        if same in seen:
            raise Refused(
                Refusal.DATA_INVALID,
                where=f"{name}, column {column}",
                why=f"'{seen[same]}' and '{text}' are two spellings of one value",
                remedy="write it one way throughout",
            )
        seen[same] = text
    if numeric:
        return tuple(sorted(distinct, key=float))
    return tuple(sorted(distinct, key=lambda one: (_as_counted(one), one)))


def _as_counted(text: str) -> tuple[tuple[int, int, str], ...]:
    pieces = re.split(r"([0-9]+)", text.casefold())
    return tuple(
        (0, int(piece), "") if place % 2 else (1, 0, piece) for place, piece in enumerate(pieces)
    )

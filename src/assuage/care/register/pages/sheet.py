"""A printed view as data: what HTML, PDF and CSV all show. Nothing here is computed or written.

Texts are plain words. A renderer makes controlling characters visible and escapes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

MarkKind = Literal["alarm", "doubt", "note", "plain"]
Value: TypeAlias = "str | int | None"


@dataclass(frozen=True)
class Mark:
    """A word in a box: an alarm, a doubt about what is said, or a pointer to a footnote."""

    text: str
    kind: MarkKind = "plain"


@dataclass(frozen=True)
class Statement:
    """A sentence, where it comes from, and what is doubtful about it."""

    text: str
    source: str = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Column:
    """One column. `width` is its share of the page; `group` names the heading it stands under."""

    label: str
    width: int
    group: str = ""
    right: bool = False


@dataclass(frozen=True)
class Cell:
    """The lines of one cell, which may reach over several columns."""

    lines: tuple[str, ...] = ()
    span: int = 1


@dataclass(frozen=True)
class Row:
    """One row: its name, its cells, and below them marks and details over the whole width."""

    name: str
    cells: tuple[Cell, ...]
    marks: tuple[Mark, ...] = ()
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table; its first column holds the rows' names. `empty` is said when it has no rows."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str


@dataclass(frozen=True)
class Note:
    """A dated footnote: its number, its day and time, the entry that it names, and its words."""

    number: int
    dated: str
    entry: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """What begins on a page of its own. `head` stands at the head of each of its pages."""

    head: str
    title: str
    pairs: tuple[tuple[str, str], ...] = ()
    alarms: tuple[str, ...] = ()
    table: Table | None = None
    notes: tuple[Note, ...] = ()
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class Records:
    """What the CSV holds: names of columns that end in their unit, and rows of text and numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True)
class Sheet:
    """A whole printed view. `head` is where the record stood, as `position:hash`.

    `statements` are what its parts rest on, each said once.
    """

    title: str
    premises: str
    address: str
    registration: str
    printed: str
    zone: str
    head: str
    paper: Literal["a4", "us-letter"]
    parts: tuple[Part, ...]
    statements: tuple[Statement, ...]
    records: Records
    scope: str = ""

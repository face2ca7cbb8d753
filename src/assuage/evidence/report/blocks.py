"""What a report is made of. The page and the PDF show the same blocks in the same order.

Cells are text that was already formatted (see `numbers`), so that a reader sees the same digits
on the page, in the PDF and in the CSV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 starts a section, level 2 a part of it."""

    text: str
    level: Literal[1, 2] = 1


@dataclass(frozen=True)
class Paragraph:
    """Plain words."""

    text: str


@dataclass(frozen=True)
class Note:
    """Words that must be seen: set in a frame. `loud` is for what changes how to read the rest."""

    text: str
    loud: bool = False


@dataclass(frozen=True)
class Table:
    """Columns and rows of text. The first cell of a row names the row.

    A row has as many cells as there are columns; ValueError otherwise. `name` is the file name of
    its CSV, without the ending; a table without one is not written as a file. Columns in `left`
    hold words and stand left, as the first one always does; all others stand right, as numbers.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()
    name: str = ""
    left: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{len(row)} cells under {len(self.columns)} columns: {row}")
        if not set(self.left) <= set(self.columns):
            raise ValueError(f"not among the columns: {set(self.left) - set(self.columns)}")


@dataclass(frozen=True)
class Picture:
    """A picture as SVG. `alternative` tells who can't see it what it shows; ValueError if empty.

    `name` is its file name, without the ending; unique in a report.
    """

    svg: bytes
    caption: str
    alternative: str
    name: str

    def __post_init__(self) -> None:
        if not self.alternative.strip() or not self.name:
            raise ValueError("a picture needs a name and words for who can't see it")


Block: TypeAlias = Heading | Paragraph | Note | Table | Picture

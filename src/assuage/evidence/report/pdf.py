"""Blocks as a PDF, set by typst with the fonts that its wheel and matplotlib's carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assuage.evidence.report.blocks import Block, Heading, Note, Paragraph, Picture, Table
from assuage.evidence.report.page import words_stand
from assuage.planning.report.typesetting import typeset
from assuage.planning.report.words import cleaned

_TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
_LONG = 26  # letters; a column of longer words shares what width is left


def render(title: str, blocks: Sequence[Block], *, under: str = "", foot: str = "") -> bytes:
    """Return the PDF. The same blocks give the same bytes.

    The file is tagged for who can't see (PDF/UA-1), with each picture's words.
    """
    import matplotlib as mpl

    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"  # the letters of the pictures
    pictures = {f"{one.name}.svg": one.svg for one in blocks if isinstance(one, Picture)}
    told = [_told(one) for one in blocks]
    whole = cleaned({"title": title, "under": under, "foot": foot, "blocks": told})
    return typeset(_TEMPLATE, whole, pictures, fonts=[fonts], tagged=True)


def _told(block: Block) -> dict[str, Any]:
    match block:
        case Heading() | Paragraph() | Note():
            return {"kind": type(block).__name__.lower(), **asdict(block)}
        case Table():
            return {
                "kind": "table",
                **asdict(block),
                "words": words_stand(block),
                "widths": _widths(block),
            }
        case Picture():
            told = {"caption": block.caption, "alternative": block.alternative}
            return {"kind": "picture", "file": f"{block.name}.svg", **told}


def _widths(table: Table) -> list[int]:
    """Return 0 for a column as wide as its text, or its part of what width is left."""
    longest = [
        max((len(cell) for cell in column), default=0)
        for column in zip(table.columns, *table.rows, strict=True)
    ]
    return [0 if one <= _LONG else one for one in longest]

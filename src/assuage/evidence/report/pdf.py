"""Blocks as a PDF, set by typst with the fonts that its wheel and matplotlib's carry."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst

from assuage.evidence.report.blocks import Block, Heading, Note, Paragraph, Picture, Table
from assuage.evidence.report.page import words_stand
from assuage.planning.report.words import cleaned

_TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
_LONG = 26  # letters; a column of longer words shares what width is left


def render(title: str, blocks: Sequence[Block], *, under: str = "", foot: str = "") -> bytes:
    """Return the PDF. The same blocks give the same bytes.

    They travel as JSON data beside the template, so no text of them is ever read as markup. The
    file is tagged for who can't see (PDF/UA-1), with each picture's words.
    """
    import matplotlib as mpl

    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"  # the letters of the pictures
    with tempfile.TemporaryDirectory(prefix="assuage-") as folder:
        room = Path(folder)
        told = []
        for one in blocks:
            told.append(_told(one))
            if isinstance(one, Picture):
                (room / f"{one.name}.svg").write_bytes(one.svg)
        whole = cleaned({"title": title, "under": under, "foot": foot, "blocks": told})
        (room / "report.typ").write_bytes(_TEMPLATE.read_bytes())
        (room / "report.json").write_text(json.dumps(whole), encoding="utf-8")
        made: bytes = typst.compile(
            room / "report.typ",
            root=room,
            font_paths=[fonts],
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
        )
    return made


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

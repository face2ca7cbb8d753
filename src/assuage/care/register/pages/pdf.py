"""A printed view as a PDF, set by typst with the fonts that its wheel carries."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from assuage.care.register.pages import words
from assuage.care.register.pages.sheet import Sheet
from assuage.planning.report.typesetting import typeset
from assuage.planning.report.words import cleaned

_TEMPLATE = Path(__file__).parent / "templates" / "sheet.typ"
# What the fonts in the wheel have letters for: Latin, Greek and Cyrillic, and signs beside them.
_DRAWN = re.compile(r"[\u0000-\u052f\u1e00-\u1fff\u2000-\u206f\u2080-\u20bf\u2190-\u22ff]")
_LONG_WORD = re.compile(r"[^\s\u00a0]{19,}")
_BREAK_EVERY = 6
_BREAK = "\u200b"


def render(sheet: Sheet) -> bytes:
    """Return the PDF. The same sheet gives the same bytes."""
    told = words.mapped(cleaned(asdict(sheet)), _fit)
    return typeset(_TEMPLATE, told, {})


def _fit(text: str) -> str:
    """Return text with letters that no font has shown by number, and long words breakable."""
    shown = "".join(map(_drawn, words.unbroken(text)))
    return _LONG_WORD.sub(_breakable, shown)


def _drawn(letter: str) -> str:
    return letter if _DRAWN.match(letter) else f"<U+{ord(letter):04X}>"


def _breakable(found: re.Match[str]) -> str:
    word = found[0]
    pieces = [word[at : at + _BREAK_EVERY] for at in range(0, len(word), _BREAK_EVERY)]
    return _BREAK.join(pieces)

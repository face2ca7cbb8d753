"""Blocks as one HTML page: own style, no script, nothing fetched; it prints on A4.

For who can't see: headings in order, table heads with their scope, each picture with its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from jinja2 import Template
from markupsafe import Markup, escape

from assuage.evidence.report.blocks import Block, Heading, Note, Paragraph, Picture, Table
from assuage.planning.report.html import environment_of


def document(title: str, blocks: Sequence[Block], *, under: str = "", foot: str = "") -> str:
    """Return the page. `under` stands below the title, `foot` at the end."""
    told = [_told(one) for one in blocks]
    return _template().render(title=title, blocks=told, under=under, foot=foot)


def inline(svg: bytes, name: str, alternative: str) -> Markup:
    """Return a picture to be set into a page, with its ids made its own and words beside it."""
    text = svg.decode()
    text = text[text.index("<svg") :]
    # Ids are only unique within a picture, and a page may hold several.
    for mark in ('id="', 'href="#', "url(#"):
        text = text.replace(mark, f"{mark}{name}-")
    words = escape(alternative)
    return Markup(text.replace("<svg", f'<svg role="img" aria-label="{words}"', 1))  # noqa: S704


def words_stand(table: Table) -> list[bool]:
    """Say of each column whether it holds words, which stand left."""
    return [place == 0 or one in table.left for place, one in enumerate(table.columns)]


def _told(block: Block) -> dict[str, Any]:
    match block:
        case Heading() | Paragraph() | Note():
            return {"kind": type(block).__name__.lower(), **asdict(block)}
        case Table():
            return {"kind": "table", **asdict(block), "words": words_stand(block)}
        case Picture():
            drawn = inline(block.svg, block.name, block.alternative)
            return {"kind": "picture", "svg": drawn, "caption": block.caption}


@cache
def _template() -> Template:
    return environment_of("assuage.evidence.report").get_template("report.html.j2")

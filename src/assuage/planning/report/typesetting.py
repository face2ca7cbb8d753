"""Sets a page by typst, with the fonts that its wheel carries."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import typst


def typeset(
    template: Path,
    content: object,
    pictures: Mapping[str, bytes],
    *,
    fonts: Sequence[Path] = (),
    tagged: bool = False,
) -> bytes:
    """Return the PDF of a template; `pictures` are files beside it, by name.

    A `tagged` one can be read by who can't see (PDF/UA-1).

    The content travels as JSON beside the template, under its name, so no text of it is ever read
    as markup. The same arguments give the same bytes.
    """
    with tempfile.TemporaryDirectory(prefix="assuage-") as folder:
        room = Path(folder)
        (room / template.name).write_bytes(template.read_bytes())
        told = (room / template.name).with_suffix(".json")
        told.write_text(json.dumps(content), encoding="utf-8")
        for name, picture in pictures.items():
            (room / name).write_bytes(picture)
        made: bytes = typst.compile(
            room / template.name,
            root=room,
            font_paths=list(fonts),
            ignore_system_fonts=True,
            pdf_standards=["ua-1"] if tagged else [],
        )
    return made

"""A report as files: the page, the PDF, its tables as CSV, its pictures as SVG."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from assuage.evidence.report import pdf
from assuage.evidence.report.blocks import Block, Picture, Table
from assuage.evidence.report.page import document


def files(
    title: str, blocks: Sequence[Block], *, under: str = "", foot: str = ""
) -> dict[str, bytes]:
    """Return every file by name; the same blocks give the same bytes.

    Raises ValueError when two tables or two pictures have one name.
    """
    found: dict[str, bytes] = {}
    for one in blocks:
        name = ""
        if isinstance(one, Picture):
            name, content = f"{one.name}.svg", one.svg
        elif isinstance(one, Table) and one.name:
            name, content = f"{one.name}.csv", csv_of(one)
        if name in found:
            raise ValueError(f"{name} is there twice")
        if name:
            found[name] = content
    found["report.html"] = document(title, blocks, under=under, foot=foot).encode()
    found["report.pdf"] = pdf.render(title, blocks, under=under, foot=foot)
    return found


def csv_of(table: Table) -> bytes:
    """Return a table as CSV in UTF-8: the same text that the page shows."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return out.getvalue().encode()

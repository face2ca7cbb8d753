"""A plan as a PDF, set by typst with the fonts that its wheel carries."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import typst

from assuage.planning.document import Plan
from assuage.planning.report.charts import chart_svg
from assuage.planning.report.view import view

_TEMPLATE = Path(__file__).parent / "templates" / "plan.typ"


def render(plan: Plan) -> bytes:
    """Return the PDF. The same plan gives the same bytes.

    The plan travels as JSON data beside the template, so no text of it is ever read as markup.
    """
    with tempfile.TemporaryDirectory(prefix="assuage-") as folder:
        room = Path(folder)
        (room / "plan.typ").write_bytes(_TEMPLATE.read_bytes())
        (room / "plan.json").write_text(json.dumps(view(plan)), encoding="utf-8")
        for number, one in enumerate(plan.predictions):
            (room / f"chart-{number}.svg").write_text(chart_svg(one), encoding="utf-8")
        made: bytes = typst.compile(room / "plan.typ", root=room, ignore_system_fonts=True)
    return made

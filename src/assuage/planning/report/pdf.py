"""A plan as a PDF, set by typst with the fonts that its wheel carries."""

from __future__ import annotations

from pathlib import Path

from assuage.planning.document import Plan
from assuage.planning.report.charts import chart_svg
from assuage.planning.report.typesetting import typeset
from assuage.planning.report.view import view

_TEMPLATE = Path(__file__).parent / "templates" / "plan.typ"


def render(plan: Plan) -> bytes:
    """Return the PDF. The same plan gives the same bytes."""
    charts = {f"chart-{n}.svg": chart_svg(one).encode() for n, one in enumerate(plan.predictions)}
    return typeset(_TEMPLATE, view(plan), charts)

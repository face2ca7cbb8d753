"""A plan as people read it: one HTML page, one PDF, a terminal and single charts.

Each face is imported when it is asked for, so a plan that is only written as JSON loads no
drawing or typesetting library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from assuage.planning.document import Plan, Prediction

__all__ = ["chart_svg", "render_html", "render_pdf", "render_terminal"]


def render_html(plan: Plan) -> str:
    """Return the plan as one page that needs nothing from outside and runs no script."""
    from assuage.planning.report import html

    return html.render(plan)


def render_pdf(plan: Plan) -> bytes:
    """Return the plan as a tagged PDF; the same plan always gives the same bytes."""
    from assuage.planning.report import pdf

    return pdf.render(plan)


def render_terminal(plan: Plan, console: Console, *, full: bool = False) -> None:
    """Print the plan, what a chair needs or all of it; 80 columns are enough."""
    from assuage.planning.report import terminal

    terminal.render(plan, console, full=full)


def chart_svg(prediction: Prediction, width_in: float = 6.9, height_in: float = 2.5) -> str:
    """Return one prediction as an SVG element; the legend adds its rows below `height_in`."""
    from assuage.planning.report import charts

    return charts.chart_svg(prediction, width_in, height_in)

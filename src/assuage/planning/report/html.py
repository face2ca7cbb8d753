"""A plan as one HTML page."""

from __future__ import annotations

from functools import cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from assuage.planning.document import Plan
from assuage.planning.report.charts import chart_svg
from assuage.planning.report.view import view


def render(plan: Plan) -> str:
    """Return the plan as a page: own style and charts, no script, nothing fetched."""
    charts = [Markup(chart_svg(one)) for one in plan.predictions]  # noqa: S704  our own drawing
    return _template().render(view(plan), charts=charts)


def environment_of(package: str) -> Environment:
    """Return how the templates of a package are filled: escaped, and nothing left undefined."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _template() -> Template:
    environment = environment_of("assuage.planning.report")
    environment.filters["doi_url"] = lambda doi: "https://doi.org/" + quote(doi, safe="/")
    return environment.get_template("plan.html.j2")

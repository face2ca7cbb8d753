"""A fit as files: one HTML page, its pictures, and tables of people and samples."""

from __future__ import annotations

import csv
import io
import json
from functools import cache

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from assuage.evidence.fitting.pictures import MOST_PEOPLE, pictures
from assuage.evidence.fitting.report import Tree, tree_of
from assuage.evidence.fitting.run import Outcome
from assuage.kinetics.structure import base_factor
from assuage.units import convert

_CAPTIONS = {
    "predictive-check": "Bands and lines should lie on each other. Where a line leaves its band, "
    "the model would seldom have given what was measured.",
    "people": "Each person's samples with the course at their own most likely values.",
    "goodness-of-fit": "Dots should scatter evenly about the line; a bend or a funnel tells of a "
    "wrong structure or residual error.",
    "path": "Every line should be level before the shading ends.",
}


def files(outcome: Outcome) -> dict[str, bytes]:
    """Return every file of a fit by name; the same fit gives the same bytes."""
    tree = tree_of(outcome)
    drawn = pictures(outcome)
    found = {f"{name}.svg": content for name, content in drawn.items()}
    found["fit.json"] = (json.dumps(tree, indent=2, allow_nan=False) + "\n").encode()
    found["people.csv"] = _people(outcome).encode()
    found["samples.csv"] = _samples(outcome).encode()
    found["report.html"] = _page(outcome, tree, drawn).encode()
    return found


def _page(outcome: Outcome, tree: Tree, drawn: dict[str, bytes]) -> str:
    shown = []
    for name, content in drawn.items():
        text = content.decode()
        svg = text[text.index("<svg") :]
        # Ids are only unique within a picture, and the page holds several.
        for mark in ('id="', 'href="#', "url(#"):
            svg = svg.replace(mark, f"{mark}{name}-")
        caption = next(words for key, words in _CAPTIONS.items() if name.startswith(key))
        shown.append({"svg": Markup(svg), "caption": caption})  # noqa: S704  our own drawing
    more = len(outcome.data.people) - MOST_PEOPLE
    return _template().render(tree, pictures=shown, more_people=more)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("assuage.evidence.fitting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["short"] = short
    return environment.get_template("report.html.j2")


def short(value: float | None) -> str:
    """Return a number to four significant digits, or a dash when there is none."""
    if value is None:
        return "–"
    return f"{value:.4g}"


def _people(outcome: Outcome) -> str:
    problem, fit = outcome.fit.problem, outcome.fit
    psi = problem.psi(fit.theta.mu, fit.modes.phi, np.arange(problem.people))
    factors = [base_factor(outcome.model.parameter[name].unit) for name in problem.names]
    random = [problem.names[one] for one in problem.random]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    units = [f"{one} ({outcome.model.parameter[one].unit})" for one in problem.names]
    writer.writerow(["ID", *units, *[f"eta {one}" for one in random]])
    for row, person in enumerate(outcome.data.people):
        own = [f"{value:.6g}" for value in psi[row] / factors]
        writer.writerow([person.id, *own, *[f"{one:.6g}" for one in outcome.checks.eta[row]]])
    return out.getvalue()


def _samples(outcome: Outcome) -> str:
    checks, observed = outcome.checks, outcome.fit.problem.observed
    per_h = convert(1.0, "h", outcome.meaning.time_unit)
    per_mg_l = convert(1.0, "mg/L", outcome.meaning.concentration_unit)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ("row", "ID", "TIME", "analyte", "DV", "BLQ", "PRED", "IPRED", "IWRES", "CWRES", "NPDE")
    writer.writerow(head)
    for row, person in enumerate(outcome.data.people):
        for place, number in enumerate(person.rows):
            levels = (
                observed.values[row, place] * per_mg_l,
                checks.population[row, place] * per_mg_l,
                checks.individual[row, place] * per_mg_l,
            )
            residuals = (one[row, place] for one in (checks.iwres, checks.cwres, checks.npde))
            dv, pred, ipred = (f"{one:.6g}" for one in levels)
            writer.writerow(
                [
                    *(number, person.id, f"{person.times_h[place] * per_h:.6g}"),
                    *(person.analytes[place], dv, int(person.censored[place]), pred, ipred),
                    *("." if np.isnan(one) else f"{one:.4g}" for one in residuals),
                ]
            )
    return out.getvalue()

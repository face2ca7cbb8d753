"""A fit as files: one HTML page, its pictures, and tables of people and samples."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

import numpy as np

from assuage.evidence.fitting.pictures import MOST_PEOPLE, pictures
from assuage.evidence.fitting.report import Tree, tree_of
from assuage.evidence.fitting.run import Outcome
from assuage.evidence.report.blocks import Block, Heading, Note, Paragraph, Picture, Table
from assuage.evidence.report.page import document
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
    return document(
        f"Fit of {tree['model']['id']} to {tree['data']['file']}",
        list(_blocks(tree, drawn, len(outcome.data.people) - MOST_PEOPLE)),
        under=f"{tree['model']['name']}. {tree['data']['people']} people, "
        f"{tree['data']['samples']} samples. Greatest likelihood by SAEM. For researchers: "
        "nothing here is a dose.",
        foot=f"assuage {tree['assuage']}",
    )


def _blocks(tree: Tree, drawn: dict[str, bytes], more_people: int) -> Iterator[Block]:
    for one in tree["warnings"]:
        yield Note(one, loud=True)
    yield Heading("Estimates")
    yield _estimates(tree)
    yield _facts(_search(tree), "The fit")
    yield Heading("Data")
    yield _facts(_data(tree["data"]), "What was read")
    yield Heading("Checks")
    for name, content in drawn.items():
        caption = next(words for key, words in _CAPTIONS.items() if name.startswith(key))
        yield Picture(content, caption, f"{name.replace('-', ' ')}. {caption}", name)
    if more_people > 0:
        yield Paragraph(
            f"{more_people} people aren't drawn one by one; people.csv and samples.csv hold "
            "everybody."
        )


def _estimates(tree: Tree) -> Table:
    rows = [
        (
            *(row["name"], row["what"], short(row["estimate"])),
            *("" if row["unit"] == "1" else row["unit"], short(row["rse_percent"])),
            *(
                f"{short(low)} to {short(high)}"
                for low, high in (row["interval_90"], row["interval_95"])
            ),
            *(short(row["cv_percent"]), short(row["shrinkage_percent"])),
        )
        for row in tree["estimates"]
    ]
    for row in tree["fixed"]:
        what = "held at the model's value" + (", and varies" if row["varies"] else "")
        unit = "" if row["unit"] == "1" else row["unit"]
        rows.append((row["name"], what, short(row["value"]), unit, "not estimated", *[""] * 4))
    return Table(
        (
            *("quantity", "what", "estimate", "unit", "RSE %"),
            *("90 % interval", "95 % interval", "CV %", "shrinkage %"),
        ),
        tuple(rows),
        "Estimates with their precision",
        (
            "Typical values are at the model's reference weight. RSE is the relative standard "
            "error, from the observed information. Intervals hold on the log scale (logit for "
            "shares) with Student's t.",
        ),
        left=("what", "unit"),
    )


def _facts(told: Iterable[tuple[str, str]], caption: str) -> Table:
    return Table(("what", "is"), tuple(told), caption, left=("is",))


def _search(tree: Tree) -> Iterator[tuple[str, str]]:
    level, reached = tree["likelihood"], tree["convergence"]
    yield (
        "-2 log likelihood",
        f"{level['minus_2_log']:.2f} (Monte-Carlo SD {level['monte_carlo_sd']:.2f}), "
        "by importance sampling",
    )
    counted = f"{level['estimated']} estimates; BIC counts people"
    yield "AIC, BIC", f"{level['aic']:.2f}, {level['bic']:.2f} ({counted})"
    yield "residual error", _listed(tree["error"].items())
    left = tree["shrinkage"]["residuals_percent"]
    yield "residual shrinkage", _listed((name, f"{short(one)} %") for name, one in left.items())
    yield (
        "convergence",
        f"{reached['rounds']} rounds, {reached['burn_in']} of them burn-in, "
        f"{reached['chains']} chains a person; at most "
        f"{reached['furthest_from_maximum_se']:.2f} standard errors from the maximum",
    )
    yield "seed", str(tree["seed"])


def _data(told: Tree) -> Iterator[tuple[str, str]]:
    left = "".join(f", {count} not used ({why})" for why, count in told["left_out"].items())
    counts = f"{told['dose_rows']} doses, {told['samples']} samples"
    yield "rows read", f"{told['rows_read']}: {counts}{left}"
    below = told["below_quantification"]
    yield (
        "below quantification",
        f"{below} samples, each counted as the chance to lie below the limit",
    )
    yield "columns not read", ", ".join(told["columns_not_read"]) or "none"
    units = told["units"]
    yield (
        "units",
        f"time {units['time']}, amount {units['amount']}, concentration {units['concentration']}",
    )


def _listed(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}: {one}" for name, one in pairs)


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

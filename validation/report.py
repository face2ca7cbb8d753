"""The two files that the command regenerates: results.csv and docs/evidence/validation.md."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from validation.bands import Band
from validation.points import Point
from validation.score import FAR_PERCENT, Row, is_kinetic, mdape, mdpe

HEAD = """# Predicted against published

Every number here comes from `make validation`; none is written by hand. The published points,
with their sources, stand in `validation/points.csv`; the same table as data is
`validation/results.csv`.

A percentage error is PE = (observed - predicted) / predicted x 100 (Varvel 1992). MDPE is its
median (bias) and MDAPE the median of its size (inaccuracy), here over points. A positive PE
means that the model predicts too little. A row is one point beside one model;
an effect that is read through two kinetic models makes two rows.

* **built-on**: the model was fitted to the point or to the same patients. This shows that the
  code reproduces the model, and nothing more.
* **external**: data that nobody tuned to here. Errors are reported and not tuned away. Many of
  these points are themselves another study's estimates, such as a clearance.
* **site**: levels are compared only within the same sampling site, and an unknown site only
  with an unknown site, which is weak evidence of a match. Areas and what follows from them
  (clearance, bioavailability, half-life) don't depend on it: "not needed". What is "not
  matched" is left out of the totals.
* A point marked unverified was never read in a source. It is shown and left out of the totals.
* Predictions are for a typical patient. Where weight was not read, 70 kg is assumed.
"""

BANDS = """They come from the notes made while reading the sources, before this code. Where the
notes say it in words only (almost all, flat, no separation, no change), the number is this
project's. "Computed" means that the notes' band was itself calculated and not observed. A
failure stays here."""

COLUMNS = (
    "point", "source", "read", "model", "via", "statistic", "at", "observed", "predicted", "unit",
    "pe_percent", "use", "site", "counted",
)  # fmt: skip


OUTPUT = "the paper's own model output"


def shown(value: float) -> str:
    """Return a number at the printed precision: four significant digits."""
    return f"{value + 0.0:.4g}"


def percent(value: float) -> str:
    """Return an error at the printed precision: one decimal, never minus zero."""
    return f"{round(value, 1) + 0.0:.1f}"


def csv_text(rows: Iterable[Row]) -> str:
    """Return results.csv."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        point = row.point
        at = f"{point.at} {point.at_unit}".strip()
        writer.writerow((
            point.id, point.source, point.read, row.model, row.via, point.statistic, at,
            shown(row.observed), shown(row.predicted), point.unit, percent(row.error), row.use,
            row.site, "yes" if row.counted else "no",
        ))  # fmt: skip
    return out.getvalue()


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines)) + "\n"


def totals_of(name: str, rows: Iterable[Row]) -> list[str]:
    """Return one line of totals over the counted rows."""
    line = [name]
    counted = [row for row in rows if row.counted]
    for use in ("built-on", "external"):
        errors = [row.error for row in counted if row.use == use]
        if errors:
            line += [str(len(errors)), percent(mdpe(errors)), percent(mdape(errors))]
        else:
            line += ["0", "", ""]
    return [*line, str(sum(row.far for row in counted))]


def totals(rows: list[Row]) -> list[list[str]]:
    """Return the lines of totals: by model, then over all."""
    models = dict.fromkeys(row.model for row in rows)
    ordered = sorted(models, key=lambda one: (not is_kinetic(one), one))
    lines = [totals_of(one, [row for row in rows if row.model == one]) for one in ordered]
    kinetic = [row for row in rows if is_kinetic(row.model)]
    strict = [row for row in kinetic if row.site == "matched"]
    observed = [row for row in kinetic if not row.point.note.startswith(OUTPUT)]
    return [
        *lines,
        totals_of("**all kinetic models**", kinetic),
        totals_of("of these, without a paper's own model output", observed),
        totals_of("of these, levels at a matched site only", strict),
        totals_of("**all effects**", [row for row in rows if not is_kinetic(row.model)]),
        totals_of("**all**", rows),
    ]


def aim(rows: list[Row]) -> str:
    """Return a sentence on whether external inaccuracy is within the aim."""
    said = []
    for what, kinetic in (("kinetic models", True), ("effects", False)):
        errors = [
            row.error
            for row in rows
            if row.counted and row.use == "external" and is_kinetic(row.model) == kinetic
        ]
        met = "within" if mdape(errors) <= FAR_PERCENT else "beyond"
        said.append(f"{percent(mdape(errors))} % for {what} ({met} it)")
    return (
        f"The aim is an external MDAPE within {FAR_PERCENT:g} %: {' and '.join(said)}.\n"
        "An observed zero, as in a null trial, always gives a PE of -100 %. External points are\n"
        "few, and many rows share a study, so these medians are rough.\n"
    )


def _row_line(row: Row) -> list[str]:
    point = row.point
    at = f" at {float(point.at):.3g} {point.at_unit}" if point.at else ""
    marks = [row.use, *(["not matched"] if row.site == "not matched" else [])]
    marks += ["unverified"] if point.read == "unverified" else []
    marks += [f"via {row.via}"] if row.via else []
    return [
        point.id, point.source, f"{point.statistic}{at}", shown(row.observed),
        shown(row.predicted), point.unit, percent(row.error), ", ".join(marks), point.note,
    ]  # fmt: skip


def _far_line(row: Row) -> list[str]:
    model = f"{row.model} via {row.via}" if row.via else row.model
    counted = "" if row.counted else "not counted"
    return [model, row.point.id, percent(row.error), counted, row.point.note]


def markdown(rows: list[Row], skipped: list[Point], bands: list[Band]) -> str:
    """Return docs/evidence/validation.md."""
    head = ["model", "built-on", "MDPE %", "MDAPE %", "external", "MDPE %", "MDAPE %"]
    parts = [HEAD, "## Totals\n", table([*head, f"beyond {FAR_PERCENT:g} %"], totals(rows))]
    parts += [aim(rows), f"## Acceptance bands\n\n{BANDS}\n"]
    lines = [[one.model, one.what, one.wanted, one.got, one.verdict] for one in bands]
    parts.append(table(["model", "check", "wanted", "got", "verdict"], lines))
    far = [_far_line(row) for row in rows if row.far]
    parts.append(f"## External errors beyond {FAR_PERCENT:g} %\n")
    parts.append(table(["model", "point", "PE %", "", "note"], far))
    columns = ["point", "source", "statistic", "observed", "predicted", "unit", "PE %", "", "note"]
    for name in sorted({row.model for row in rows}, key=lambda one: (not is_kinetic(one), one)):
        own = [_row_line(row) for row in rows if row.model == name]
        parts.append(f"## {name}\n\n![{name}](figures/{name}.svg)\n")
        parts.append(table(columns, own))
    parts.append("## Published points that no model predicts\n")
    not_predicted = [[one.id, one.source, one.statistic, one.why_not] for one in skipped]
    parts.append(table(["point", "source", "statistic", "why"], not_predicted))
    return "\n".join(parts)

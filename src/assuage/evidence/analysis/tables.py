"""An analysis as tables of text, the same in the terminal, on the page and in the PDF."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple

from assuage.evidence.analysis.means import Mean
from assuage.evidence.analysis.result import Analysis, Compared
from assuage.evidence.mixed.inference import Estimate
from assuage.evidence.report.blocks import Table
from assuage.evidence.report.numbers import (
    DASH,
    degrees,
    fixed,
    interval,
    p_value,
    with_interval,
    with_se,
)

HEAD = ("part", "name", "at", "estimate", "se", "df1", "df2", "statistic", "p", "low", "high")
WIDEST = 5  # arms beside one another; more stand below one another
MOST_BESIDE = 2  # differences beside the means
NOT_TOLD = "not estimable"
_NOTHING = ("",) * 7


def tables(found: Analysis) -> list[Table]:
    """Return every table: what was asked for first, then tests, coefficients and variances."""
    percent = f"{100.0 * found.asked.question.confidence:g} %"
    out = []
    for number, one in enumerate(found.compared):
        tail = f"-{number + 1}" if len(found.compared) > 1 else ""
        out.append(_means(one, found, f"means{tail}"))
        if one.contrasts:
            out.append(_contrasts(one, percent, f"contrasts{tail}"))
    out += [_tests(found), _fixed(found), *_variances(found), _flow(found)]
    return [one for one in out if one.rows]


def digits_of(estimates: Iterable[Estimate | None]) -> int:
    """Return how many decimals show two figures of the smallest standard error."""
    sizes = [one.se for one in estimates if one is not None and one.se > 0.0]
    return 2 if not sizes else min(max(1 - math.floor(math.log10(min(sizes))), 1), 8)


def at_words(levels: Mapping[str, str]) -> str:
    """Return levels as a reader writes them: `visit 4`."""
    return ", ".join(f"{name} {level}" for name, level in levels.items())


def _means(one: Compared, found: Analysis, name: str) -> Table:
    digits = digits_of(estimate for _, estimate in one.means)
    within, compared = one.found.asked.within, one.found.asked.compared
    cells = {(_key(mean, within), _key(mean, compared)): (mean, got) for mean, got in one.means}
    rows = list(dict.fromkeys(row for row, _ in cells))
    across = list(dict.fromkeys(column for _, column in cells))
    response = found.asked.formula.response
    caption = f"Least-squares means of {response} (SE), by {' and '.join(compared)}"
    note = "n: rows with these levels."
    if within and len(across) <= WIDEST:
        return Table(
            (" and ".join(within), *(f"{column}" for column in across)),
            tuple(
                (row, *(_mean(*cells[row, column], digits) for column in across)) for row in rows
            ),
            f"{caption} and n, within {' and '.join(within)}",
            ("n: rows with these levels.",),
            name,
        )
    shown = []
    for mean, got in one.means:
        told = (NOT_TOLD, "", "", "")
        if got is not None:
            limits = interval(got.low, got.high, digits)
            told = (fixed(got.estimate, digits), fixed(got.se, digits), degrees(got.df), limits)
        shown.append((at_words(mean.levels), str(mean.rows), *told))
    return Table(
        ("level", "n", "mean", "SE", "df", "interval"), tuple(shown), caption, (note,), name
    )


def paper(one: Compared, found: Analysis, name: str) -> Table | None:
    """Return means and differences side by side, as a paper has them; None when they are many."""
    within = one.found.asked.within
    across = list(dict.fromkeys(_key(mean, one.found.asked.compared) for mean, _ in one.means))
    titles = list(dict.fromkeys(contrast.title for contrast, _ in one.contrasts))
    if not titles or len(across) > WIDEST or len(titles) > MOST_BESIDE:
        return None
    digits = digits_of(got for _, got in (*one.means, *one.contrasts))
    rows: dict[str, list[str]] = {}
    for mean, got in one.means:
        rows.setdefault(_key(mean, within), []).append(_mean(mean, got, digits))
    for contrast, got in one.contrasts:
        told = (NOT_TOLD, "")
        if got is not None:
            told = (with_interval(got.estimate, got.low, got.high, digits), p_value(got.p))
        rows[", ".join(contrast.at[name] for name in within)] += told
    percent = f"{100.0 * found.asked.question.confidence:g} %"
    response = found.asked.formula.response
    beside = [head for title in titles for head in (f"{title} ({percent} interval)", "p")]
    return Table(
        (" and ".join(within) or "level", *across, *beside),
        tuple((row or "all", *cells) for row, cells in rows.items()),
        f"Least-squares means of {response} (SE) and n, and their differences",
        ("n: rows with these levels.", "Not adjusted for the number of comparisons."),
        name,
    )


def _key(mean: Mean, names: Sequence[str]) -> str:
    return ", ".join(mean.levels[name] for name in names)


def _mean(mean: Mean, got: Estimate | None, digits: int) -> str:
    return NOT_TOLD if got is None else f"{with_se(got.estimate, got.se, digits)}, {mean.rows}"


def _contrasts(one: Compared, percent: str, name: str) -> Table:
    digits = digits_of(got for _, got in one.contrasts)
    rows: list[tuple[str, ...]] = []
    for contrast, got in one.contrasts:
        told: tuple[str, ...] = (NOT_TOLD, *[""] * 5)
        if got is not None:
            told = (
                fixed(got.estimate, digits),
                fixed(got.se, digits),
                interval(got.low, got.high, digits),
                degrees(got.df),
                fixed(got.t, 2),
                p_value(got.p),
            )
        rows.append((contrast.title, at_words(contrast.at), *told))
    head: tuple[str, ...] = ("contrast", "at", "difference", "SE", percent, "df", "t", "p")
    within = bool(one.found.asked.within)
    if not within:
        head, rows = (head[0], *head[2:]), [(row[0], *row[2:]) for row in rows]
    return Table(
        head,
        tuple(rows),
        f"Differences between means, {percent} confidence interval",
        ("Not adjusted for the number of comparisons.",),
        name,
        ("at",) if within else (),
    )


def _tests(found: Analysis) -> Table:
    rows = []
    for one, got in found.tests:
        told = (NOT_TOLD, "", "", "")
        if got is not None:
            told = (degrees(got.df1), degrees(got.df2), fixed(got.F, 2), p_value(got.p))
        rows.append((one.term, *told))
    return Table(("term", "df", "error df", "F", "p"), tuple(rows), "Type III tests", (), "tests")


def _fixed(found: Analysis) -> Table:
    rows = []
    for one, got in found.fixed:
        told = (NOT_TOLD, *[""] * 4)
        if got is not None:
            digits = digits_of([got])
            told = (
                fixed(got.estimate, digits),
                fixed(got.se, digits),
                degrees(got.df),
                fixed(got.t, 2),
                p_value(got.p),
            )
        rows.append((one.term, *told))
    coding = found.asked.question.coding
    head = ("effect", "estimate", "SE", "df", "t", "p")
    return Table(head, tuple(rows), f"Fixed effects, {coding} coding", (), "fixed")


def _variances(found: Analysis) -> list[Table]:
    told = found.answers.covariance
    if "matrix" in told:
        matrix, visits = told["matrix"], [str(one) for one in told["visits"]]
        return [
            _matrix(f"Covariance of visits, {told['structure']}", "visit", visits, matrix, "visits")
        ]
    made = []
    for number, one in enumerate(told.get("random", ()), start=1):
        caption = f"Random effects of {one['group']} ({one['levels']} levels)"
        made.append(_matrix(caption, "effect", one["terms"], one["matrix"], f"random-{number}"))
    rows = (("residual", _size(told["residual"])),)
    return [*made, Table(("part", "variance"), rows, "Residual variance", (), "residual")]


def _matrix(
    caption: str,
    what: str,
    names: Sequence[str],
    matrix: Sequence[Sequence[float]],
    name: str,
) -> Table:
    """Return variances on the diagonal and below it, correlations above it."""
    rows = []
    for i, head in enumerate(names):
        cells = [_size(matrix[i][j]) for j in range(i + 1)]
        for j in range(i + 1, len(names)):
            size = math.sqrt(matrix[i][i] * matrix[j][j])
            cells.append(fixed(matrix[i][j] / size, 3) if size > 0.0 else DASH)
        rows.append((head, *cells))
    notes = ("Variances and covariances; above the diagonal correlations.",)
    return Table((what, *names), tuple(rows), caption, notes if len(names) > 1 else (), name)


def _size(value: float) -> str:
    if value == 0.0:
        return "0"
    return fixed(value, min(max(3 - math.floor(math.log10(abs(value))), 0), 10))


def _flow(found: Analysis) -> Table:
    """Return who was seen when; empty where rows have no participants."""
    flow = found.flow
    visits = [label for label, _ in flow.arms[0].visits] if flow.arms else []
    rows = [
        (
            arm.name,
            str(arm.participants),
            str(arm.analysed),
            *(f"{n} ({arm.participants - n})" for _, n in arm.visits),
        )
        for arm in flow.arms
    ]
    return Table(
        (flow.arm or "arm", f"{found.whose} in the file", "analysed", *visits),
        tuple(rows),
        f"How many {found.whose} were there and analysed" + ", by visit (missing)" * bool(visits),
        (),
        "flow",
    )


def as_csv(found: Analysis) -> str:
    """Return every number in full as CSV: coefficients, tests, means and contrasts."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for effect, got in found.fixed:
        writer.writerow(_line("fixed", effect.term, "", got))
    for test, joint in found.tests:
        told = _NOTHING[:4] if joint is None else map(_full, astuple(joint))
        writer.writerow(("test", test.term, "", "", "", *told, "", ""))
    for each in found.compared:
        for mean, got in each.means:
            writer.writerow(_line("mean", at_words(mean.levels), "", got))
    for each in found.compared:
        for contrast, got in each.contrasts:
            writer.writerow(_line("contrast", contrast.title, at_words(contrast.at), got))
    return out.getvalue()


def _line(part: str, name: str, at: str, got: Estimate | None) -> tuple[str, ...]:
    estimate, se, *rest = _NOTHING if got is None else map(_full, astuple(got))
    return (part, name, at, estimate, se, "", *rest)


def _full(value: float) -> str:
    return repr(float(value))

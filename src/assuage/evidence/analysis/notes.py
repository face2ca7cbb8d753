"""What a reader must know of how an analysis was made: every choice and everything left out."""

from __future__ import annotations

from collections.abc import Iterator

from assuage.evidence.analysis.answers import Answers
from assuage.evidence.analysis.ask import Asked
from assuage.evidence.analysis.design import Design, Factor, said
from assuage.evidence.analysis.people import Groups
from assuage.evidence.analysis.table import Table, levels_of
from assuage.evidence.report.numbers import fixed

MOST_CELLS = 6


def notes(
    table: Table,
    asked: Asked,
    design: Design,
    answers: Answers,
    subject: Groups,
    visit: Factor | None,
) -> tuple[str, ...]:
    """Return the notes in the order in which a reader needs them."""
    return (
        *answers.notes,
        *_rows(table, design),
        *_visits(asked, subject, visit),
        *_columns(table, asked, design),
        *_holes(design),
        *_tests(design),
        *_means(asked, design),
        *table.notes,
    )


def _rows(table: Table, design: Design) -> Iterator[str]:
    if not design.left_out:
        yield f"all {len(table.rows)} rows are used"
        return
    left = ", ".join(f"{count} because {why}" for why, count in design.left_out.items())
    yield f"{sum(design.left_out.values())} of {len(table.rows)} rows are left out: {left}"


def _visits(asked: Asked, subject: Groups, visit: Factor | None) -> Iterator[str]:
    if visit is None or asked.repeated is None:
        return
    yield f"visits stand in this order: {said(visit.levels)}"
    if subject.alone():
        yield (
            f"{subject.alone()} of {subject.seen()} participants were seen at one visit only; they "
            "inform means and variances and no correlation"
        )
    if gone := len(subject.levels) - subject.seen():
        yield f"{gone} participants have no row that can be used"


def _columns(table: Table, asked: Asked, design: Design) -> Iterator[str]:
    for name, factor in design.factors.items():
        base = ""
        if asked.question.coding == "treatment":
            base = f"; {factor.levels[factor.reference]} is its reference"
        yield f"{name} is a category: {said(factor.levels)}{base}"
        texts = (one for one in table.texts(name) if one is not None)
        gone = [one for one in levels_of(table.name, name, texts) if one not in factor.levels]
        if gone:
            yield f"{name} {said(gone)} has no row that can be used"
    if design.covariates:
        yield f"taken as numbers: {said(tuple(design.covariates))}"


def _holes(design: Design) -> Iterator[str]:
    for term, cells in design.told.holes.items():
        yield (
            f"{':'.join(term)}: no row has {'; '.join(cells[:MOST_CELLS])}"
            + f" and {len(cells) - MOST_CELLS} more" * (len(cells) > MOST_CELLS)
            + "; means, contrasts and tests that rest on it aren't estimable and aren't given, and "
            "an interaction is tested for the combinations that are there"
        )


def _tests(design: Design) -> Iterator[str]:
    yield "tests are of type III, from means with equal weights, whatever the coding"
    for one in design.terms:
        numbers = [name for name in one.names if name in design.covariates]
        factors = [name for name in one.names if name in design.factors]
        if numbers and factors:
            yield (
                f"because of {one.title}, the test of {':'.join(factors)} holds where "
                f"{' and '.join(numbers)} is 0, as in SAS"
            )


def _means(asked: Asked, design: Design) -> Iterator[str]:
    if not asked.means:
        return
    named = {name for one in asked.means for name in (*one.compared, *one.within)}
    rest = [name for name in design.factors if name not in named]
    if rest:
        yield f"means are averaged over {said(rest)} with equal weights"
    for name, values in design.covariates.items():
        if name in asked.held:
            at = ", ".join(f"{one:g}" for one in asked.held[name])
            yield f"means hold {name} at {at}, as asked"
        else:
            yield (
                f"means hold {name} at {fixed(float(values.mean()), 3)}, its mean over the rows "
                "used"
            )
    if asked.contrasts:
        yield "p values and intervals of contrasts aren't adjusted for their number"

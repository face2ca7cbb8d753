"""A comparison as CSV: one row for each endpoint and regimen."""

from __future__ import annotations

import csv
import io

from assuage.planning.comparison.document import Comparison

COLUMNS = (
    *("row", "title", "unit", "letter", "regimen", "variant", "status", "value", "low", "high"),
    *("band", "text", "why", "currency", "difference", "difference_low", "difference_high"),
    *("difference_band", "models", "reads", "sources"),
)


def as_csv(made: Comparison) -> str:
    """Return the table; a number that doesn't exist is left empty, and `why` says the reason."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in made.rows:
        for column, cell, less in zip(made.columns, row.cells, row.differences, strict=True):
            writer.writerow(
                (
                    *(row.id, row.title, row.unit, column.letter, column.regimen, column.variant),
                    *(cell.status, cell.value, cell.low, cell.high, cell.band, cell.text, cell.why),
                    *(cell.currency, less.value, less.low, less.high, less.band or less.why),
                    *(" ".join(cell.models), " ".join(cell.reads), " ".join(cell.sources)),
                )
            )
    return out.getvalue()

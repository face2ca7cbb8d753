"""A search as CSV: one row for each candidate that is reported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from assuage.planning.optimisation.document import Candidate, Search

COLUMNS = tuple(name for name in Candidate.model_fields if name not in ("breaks", "accepted"))


def as_csv(made: Search) -> str:
    """Return the best, the ties, the frontier and the least that is over a limit."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*COLUMNS, "breaks", "accepted"))
    for one in _rows(made):
        plain = (getattr(one, name) for name in COLUMNS)
        writer.writerow((*plain, "; ".join(one.breaks), " ".join(one.accepted)))
    return out.getvalue()


def _rows(made: Search) -> Iterator[Candidate]:
    if made.best is not None:
        yield made.best
    yield from made.ties
    yield from made.frontier
    yield from made.beyond

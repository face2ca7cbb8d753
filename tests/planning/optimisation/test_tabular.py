"""The CSV holds every candidate that is reported."""

from __future__ import annotations

import csv
import io

from assuage.planning.optimisation.tabular import as_csv
from planning.optimisation.searching import made


def test_one_row_for_each_candidate() -> None:
    found = made()
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert found.best is not None
    wanted = [found.best, *found.ties, *found.frontier, *found.beyond]
    assert [row["standing"] for row in rows] == [one.standing for one in wanted]
    assert [float(row["relief"]) for row in rows] == [one.relief for one in wanted]
    assert all(bool(row["breaks"]) == (row["standing"] == "over a limit") for row in rows)

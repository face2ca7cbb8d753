"""The CSV holds what the JSON holds."""

from __future__ import annotations

import csv
import io

from assuage.planning.comparison.tabular import COLUMNS, as_csv
from planning.comparison.comparing import made


def test_one_row_for_each_endpoint_and_regimen() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(made()))))
    assert list(rows[0]) == list(COLUMNS)
    assert len(rows) == len(made().rows) * len(made().columns)
    cells = [cell for row in made().rows for cell in row.cells]
    for line, cell in zip(rows, cells, strict=True):
        assert line["status"] == cell.status
        assert line["value"] == ("" if cell.value is None else str(cell.value))
        assert line["value"] or line["why"]

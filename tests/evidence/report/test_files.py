"""A report as files: each table and picture once."""

from __future__ import annotations

import csv
import io

import pytest

from assuage.evidence.report.blocks import Table
from assuage.evidence.report.files import csv_of, files
from evidence.report import samples


def test_every_file_is_there() -> None:
    found = files("A title", samples.blocks())
    wanted = {"report.html", "report.pdf", "outcomes.csv", "forest.svg", "means.svg"}
    assert set(found) == wanted
    assert found["forest.svg"] == samples.drawn()["forest"]


def test_a_table_is_the_text_of_the_page() -> None:
    table = samples.blocks()[4]
    assert isinstance(table, Table)
    rows = list(csv.reader(io.StringIO(csv_of(table).decode())))
    assert tuple(map(tuple, rows)) == (table.columns, *table.rows)


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"outcomes\.csv is there twice"):
        files("A title", [*samples.blocks(), samples.blocks()[4]])

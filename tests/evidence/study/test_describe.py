"""Counts and means by arm and visit.

source: arithmetic on the rows of made.py.
"""

from __future__ import annotations

import math

import pytest

from assuage.evidence.study.describe import cells
from evidence.study import made


def test_numbers_are_counted_by_arm_and_visit() -> None:
    told = made.rows(4)
    for row, value in zip(told, "147258369000", strict=True):
        row["pain"] = value
    told[0]["pain"] = ""
    found = {
        (one.arm, one.visit): one for one in cells(made.data(made.locked(made.TEXT), told), "pain")
    }
    assert found[0, 0].n == 1
    assert math.isnan(found[0, 0].sd)
    assert found[0, 1].mean == pytest.approx((4 + 6) / 2)
    assert found[0, 1].sd == pytest.approx(math.sqrt(2))
    assert (found[1, 1].low, found[1, 1].high) == (0, 5)


def test_words_are_counted() -> None:
    told = [row | {"note": "good"} for row in made.rows(4)]
    told[0]["note"] = "bad"
    found = cells(made.data(made.locked(made.TEXT), told), "note")
    first = next(one for one in found if (one.arm, one.visit) == (0, 0))
    assert first.counts == (("bad", 1), ("good", 1))


def test_an_empty_column_has_cells_of_nobody() -> None:
    told = [row | {"note": ""} for row in made.rows(4)]
    assert {one.n for one in cells(made.data(made.locked(made.TEXT), told), "note")} == {0}

"""Tables hold what the tree holds, rounded as a paper rounds."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from assuage.evidence.analysis.tables import as_csv, digits_of, paper, tables
from assuage.evidence.mixed.inference import Estimate
from assuage.evidence.report.blocks import Table
from evidence.analysis.asking import asked, trial, without

MODEL = "pain ~ arm * visit + baseline"
MMRM: dict[str, Any] = {"repeated": "visit | id", "means": ("arm | visit",)}


def named(**more: Any) -> dict[str, Table]:
    return {one.name: one for one in tables(asked(trial(), MODEL, **MMRM, **more))}


def test_every_part_has_its_table() -> None:
    assert list(named(contrasts="pairwise")) == [
        *("means", "contrasts", "tests", "fixed", "visits", "flow"),
    ]
    random = asked(trial(), MODEL, random=("1 + visit | id",))
    assert [one.name for one in tables(random)] == [
        *("tests", "fixed", "random-1", "residual", "flow"),
    ]
    twice = asked(trial(), MODEL, repeated="visit | id", means=("arm | visit", "arm"))
    assert [one.name for one in tables(twice)][:2] == ["means-1", "means-2"]


def test_numbers_are_those_of_the_tree() -> None:
    found = asked(trial(), MODEL, **MMRM, contrasts="pairwise")
    (table,) = (one for one in tables(found) if one.name == "contrasts")
    for row, told in zip(table.rows, found.tree()["contrasts"], strict=True):
        assert row[0] == told["contrast"]
        assert float(row[2].replace("−", "-")) == pytest.approx(told["estimate"], abs=0.00501)
        assert float(row[5]) == pytest.approx(told["df"], abs=0.0501)


@pytest.mark.parametrize(("se", "digits"), [(123.0, 1), (1.2, 1), (0.34, 2), (0.0034, 4), (0.0, 2)])
def test_decimals_show_two_figures_of_the_standard_error(se: float, digits: int) -> None:
    """source: the decimals of each standard error, counted; one and eight are the bounds."""
    assert digits_of([Estimate(1.0, se, 9.0, 1.0, 0.5, 0.0, 2.0), None]) == digits


def test_what_is_not_estimable_is_said_and_has_no_number() -> None:
    gone = without(trial(), arm="high", visit="12")
    found = asked(gone, MODEL, factors=("visit",), means=("arm | visit",), contrasts="pairwise")
    by_name = {one.name: one for one in tables(found)}
    assert by_name["means"].rows[3][1] == "not estimable"
    assert by_name["tests"].rows[0] == ("arm", "not estimable", "", "", "")
    told = found.tree()["means"][9]
    assert told["levels"] == {"arm": "high", "visit": "12"}
    assert {told[key] for key in ("estimate", "se", "df", "t", "p", "low", "high")} == {None}


def test_the_csv_has_every_number_in_full() -> None:
    found = asked(trial(), MODEL, **MMRM, contrasts="pairwise")
    tree = found.tree()
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    parts = {"fixed": "fixed", "mean": "means", "contrast": "contrasts"}
    for part, key in parts.items():
        shown = [row for row in rows if row["part"] == part]
        assert [float(row["estimate"]) for row in shown] == [one["estimate"] for one in tree[key]]
        assert [float(row["df2"]) for row in shown] == [one["df"] for one in tree[key]]
    tests = [row for row in rows if row["part"] == "test"]
    assert [float(row["statistic"]) for row in tests] == [one["F"] for one in tree["tests"]]


def test_a_paper_has_means_and_differences_side_by_side() -> None:
    found = asked(trial(), MODEL, **MMRM, reference=("placebo",))
    made = paper(found.compared[0], found, "means")
    assert made is not None
    assert made.columns[:4] == ("visit", "high", "low", "placebo")
    assert made.columns[4::2] == tuple(
        f"{one} - placebo (95 % interval)" for one in ("high", "low")
    )
    assert len(made.rows) == 4
    many = asked(trial(), MODEL, **MMRM, contrasts="pairwise")
    assert paper(many.compared[0], many, "means") is None

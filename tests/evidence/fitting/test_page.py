"""The files of a fit.

source: the fit that they tell of.
"""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from assuage.evidence.fitting.page import short
from assuage.evidence.fitting.report import tree_of
from evidence.fitting.studies import theophylline, written


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written()[name].decode())))


def test_the_page_stands_alone_and_tells_every_estimate() -> None:
    page = written()["report.html"].decode()
    assert not re.search(r"<script|src=|href=\"http", page)
    assert page.count("<svg") == 4
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for row in tree_of(theophylline())["estimates"]:
        assert f">{row['name']}</th>" in page
        assert short(row["estimate"]) in page


def test_json_holds_the_tree() -> None:
    assert json.loads(written()["fit.json"]) == tree_of(theophylline())


def test_tables_hold_everybody_and_every_sample() -> None:
    whole = theophylline()
    people, samples = table("people.csv"), table("samples.csv")
    assert [row["ID"] for row in people] == [one.id for one in whole.data.people]
    assert len(samples) == whole.data.samples
    assert [int(row["row"]) for row in samples[:11]] == list(whole.data.people[0].rows)
    first = samples[1]
    assert float(first["IPRED"]) == pytest.approx(whole.checks.individual[0, 1], rel=1e-5)
    assert float(first["DV"]) == pytest.approx(whole.fit.problem.observed.values[0, 1])
    own = [float(people[0][name]) for name in ("ka (1/h)", "CL (L/h)", "V (L)")]
    assert own[1] / own[2] == pytest.approx(0.0588, abs=0.002)  # source: slope of person 1's data


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.123456, "0.1235"), (31.62, "31.62"), (1500.0, "1500")]
)
def test_numbers_are_shown_to_four_digits(value: float | None, text: str) -> None:
    assert short(value) == text

"""The report holds every part of the analysis, and the same analysis gives the same bytes."""

from __future__ import annotations

import json
from typing import Any

from assuage.evidence.analysis.report import blocks, files
from assuage.evidence.report.blocks import Heading, Paragraph, Picture, Table
from evidence.analysis.asking import asked, trial, without

MODEL = "pain ~ arm * visit + baseline"
MMRM: dict[str, Any] = {"repeated": "visit | id", "means": ("arm | visit",)}


def test_the_same_analysis_gives_the_same_files() -> None:
    one, again = (files(asked(trial(), MODEL, **MMRM, reference=("placebo",))) for _ in range(2))
    assert one == again
    assert set(one) == {
        *("report.html", "report.pdf", "analysis.json", "analysis.csv"),
        *("flow.svg", "means-plot.svg", "forest.svg"),
        *("means.csv", "contrasts.csv", "tests.csv", "fixed.csv", "visits.csv", "flow.csv"),
    }
    assert one["report.pdf"].startswith(b"%PDF")
    tree = json.loads(one["analysis.json"])
    assert tree == json.loads(
        json.dumps(asked(trial(), MODEL, **MMRM, reference=("placebo",)).tree())
    )
    page = one["report.html"].decode()
    for said in ("high - placebo", "38 of 240 rows are left out", "Kenward-Roger", "591.23"):
        assert said in page


def test_everything_that_was_noted_is_in_the_report() -> None:
    found = asked(trial(), MODEL, **MMRM, contrasts="pairwise")
    told = [one.text for one in blocks(found) if isinstance(one, Paragraph)]
    assert all(f"– {one}." in told for one in found.notes)


def test_a_report_without_means_or_participants_has_the_rest() -> None:
    found = blocks(asked(trial(), "pain ~ arm"))
    assert [one.text for one in found if isinstance(one, Heading)] == [
        *("What was analysed", "Model", "How it was made"),
    ]
    assert not any(isinstance(one, Picture) for one in found)


def test_what_is_not_estimable_is_not_drawn() -> None:
    gone = without(trial(), arm="high", visit="12")
    found = blocks(asked(gone, MODEL, **MMRM, contrasts="pairwise"))
    pictures = {one.name: one for one in found if isinstance(one, Picture)}
    assert "arm high, visit 12" not in pictures["means-plot"].alternative
    assert "arm high, visit 8" in pictures["means-plot"].alternative
    assert b"nan" not in pictures["forest"].svg.lower()
    shown = {one.name: one for one in found if isinstance(one, Table)}
    assert any("not estimable" in row for row in shown["contrasts"].rows)


def test_a_mean_that_stands_alone_is_drawn_too() -> None:
    made = files(asked(trial(), "pain ~ arm + baseline", means=("arm",), contrasts="pairwise"))
    assert b"placebo" in made["means-plot.svg"]

"""Every choice that was made for the reader is said."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.analysis.asking import asked, table, trial, without

MODEL = "pain ~ arm * visit + site + baseline * visit"
MMRM: dict[str, Any] = {"repeated": "visit | id", "means": ("arm | visit",)}


def notes(model: str = MODEL, **more: Any) -> str:
    return "\n".join(asked(trial(), model, **more).notes)


@pytest.mark.parametrize(
    "said",
    [
        "38 of 240 rows are left out: 38 because pain is missing",
        "visits stand in this order: 1, 4, 8, 12",
        "2 of 55 participants were seen at one visit only",
        "5 participants have no row that can be used",
        "arm is a category: high, low, placebo; high is its reference",
        "taken as numbers: baseline",
        "type III",
        "the test of visit holds where baseline is 0",
        "means are averaged over site with equal weights",
        "means hold baseline at 6.881, its mean",
        "aren't adjusted",
    ],
)
def test_what_a_reader_must_know_is_said(said: str) -> None:
    assert said in notes(**MMRM, contrasts="pairwise")


def test_what_was_not_done_is_not_said() -> None:
    found = notes("pain ~ site", random=("1 | id",))
    for words in ("means hold", "averaged", "adjusted", "visits stand", "numbers", "holds where"):
        assert words not in found
    whole = asked(table("y,a\n1,p\n2,q\n3,p\n5,q\n"), "y ~ a", coding="sum").notes
    assert "all 4 rows are used" in whole
    assert not any("reference" in one for one in whole)


def test_a_covariate_that_is_held_and_a_level_without_rows_are_said() -> None:
    assert "means hold baseline at 5, as asked" in notes(**MMRM, at=("baseline=5",))
    text = "y,a\n1,p\n2,q\n3,p\n5,q\n,r\n"
    assert "a r has no row that can be used" in asked(table(text), "y ~ a").notes


def test_an_empty_cell_and_a_variance_of_zero_are_said() -> None:
    gone = without(trial(), arm="high", visit="12")
    found = "\n".join(asked(gone, "pain ~ arm * visit", **MMRM).notes)
    assert "arm:visit: no row has arm high, visit 12" in found
    assert "variance of (Intercept) is estimated as zero" in notes(
        "pain ~ arm", random=("1 | site/id",)
    )

"""The tables show what was counted, and a mark where it is hidden."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from assuage.evidence.registry import cohort, export, tables
from assuage.evidence.report.blocks import Note, Table

from .sets import made
from .test_cohort import counts

CELL = re.compile(r"(\d+)(?:/(\d+) \(\d+ %\).*)?")


@pytest.mark.parametrize(("seed", "people"), [(1, 3), (2, 12), (3, 40), (4, 120)])
def test_no_table_shows_a_number_that_the_cohort_hides(seed: int, people: int) -> None:
    """Whole counts in cells are among those of the cohort, which has no small one."""
    held = cohort.cohort(made(seed, people, few=True), 5, "week-4")
    known = {number for _, number in counts(asdict(held))} | {0}
    for table in tables.shown(held):
        for row in table.rows:
            for cell in row[1:]:
                if found := CELL.fullmatch(cell):
                    assert {int(one) for one in found.groups() if one} <= known, row


def test_few_people_leave_marks_and_no_numbers() -> None:
    held = cohort.cohort(made(1, 3), 5, "week-4")
    first = tables.people(held)
    assert {row[1] for row in first.rows} == {tables.HIDDEN}
    notes = [one.text for one in tables.start(held) if isinstance(one, Note)]
    assert any("1 to 4 people" in text for text in notes)


def test_every_table_has_a_name_of_its_own_and_is_whole() -> None:
    held = cohort.cohort(made(4, 60), 5, "week-4")
    shown = tables.shown(held)
    assert len({one.name for one in shown}) == len(shown)
    assert all(isinstance(one, Table) and one.caption for one in shown)
    harms = tables.harms(held.harms)
    assert harms.rows[0][0] == "Any harm"
    assert re.fullmatch(r"\d+/60 \(\d+ %\), \d+ to \d+", harms.rows[0][1])


def test_a_site_outside_the_limits_is_named() -> None:
    one = cohort.BySite("harm", {"a": (30, 30), "b": (40, 100), "c": None}, (78, 160))
    rows = {row[0]: row for row in tables.by_site(one, "Week 4").rows}
    assert rows["a"][2] == "99.8 %"
    assert rows["b"][2] == ""
    assert rows["c"][1:] == (tables.HIDDEN, tables.HIDDEN)
    assert rows["all"][1] == "78/160 (49 %)"
    assert tables.centre(one) == 78 / 160


def test_the_time_is_in_what_sites_are_compared_by() -> None:
    pooled = export.pooled([made(3, 40), made(4, 40, site="south")])
    held = cohort.cohort(pooled, 5, "week-12")
    captions = [one.caption for one in tables.shown(held)]
    assert any("at week 12" in one for one in captions)

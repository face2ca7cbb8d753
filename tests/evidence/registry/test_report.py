"""The report is the same bytes for the same set, and shows every table and the funnels."""

from __future__ import annotations

from assuage.evidence.registry import cohort, export, report, tables
from assuage.evidence.report.blocks import Picture, Table
from assuage.evidence.report.files import files

from .sets import made


def pooled() -> cohort.Cohort:
    sets = [made(seed, 40, site=site) for seed, site in enumerate(("hull", "leeds", "york"))]
    return cohort.cohort(export.pooled(sets), 5, "week-4")


def test_the_same_set_gives_the_same_bytes() -> None:
    first, second = (files(report.TITLE, report.blocks(pooled())) for _ in range(2))
    assert first == second
    assert {"report.html", "report.pdf", "funnel-harm.svg", "means-phq-9.svg"} <= set(first)


def test_every_table_is_in_it() -> None:
    held = pooled()
    blocks = report.blocks(held)
    assert [one for one in blocks if isinstance(one, Table)] == tables.shown(held)


def test_a_funnel_shows_the_sites_that_are_shown() -> None:
    pictures = {one.name: one for one in report.blocks(pooled()) if isinstance(one, Picture)}
    assert {"funnel-response", "funnel-harm"} <= set(pictures)
    for site in ("hull", "leeds", "york"):
        assert site in pictures["funnel-harm"].alternative


def test_few_people_make_a_report_without_pictures() -> None:
    held = cohort.cohort(made(1, 3), 5, "week-4")
    assert not [one for one in report.blocks(held) if isinstance(one, Picture)]

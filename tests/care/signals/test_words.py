"""On a terminal a report has its words, its error rates and no markup."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from assuage.care.signals.report import FOR_REVIEW, Asked, Report, report
from assuage.care.signals.words import HEADS, as_table, false_alarms, render, seen, summary

from .plain import PEOPLE, PLANTED, plain

NAMES = {one: f"[bold]{one}" for one in PEOPLE}
ASKED = Asked("north", "2026-01-01", "2026-04-02", 91, "rev", "[red]why", "2026-04-03", "0:00")


def told(id_: str = "same-witness") -> Report:
    return report(ASKED, PLANTED[id_](plain()), NAMES)


def printed(one: Report, *, everything: bool = False, width: int = 200) -> str:
    out = io.StringIO()
    render(one, Console(file=out, width=width), everything=everything)
    return out.getvalue()


@pytest.mark.parametrize("id_", list(PLANTED))
def test_a_row_has_a_cell_for_each_head_and_says_the_rate(id_: str) -> None:
    one = told(id_)
    rows = as_table(one)
    assert len(rows) == len(one.raised) > 0
    for row, found in zip(rows, one.raised, strict=True):
        assert len(row) == len(HEADS)
        assert all(row)
        assert found.false_alarms is not None
        assert row[-1] == false_alarms(found.false_alarms)
        assert "%" in row[-1]


def test_everything_holds_what_is_nothing_and_too_few() -> None:
    few = report(ASKED, plain(sessions=4), NAMES)
    assert as_table(few) == []
    rows = as_table(few, everything=True)
    assert len(rows) == len(few.findings)
    assert all(row[2].startswith("too few to tell") for row in rows)


def test_the_page_says_for_review_how_many_to_expect_and_what_to_think_of_first() -> None:
    one = told()
    text = " ".join(printed(one).split())
    assert FOR_REVIEW in text
    assert f"{one.expected_false_alarms:.2f} signals are to be expected" in text
    assert all(found.innocent.split(";")[0] in text for found in one.raised)
    assert "Head 0:00" in text


@pytest.mark.parametrize("everything", [False, True])
def test_no_text_is_taken_for_markup(everything: bool) -> None:
    text = printed(told(), everything=everything)
    assert "[bold]ada" in text
    assert "[red]why" in text


def test_an_unmeasured_rate_says_so() -> None:
    assert false_alarms(None) == "not measured"
    unknown = replace(told(), expected_false_alarms=None)
    assert any("isn't known" in line for line in summary(unknown))
    short = report(replace(ASKED, days=7), plain(), NAMES)
    assert any("7 days" in line for line in summary(short))


def test_a_count_is_said_with_its_events_and_the_other_person() -> None:
    (one,) = [found for found in told().raised if found.signal == "same-witness"]
    assert seen(one) == "20 of 20 wastes with a choice of witnesses, with [bold]ben"
    (late,) = [found for found in told("waste-late").raised if found.signal == "waste-late"]
    assert seen(late).startswith("10 of 20 wastes, later than ")
    (size,) = [found for found in told("waste-size").raised if found.signal == "waste-size"]
    assert seen(size).startswith("mean ")


def test_eighty_columns_lose_no_word() -> None:
    text = printed(told(), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert "innocent cause" in text

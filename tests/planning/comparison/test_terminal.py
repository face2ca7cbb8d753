"""The table on a terminal: nothing wider than it, nothing cut off."""

from __future__ import annotations

import io
import re
from functools import cache

import pytest
from rich.console import Console

from assuage.planning.comparison import compare
from assuage.planning.comparison.terminal import render
from planning.asking import CLOCK
from planning.comparison.comparing import CRPS, made, wish


@cache
def printed(width: int, *regimens: str) -> str:
    found = made() if regimens == CRPS else compare(wish(*regimens), CLOCK)
    console = Console(width=width, file=io.StringIO(), highlight=False, markup=False)
    render(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits_and_cuts_nothing(width: int) -> None:
    text = printed(width, *CRPS)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "\N{HORIZONTAL ELLIPSIS}" not in text
    said = words(text)
    assert "RESEARCH_LOCK" in said
    assert "45.00 EUR" in said
    assert "Decision support" in said
    assert "one small randomised trial (schwartzman-2009, primary)" in said
    for row in made().rows:
        assert row.title.split(",")[0].split()[0] in said


def cells_of(text: str, letter: str) -> str:
    """Return all that one column of the first table says, without its line breaks."""
    lines = text.splitlines()
    head = next(k for k, line in enumerate(lines) if "Predicted or counted" in line)
    starts = [lines[head].index(f" {one} ") + 1 for one in "ABC"]
    place = "ABC".index(letter)
    end = [*starts, 200][place + 1]
    table = lines[head:]
    last = next(k for k, line in enumerate(table) if line.startswith("[1]"))
    return "".join("".join(line[starts[place] : end].split()) for line in table[:last])


THREE = ("crps-outpatient-10d", "crps-inpatient-5d", "crps-inpatient-esketamine-100h")


@pytest.mark.parametrize("letter", "ABC")
@pytest.mark.parametrize("width", [80, 90, 100])
def test_no_cell_loses_its_end(width: int, letter: str) -> None:
    text = printed(width, *THREE)
    said = cells_of(text, letter)
    column = "ABC".index(letter)
    for row in compare(wish(*THREE), CLOCK).rows:
        assert "".join(row.cells[column].text.split()) in said, row.title


def test_every_reason_has_its_number() -> None:
    text = printed(80, *CRPS)
    marks = set(re.findall(r"(?<= )(\[[0-9]+\])", text))
    notes = set(re.findall(r"^(\[[0-9]+\])", text, re.MULTILINE))
    assert marks == notes
    assert notes


def test_more_regimens_than_fit_stand_below_one_another() -> None:
    ids = (*CRPS, "crps-inpatient-5d", "depression-iv")
    text = printed(80, *ids)
    assert text.count("Predicted or counted") == 2
    assert printed(120, *ids).count("Predicted or counted") == 1
    assert max(len(line) for line in text.splitlines()) <= 80

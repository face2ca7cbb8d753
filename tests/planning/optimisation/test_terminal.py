"""A search on a terminal: nothing wider than it, and what it is worth beside it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from assuage.planning.optimisation import Search, optimise
from assuage.planning.optimisation.ranges import limits_in
from assuage.planning.optimisation.terminal import render
from planning.asking import CLOCK
from planning.optimisation.searching import made, wish


def printed(found: Search, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False, markup=False)
    render(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_and_says_what_it_is(width: int) -> None:
    text = printed(made(), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "\N{HORIZONTAL ELLIPSIS}" not in text
    said = " ".join(text.split())
    for words in (
        "no recommendation",
        "not limited",
        "Why the next best lost",
        "Frontier",
        "not studied itself",
        "assumed form",
        "No plan is written",
        "one small randomised trial (schwartzman-2009, primary)",
    ):
        assert words in said


def test_no_answer_is_an_answer() -> None:
    text = printed(optimise(wish(limits=limits_in("10 %", "1 mmHg")), CLOCK), 80)
    assert "None." in text
    assert "No candidate keeps the limits" in text

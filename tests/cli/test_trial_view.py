"""What `assuage trial` shows: each arm's own rows, under its own name."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from assuage.cli.trial_view import show
from assuage.evidence.virtual.reading import read
from assuage.evidence.virtual.scores import world_of
from assuage.evidence.virtual.summary import Mean, Reported, Summary

DESIGN = Path(__file__).parents[2] / "examples" / "trials" / "crps-sigtermans.toml"


def reported(arm: str, day: float, value: float) -> Reported:
    mean = Mean(value, 0.1, value - 0.2, value + 0.2)
    return Reported("mood", arm, day, False, "always", 3, 4, mean, -1.0, mean)


def test_each_arm_has_a_table_of_its_own_at_the_first_day() -> None:
    rows = (reported("high", 7.0, -5.11), reported("low", 7.0, -2.22), reported("low", 84.0, -9.9))
    told = io.StringIO()
    world = world_of(read(DESIGN), 1, 64)
    show(world, Summary(4, 0, (), rows, (), (), ()), Console(file=told, width=120))
    high, low = told.getvalue().split("What readers see of ")[1:]
    assert high.startswith("mood, high, day 7")
    assert low.startswith("mood, low, day 7")
    assert "5.11" in high
    assert "2.22" not in high
    assert "2.22" in low
    assert "9.9" not in low

"""Every kind of fact has words of its own, and no amount is rounded in them."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assuage.care import session as sessions
from assuage.care.register import facts as f
from assuage.cli import told
from assuage.record.events import KINDS

UTC = ZoneInfo("UTC")
WORDS = Path(told.__file__).read_text()
# What a command of the command line never stores, or never shows.
SILENT = {"SessionEntered", "SignInFailed", "RecordLookedAt", "RecordRestored"}


@pytest.mark.parametrize(
    ("ug", "text"),
    [
        (0, "0 mg"),
        (1, "0.001 mg"),
        (500, "0.5 mg"),
        (35000, "35 mg"),
        (34125, "34.125 mg"),
        (1250000, "1250 mg"),
        (1234567891, "1234567.891 mg"),
        (10_000_000, "10000 mg"),
    ],
)
def test_an_amount_is_exact(ug: int, text: str) -> None:
    assert told.mg(ug) == text


def test_every_fact_that_a_command_stores_has_words() -> None:
    shown = {
        name
        for name, kind in KINDS.items()
        if kind.__module__.startswith("assuage.care") and kind is not f.Entry
    }
    assert {one for one in shown if f".{one}()" not in WORDS} <= SILENT


def test_a_fact_without_words_says_its_kind() -> None:
    assert told.sentence(sessions.SessionEntered(unknown=()), UTC) == "SessionEntered"


@pytest.mark.parametrize(
    ("ug", "text"),
    [(0, "nothing is missing"), (500000, "500 mg missing"), (-500000, "500 mg too much")],
)
def test_a_gap_says_which_way(ug: int, text: str) -> None:
    assert text in told.gap(ug)

"""The bar on standard error: there when it takes long and somebody is looking, never otherwise."""

from __future__ import annotations

import io
import sys
import time

import pytest

from assuage.cli import progress
from assuage.cli.progress import counting


class Terminal(io.StringIO):
    """Standard error that somebody looks at."""

    def __init__(self, *, looked_at: bool = True) -> None:
        super().__init__()
        self._looked_at = looked_at

    def isatty(self) -> bool:
        return self._looked_at


def shown(
    monkeypatch: pytest.MonkeyPatch,
    *,
    looked_at: bool = True,
    quiet: bool = False,
    told: bool = True,
) -> str:
    terminal = Terminal(looked_at=looked_at)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "SLOW_S", 0.01)
    with counting("Simulating", 5000, quiet=quiet) as tell:
        if told:
            tell(1000)
        time.sleep(0.15)
        if told:
            tell(2500)
        time.sleep(0.15)
    return terminal.getvalue()


def test_a_bar_counts_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch)
    assert "Simulating" in text
    assert "1000/5000" in text
    assert "2500/5000" in text


def test_before_a_number_is_told_there_is_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, told=False)
    assert "Simulating" in text
    assert "5000" not in text


@pytest.mark.parametrize(("looked_at", "quiet"), [(False, False), (True, True)])
def test_nothing_is_shown_to_nobody(
    looked_at: bool, quiet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(monkeypatch, looked_at=looked_at, quiet=quiet) == ""


def test_what_is_quick_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with counting("Simulating", 10, quiet=False) as tell:
        tell(5)
    assert "Simulating" not in terminal.getvalue()

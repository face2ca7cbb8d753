"""The worked day of docs/how-to/register.md: its commands, in order, print what it shows.

`python tests/end_to_end/test_worked_day.py` writes what they print into the document.
"""

from __future__ import annotations

import getpass
import io
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

import clinic

from assuage.cli import main, signing
from assuage.clock import SystemClock

DOCUMENT = Path(__file__).parents[2] / "docs/how-to/register.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
STEP = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
ID = re.compile(r"\b[dixohme]-[0-9a-f]{10}\b")
ANSWER = re.compile(r"^i-[0-9a-f]{10}, [0-9.]+ mg \w+: ?(.*)$", re.MULTILINE)
HEAD = re.compile(r"\b(\d+):[0-9a-f]{64}\b")
BEGIN, APART = datetime(2026, 11, 23, 9, 0, tzinfo=UTC), timedelta(minutes=4)

GIVEN: list[str] = []  # one for each command: time goes on between them, and not within one


class Typed(io.StringIO):
    """What a person types, shown where it is typed."""

    def readline(self, _size: int | None = -1, /) -> str:
        line = super().readline()
        sys.stdout.write(line or "\n")
        return line


class Day:
    """The ids that the document shows, and those that stand for them in this run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.real: dict[str, str] = {}
        self.fresh: list[str] = []

    def give(self, command: str, shown: str) -> str:
        """Give one command, and return what it prints in the document's own words."""
        for one in ID.findall(command):
            self.named(one)
        text = ID.sub(lambda one: self.real[one[0]], command)
        words = shlex.split(text.replace("\\\n", " "))[1:]
        typed = "".join(f"{one}\n" for one in ANSWER.findall(shown))
        printed = said(words, typed)
        for one in dict.fromkeys(ID.findall(printed)):
            if one not in self.known() and one not in self.fresh:
                self.fresh.append(one)
        for one in dict.fromkeys(ID.findall(shown)):
            self.named(one)
        known = self.known()
        printed = ID.sub(lambda one: known.get(one[0], one[0]), printed)
        printed = HEAD.sub(r"\1:9f2c…", printed).replace(str(self.folder), "/home/mo")
        return "\n".join(line.rstrip() for line in printed.splitlines()) + "\n" * bool(printed)

    def named(self, shown: str) -> None:
        """Let an id of the document stand for the oldest of its kind that has no name there."""
        if shown not in self.real:
            real = next((one for one in self.fresh if one[0] == shown[0]), shown)
            self.real[shown] = real
            self.fresh = [one for one in self.fresh if one != real]

    def known(self) -> dict[str, str]:
        return {real: shown for shown, real in self.real.items()}


def said(words: list[str], typed: str) -> str:
    """Return what a terminal shows of one command."""
    screen, before = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), sys.stdin
    sys.stdin = Typed(typed)
    GIVEN.append(typed)
    try:
        with redirect_stdout(screen), redirect_stderr(screen):
            main(words)
    except SystemExit:
        pass
    finally:
        sys.stdin = before
    screen.flush()
    return screen.buffer.getvalue().decode()  # type: ignore[attr-defined]


def rerun(text: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield each command of the document, what it shows there and what it prints now."""
    day = Day(folder)
    for block in BLOCK.findall(text):
        for command, shown in STEP.findall(block):
            yield command, shown, day.give(command, shown)


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Put the people of the clinic in front of a terminal, on a day that stands in the document."""
    clinic.enter(folder, patch)
    GIVEN.clear()

    def now(_clock: SystemClock) -> datetime:
        return BEGIN + (len(GIVEN) - 1) * APART

    def words(prompt: str) -> str:
        if prompt in ("The same again: ",):
            return typed[-1]
        person = re.sub(r"^(Witness |New passphrase of )", "", prompt)
        typed.append(clinic.words_of(re.split(r"[,:]", person)[0]))
        return typed[-1]

    typed: list[str] = []
    patch.setattr(SystemClock, "utc_now", now)
    patch.setattr(signing, "on_terminal", lambda: True)
    patch.setattr(getpass, "getpass", words)
    patch.setenv("COLUMNS", "96")
    patch.delenv("ASSUAGE_PASSPHRASES")
    patch.chdir(folder)


def test_the_worked_day_prints_what_the_document_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, monkeypatch)
    steps = list(rerun(DOCUMENT.read_text(), tmp_path))
    assert len(steps) > 30
    for command, shown, printed in steps:
        assert printed == shown, command
    assert (tmp_path / "main.pdf").read_bytes().startswith(b"%PDF")


def test_the_document_shows_every_step_of_a_day() -> None:
    shown = [
        command
        for block in BLOCK.findall(DOCUMENT.read_text())
        for command in (one[0] for one in STEP.findall(block))
    ]
    for words in (
        "record init",
        "people enrol",
        "register receive",
        "register supply",
        "patient register",
        "session open",
        "register draw",
        "session administer",
        "register waste",
        "session enter",
        "session end",
        "register check",
        "--at ",
        "register correct",
        "discrepancy close",
        "register page",
        "record head",
    ):
        assert any(words in one for one in shown), words


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patched:
        prepare(Path(made), patched)
        text = DOCUMENT.read_text()
        blocks = iter(list(rerun(text, Path(made))))

        def filled(block: re.Match[str]) -> str:
            steps = (next(blocks) for _ in STEP.findall(block[1]))
            lines = "".join(f"$ {command}\n{printed}" for command, _, printed in steps)
            return f"```console\n{lines}```"

        DOCUMENT.write_text(BLOCK.sub(filled, text))

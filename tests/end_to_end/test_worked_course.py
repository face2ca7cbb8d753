"""docs/how-to/outcomes.md and registry.md: their commands, in order, print what is shown there.

The clinic of the worked day is there, with a patient. `<!-- 7 days later -->` in a document lets
that much time pass. `python tests/end_to_end/test_worked_course.py` writes what the commands
print into the documents.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

import clinic
from test_worked_day import APART, BLOCK, GIVEN, STEP, Day, prepare

HOW_TO = Path(__file__).parents[2] / "docs/how-to"
DOCUMENTS = (HOW_TO / "outcomes.md", HOW_TO / "registry.md")
PART = re.compile(r"<!-- (\d+) days? later -->|```console\n(.*?)```", re.DOTALL)
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
DAY_COMMANDS = round(24 * 3600 / APART.total_seconds())
PATIENT = (
    *("patient", "register", "p-1001", "--name", "Ada Example", "--born", "1979-03-04"),
    *("--address", "1 Example Street, Leeds", "--as", "ana"),
)


def rerun(text: str, day: Day) -> Iterator[tuple[str, str, str]]:
    """Yield each command of a document, what it shows there and what it prints now."""
    for part in PART.finditer(text):
        GIVEN.extend([""] * DAY_COMMANDS * int(part[1] or 0))
        for command, shown in STEP.findall(part[2] or ""):
            printed = DIGEST.sub(lambda one: f"{one[0][:4]}…", day.give(command, shown))
            yield command, shown, re.sub(r"SHA-256 \S+", "SHA-256 9f2c…", printed)


def begun(folder: Path, patch: pytest.MonkeyPatch) -> Day:
    """A clinic with a patient, and the day on which the documents begin."""
    prepare(folder, patch)
    clinic.found(folder)
    clinic.ask(*PATIENT)
    return Day(folder)


def test_a_worked_course_prints_what_the_documents_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = begun(tmp_path, monkeypatch)
    for document in DOCUMENTS:
        steps = list(rerun(document.read_text(), day))
        assert len(steps) > 5
        for command, shown, printed in steps:
            assert printed == shown, command


def test_the_documents_show_every_command() -> None:
    text = "".join(one.read_text() for one in DOCUMENTS)
    shown = [command for block in BLOCK.findall(text) for command, _ in STEP.findall(block)]
    for words in (
        *("course open", "course join", "course harm", "course show", "course end"),
        *("outcome record", "outcome baseline", "outcome miss", "outcome correct"),
        *("outcome answer", "outcome follow-up", "outcome show"),
        *("registry consent", "registry export", "registry exports", "registry report"),
        *("registry pool", "registry withdraw", "registry status"),
    ):
        assert any(words in one for one in shown), words


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patched:
        running = begun(Path(made), patched)
        for document in DOCUMENTS:
            text = document.read_text()
            steps = list(rerun(text, running))

            def filled(block: re.Match[str], left: Iterator[tuple[str, str, str]]) -> str:
                told = (next(left) for _ in STEP.findall(block[1]))
                lines = "".join(f"$ {command}\n{printed}" for command, _, printed in told)
                return f"```console\n{lines}```"

            every = iter(steps)
            document.write_text(BLOCK.sub(lambda one, left=every: filled(one, left), text))

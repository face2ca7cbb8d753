"""Each synthetic patient's own command, as written in its first lines, does what it says."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from assuage.cli import main
from assuage.planning.document import Plan

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
LOCKED = {"alcohol-research"}
# What is done to a record is run in order: test_worked_day.py, test_worked_course.py,
# test_study_document.py, record/.
WITH_RECORD = {"register.md", "record.md", "study.md", "outcomes.md", "registry.md"}
DOCUMENTS = [
    ROOT / "README.md",
    *(one for one in sorted((ROOT / "docs/how-to").glob("*.md")) if one.name not in WITH_RECORD),
]


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Return exit status, standard output and standard error of one command."""
    try:
        main(words)
        status = 0
    except SystemExit as stop:
        status = int(stop.code or 0)
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def command_of(path: Path) -> list[str]:
    line = next(line for line in path.read_text().splitlines() if "assuage plan" in line)
    return shlex.split(line.removeprefix("#"))[1:]


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_plans_or_is_locked(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*command_of(path), "--date", "2026-11-22", "--out", str(tmp_path)]
    status, out, err = run(words, capsys)
    if path.stem in LOCKED:
        assert status == 2
        assert "RESEARCH_LOCK" in err
        assert list(tmp_path.iterdir()) == []
        return
    assert status == 0, err
    made = {one.suffix: one for one in tmp_path.iterdir()}
    assert set(made) == {".html", ".pdf", ".json"}
    assert all(one.name in re.sub(r"\s", "", out) for one in made.values())
    assert made[".pdf"].read_bytes().startswith(b"%PDF")
    content = json.loads(made[".json"].read_text())
    Draft202012Validator(Plan.model_json_schema()).validate(content)
    plan = Plan.model_validate_json(made[".json"].read_text())
    assert plan.verdict.status == "for review", plan.verdict.open


def test_every_kind_of_care_has_an_example() -> None:
    assert len(EXAMPLES) >= 14


# These need a record and people who sign in; test_worked_day.py runs them.
NEEDS_A_RECORD = {
    *("record", "register", "session", "people", "patient"),
    *("course", "outcome", "registry"),
}


def commands_in(document: Path) -> list[list[str]]:
    """Return every `assuage` command of a document, continued lines joined."""
    text = document.read_text().replace("\\\n", " ")
    lines = [line.strip().removeprefix("$ ") for line in text.splitlines()]
    whole = [line for line in lines if re.match(r"assuage [a-z-]", line) and " ... " not in line]
    found = [shlex.split(line)[1:] for line in whole]
    return [words for words in found if words[0] not in NEEDS_A_RECORD]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_command_of_the_documents_works(
    document: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    found = commands_in(document)
    assert found, f"{document.name} shows no command"
    for words in found:
        status, _, err = run(words, capsys)
        assert status == 0, f"assuage {shlex.join(words)}: {err}"

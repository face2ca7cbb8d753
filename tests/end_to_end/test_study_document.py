"""Every command of docs/how-to/study.md, in order, in a clinic with an investigator."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

import clinic

from assuage.evidence.study.protocol import read

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "how-to" / "study.md"


def commands() -> list[list[str]]:
    text = DOCUMENT.read_text().replace("\\\n", " ")
    lines = [one.strip() for one in text.splitlines() if re.match(r" {4}assuage [a-z]", one)]
    return [shlex.split(one)[1:] for one in lines if " ... " not in one]


def test_every_command_works_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.enter(tmp_path, monkeypatch)
    clinic.found(tmp_path)
    with (tmp_path / "passphrases.toml").open("a") as file:
        file.write(f'ines = "{clinic.words_of("ines")}"\n')
    enrol = re.search(r"`assuage (people enrol ines .*?)`", DOCUMENT.read_text())
    assert enrol
    clinic.ask(*shlex.split(enrol[1]))
    shutil.copytree(ROOT / "examples" / "studies", tmp_path / "examples" / "studies")
    monkeypatch.chdir(tmp_path)
    given = commands()
    assert [one[1] for one in given] == ["check", "lock", "report", "unblind", "show", "report"]
    for words in given:
        clinic.ask(*words)
    assert "BLINDED" in (tmp_path / "blinded" / "report.html").read_text()
    assert "NOT pre-specified" in (tmp_path / "report" / "report.html").read_text()


def test_the_document_shows_the_digest_of_its_example() -> None:
    shown = re.search(r"--amends ([0-9a-f]{8,})", DOCUMENT.read_text())
    assert shown
    assert read(ROOT / "examples" / "studies" / "crps-mood.toml").digest.startswith(shown[1])

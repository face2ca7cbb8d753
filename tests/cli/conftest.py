"""A fresh clinic for each test that asks for one."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clinic as clinics
import pytest
from command import Ran, run


@dataclass(frozen=True)
class Clinic:
    """A clinic in a folder, and commands given in it."""

    folder: Path

    def do(self, *words: str) -> str:
        """Give a command that must succeed."""
        ran = run(*words)
        assert ran.status == 0, ran.err
        return ran.out

    def json(self, *words: str) -> Any:
        ran = run(*words, "--json")
        assert ran.status == 0, ran.err
        return ran.json

    def refused(self, *words: str) -> str:
        """Give a command that must be refused, and return the code."""
        ran: Ran = run(*words)
        return ran.code

    def own_passphrase(self, person: str) -> None:
        """Let a person set the same passphrase for themselves."""
        with (self.folder / "passphrases.toml").open("a") as file:
            file.write(f'[new]\n{person} = "{clinics.words_of(person)}"\n')
        self.do("people", "passphrase", person, "--as", person)

    def session(self) -> None:
        """Register a patient and open the session s-1."""
        self.do(*clinics.PATIENT)
        self.do(*clinics.SESSION)

    def draw(self) -> str:
        """Draw a vial for s-1 and return its id."""
        out = self.do("register", "draw", "s-1", clinics.ITEM, "--area", "recovery", "--as", "ana")
        return found("d", out)

    def intend(self, draw: str, amount: str = "35 mg") -> str:
        """Intend a dose and return its id."""
        words = ("session", "intend", "s-1", "--draw", draw, "--amount", amount)
        return found("i", self.do(*words, "--route", "iv", "--as", "ana"))


def found(kind: str, text: str) -> str:
    """Return the first id of a kind in a text."""
    match = re.search(rf"\b{kind}-[0-9a-f]{{10}}\b", text)
    assert match, text
    return match[0]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    clinics.make(folder)
    return folder


@pytest.fixture
def clinic(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    folder = tmp_path / "clinic"
    shutil.copytree(template, folder)
    clinics.enter(folder, monkeypatch)
    return Clinic(folder)

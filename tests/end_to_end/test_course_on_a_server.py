"""A course, its outcomes and the registry on PostgreSQL, by the commands that a nurse gives.

Each way to store and each way to read is taken once, in one process as on the clinic's machine.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assuage.record.chain import Row

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

import clinic
from command import run

from postgres_server import PostgresServer

ROW = ("outcome", "record", "c-1", "phq-9", "--patient", "p-1", "--as", "ana", "--answers")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    clinic.enter(tmp_path, monkeypatch)
    with PostgresServer() as server:
        monkeypatch.setenv("ASSUAGE_RECORD", server.create("record"))
        clinic.found(tmp_path)
        yield tmp_path


def found(kind: str, text: str) -> str:
    """Return the first id of a kind in a text."""
    match = re.search(rf"\b{kind}-[0-9a-f]{{10}}\b", text)
    assert match, text
    return match[0]


def treat(folder: Path) -> None:
    """A course with a baseline, a dose and a harm."""
    clinic.ask(*clinic.PATIENT)
    clinic.ask(*clinic.SESSION)
    clinic.ask(
        *("course", "open", "c-1", "--patient", "p-1", "--indication", "depression"),
        *("--regimen", "depression-iv", "--sessions", "6", "--outcome", "phq-9"),
        *("--primary", "phq-9", "--weight", "70 kg", "--as", "ana"),
    )
    base = found("o", clinic.ask(*ROW, "2,2,3,2,1,2,1,1,1"))
    clinic.ask("outcome", "baseline", "c-1", base, "--as", "ana")
    clinic.ask("outcome", "answer", "c-1", base, "--text", "canary: seen", "--as", "cy")
    clinic.ask("course", "join", "c-1", "s-1", "--as", "ana")
    out = clinic.ask("register", "draw", "s-1", clinic.ITEM, "--area", "recovery", "--as", "ana")
    dose = clinic.ask(
        *("session", "intend", "s-1", "--draw", found("d", out), "--amount", "35 mg"),
        *("--route", "iv", "--as", "ana"),
    )
    confirm = ("session", "confirm", "s-1", found("i", dose), "--amount", "35 mg", "--as", "ana")
    clinic.ask(*confirm)
    harm = ("course", "harm", "c-1", "--term", "nausea", "--grade", "1", "--session", "s-1")
    clinic.ask(*harm, "--note", "canary: Ada fell ill", "--as", "ana")
    consent = ("registry", "consent", "p-1", "--purpose", "registry", "--form", "v2")
    clinic.ask(*consent, "--as", "ana")
    out = str(folder / "e1")
    clinic.ask("registry", "export", "--purpose", "registry", "--out", out, "--as", "mo")


def test_a_course_on_a_server_is_what_it_is_in_a_file(folder: Path) -> None:
    """source: PHQ-9, the sum of its items is 15; 35 mg for 70 kg"""
    treat(folder)
    told = json.loads(clinic.ask("outcome", "show", "c-1", "--as", "ana", "--json"))
    (point,) = told["outcomes"][0]["points"]
    assert (point["baseline"], point["score"]["totals"]) == (True, {"total": 15.0})
    assert "35.0,0.5" in (folder / "e1" / "sessions.csv").read_text()
    assert clinic.ask("outcome", "follow-up", "--as", "ana").startswith("Nothing")
    held = json.loads(clinic.ask("course", "show", "c-1", "--json"))
    assert [(one["term"], one["session"]) for one in held["harms"]] == [("nausea", "s-1")]
    again = run(*ROW, "2,2,3,2,1,2,1,1,1")
    assert again.code == "OUTCOME_REPEATED"
    clinic.ask("record", "verify")
    clinic.ask("registry", "report", "--purpose", "registry", "--as", "mo")
    assert "e-" in clinic.ask("registry", "withdraw", "p-1", "--as", "ana")
    assert not any(b"canary" in row.body for row in rows())


def rows() -> list[Row]:
    from assuage.record.opening import open_store

    store = open_store(os.environ["ASSUAGE_RECORD"])
    try:
        return list(store.read_all())
    finally:
        store.close()

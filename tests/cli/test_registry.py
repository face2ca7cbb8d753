"""The registry from the command line: consent, an export, its log, a report."""

from __future__ import annotations

import json

import pytest
from conftest import Clinic
from test_course import HARM, OPEN
from test_outcome import RISK, ROW

CONSENT = ("registry", "consent", "p-1", "--purpose", "registry", "--form", "v2", "--as", "ana")
NAMES = ("Ada", "Example", "1979", "vein", "canary")


@pytest.fixture
def ready(clinic: Clinic) -> Clinic:
    """One person who was treated and asked."""
    clinic.session()
    clinic.do(*OPEN)
    clinic.do(*ROW, RISK, "--as", "ana")
    clinic.do("course", "join", "c-1", "s-1", "--as", "ana")
    dose = clinic.intend(clinic.draw())
    clinic.do("session", "confirm", "s-1", dose, "--amount", "35 mg", "--as", "ana")
    clinic.do(*HARM, "--note", "canary: Ada fell ill")
    return clinic


def export(clinic: Clinic, out: str, *more: str) -> tuple[str, ...]:
    path = str(clinic.folder / out)
    return ("registry", "export", "--purpose", "registry", "--out", path, "--as", "mo", *more)


def test_nobody_leaves_without_consent(ready: Clinic) -> None:
    assert ready.refused(*export(ready, "e1")) == "EXPORT_EMPTY"
    ready.do(*CONSENT)
    assert ready.refused(*CONSENT) == "CONSENT_UNCHANGED"
    assert ready.json("registry", "status", "p-1")["purposes"] == ["registry"]


def test_an_export_is_files_and_an_event(ready: Clinic) -> None:
    ready.do(*CONSENT)
    told = ready.json(*export(ready, "e1"))
    fact = told["events"][0]["data"]
    held = {path.name: path.read_text() for path in (ready.folder / "e1").iterdir()}
    assert set(held) == {
        *("people.csv", "courses.csv", "sessions.csv", "outcomes.csv", "harms.csv"),
        *("dictionary.csv", "registry.json"),
    }
    for text in held.values():
        assert not any(name in text for name in NAMES)
    assert "35.0,0.5" in held["sessions.csv"]
    (logged,) = ready.json("registry", "exports")["exports"]
    assert (logged["export"], logged["digest"], logged["people"]) == (
        fact["export"],
        fact["digest"],
        1,
    )
    assert json.loads(held["registry.json"])["export"] == fact["export"]
    assert fact["export"] in ready.do("registry", "exports")


def test_a_folder_that_holds_something_is_left_alone(ready: Clinic) -> None:
    ready.do(*CONSENT)
    (ready.folder / "e1").mkdir()
    (ready.folder / "e1" / "mine.txt").write_text("mine")
    assert ready.refused(*export(ready, "e1")) == "FILE_EXISTS"
    assert ready.json("registry", "exports")["exports"] == []


def test_a_repeat_writes_the_same_files_elsewhere(ready: Clinic) -> None:
    ready.do(*CONSENT)
    ready.do(*export(ready, "e1", "--once", "spring"))
    ready.do(*export(ready, "e2", "--once", "spring"))
    first, second = (
        {path.name: path.read_bytes() for path in (ready.folder / one).iterdir()}
        for one in ("e1", "e2")
    )
    assert first == second
    assert len(ready.json("registry", "exports")["exports"]) == 1


def test_an_export_that_was_cut_off_is_finished_by_the_same_command(ready: Clinic) -> None:
    ready.do(*CONSENT)
    ready.do(*export(ready, "e1", "--once", "spring"))
    whole = {path.name: path.read_bytes() for path in (ready.folder / "e1").iterdir()}
    (ready.folder / "e1" / "people.csv").unlink()
    assert ready.refused(*export(ready, "e1")) == "FILE_EXISTS"
    ready.do(*export(ready, "e1", "--once", "spring"))
    assert {path.name: path.read_bytes() for path in (ready.folder / "e1").iterdir()} == whole
    (ready.folder / "e1" / "people.csv").write_text("mine")
    assert ready.refused(*export(ready, "e1", "--once", "spring")) == "FILE_EXISTS"
    assert (ready.folder / "e1" / "people.csv").read_text() == "mine"


def test_a_withdrawal_says_what_cant_be_called_back(ready: Clinic) -> None:
    ready.do(*CONSENT)
    ready.do(*export(ready, "e1"))
    (logged,) = ready.json("registry", "exports")["exports"]
    out = ready.do("registry", "withdraw", "p-1", "--as", "ana")
    assert f"can't be called back: {logged['export']}" in out
    assert ready.refused(*export(ready, "e2")) == "EXPORT_EMPTY"
    assert "no consent stands" in ready.do("registry", "status", "p-1")
    assert logged["export"] in ready.do("registry", "status", "p-1")


def test_a_report_of_one_person_shows_no_count(ready: Clinic) -> None:
    ready.do(*CONSENT)
    report = ("registry", "report", "--purpose", "registry", "--as", "mo")
    told = ready.json(*report)
    assert (told["people"], told["sessions"]) == (None, None)
    assert "All" in ready.do(*report)
    assert ready.refused(*report, "--least-count", "4") == "COUNT_TOO_LOW"
    assert ready.refused(*report, "--window", "week-5") == "VALUE_NOT_ALLOWED"
    assert ready.refused(*report[:-1], "ana") == "ROLE_NOT_PERMITTED"


def test_exports_are_pooled_without_a_record(ready: Clinic) -> None:
    ready.do(*CONSENT)
    ready.do(*export(ready, "e1"))
    out = str(ready.folder / "pooled")
    words = ("registry", "pool", str(ready.folder / "e1"), "--out", out)
    told = ready.json(*words)
    assert {path.name for path in (ready.folder / "pooled").iterdir()} >= {
        "report.html",
        "report.pdf",
        "harms.csv",
    }
    assert told["people"] is None
    assert ready.refused("registry", "pool", out) == "FILE_UNREADABLE"


def test_the_fields_are_listed_with_their_reasons(clinic: Clinic) -> None:
    out = clinic.do("registry", "fields")
    assert "age_band" in out
    assert len(clinic.json("registry", "fields")["field"]) > 40

"""A course from the command line: opened, joined, harmed, ended, shown."""

from __future__ import annotations

import clinic as clinics
import pytest
from conftest import Clinic, found

OPEN = (
    *("course", "open", "c-1", "--patient", "p-1", "--indication", "depression"),
    *("--regimen", "depression-iv", "--sessions", "6", "--outcome", "phq-9"),
    *("--outcome", "nrs-pain", "--primary", "phq-9", "--weight", "70 kg", "--as", "ana"),
)
HARM = ("course", "harm", "c-1", "--term", "nausea", "--grade", "1", "--as", "ana")


@pytest.fixture
def ready(clinic: Clinic) -> Clinic:
    clinic.session()
    clinic.do(*OPEN)
    return clinic


def test_a_course_opens_once_for_a_patient_who_is_there(clinic: Clinic) -> None:
    assert clinic.refused(*OPEN) == "PATIENT_UNKNOWN"
    clinic.do(*clinics.PATIENT)
    told = clinic.json(*OPEN)
    assert {one["kind"] for one in told["events"]} == {
        "CourseOpened",
        "PersonDescribed",
        "CourseBegan",
    }
    assert "70000" not in str(told)
    assert clinic.refused(*OPEN) == "COURSE_EXISTS"
    shown = clinic.json("course", "show", "c-1")
    assert (shown["patient"], shown["sessions_planned"]) == ("p-1", 6)
    assert [(one["instrument"], one["role"]) for one in shown["outcomes"]] == [
        ("phq-9", "primary"),
        ("nrs-pain", "pre-specified"),
    ]


@pytest.mark.parametrize("weight", ["70", "seventy kg", "70,5 kg", "7000 kg", "-70 kg"])
def test_a_bad_weight_is_refused_before_anybody_signs(clinic: Clinic, weight: str) -> None:
    (clinic.folder / "passphrases.toml").unlink()
    words = [one for one in OPEN if one not in ("--weight", "70 kg")]
    told = clinic.refused(*words, f"--weight={weight}")
    assert told not in ("PASSPHRASES_UNSAFE", "INTERNAL_FAULT")


def test_a_session_joins_and_the_course_ends(ready: Clinic) -> None:
    ready.do("course", "join", "c-1", "s-1", "--as", "ana")
    assert ready.refused("course", "join", "c-1", "s-1", "--as", "ana") == "SESSION_UNFITTING"
    assert "no dose" in ready.do("course", "show", "c-1")
    ready.do("course", "part", "c-1", "s-1", "--reason", "a slip", "--as", "ana")
    assert ready.json("course", "show", "c-1")["sessions"] == []
    ready.do("course", "describe", "c-1", "--weight", "68.5 kg", "--as", "ana")
    assert ready.refused("course", "describe", "c-1", "--as", "ana") == "OPTION_MISSING"
    out = ready.do("course", "end", "c-1", "--why", "completed", "--as", "ana")
    assert "completed" in out
    assert ready.refused("course", "end", "c-1", "--why", "harm", "--as", "ana") == "COURSE_ENDED"
    ready.do("course", "reopen", "c-1", "--reason", "the wrong course", "--as", "ana")
    assert ready.json("course", "show", "c-1")["end_reason"] is None
    ready.do("course", "end", "c-1", "--why", "completed", "--as", "ana")
    told = ready.json("course", "list")["courses"]
    assert [(one["course"], one["state"]) for one in told] == [("c-1", "ended: completed")]
    assert ready.json("course", "list", "--patient", "p-1")["courses"] == told
    assert ready.refused("course", "list", "--patient", "p-2") == "PATIENT_UNKNOWN"


def test_a_harm_is_told_corrected_and_withdrawn(ready: Clinic) -> None:
    ready.do("course", "join", "c-1", "s-1", "--as", "ana")
    worse = ("--serious", "hospitalisation", "--session", "s-1", "--relation", "possible")
    first = ready.do(*HARM, *worse)
    assert "Patient p-1, course c-1" in first
    told = found("h", first)
    (before,) = ready.json("course", "show", "c-1")["harms"]
    right = ("--term", "vomiting", "--grade", "2", "--reason", "the wrong row", "--as", "ana")
    out = ready.json("course", "correct-harm", "c-1", told, *right)
    assert "wrong row" not in str(out)
    (shown,) = ready.json("course", "show", "c-1")["harms"]
    assert shown == before | {"term": "vomiting", "grade": 2}
    neither = ("course", "correct-harm", "c-1", told, "--reason", "x", "--as", "ana")
    assert ready.refused(*neither) == "OPTION_MISSING"
    ready.do(*neither, "--withdraw")
    assert ready.json("course", "show", "c-1")["harms"] == []
    assert ready.refused(*HARM, "--serious", "yes") == "VALUE_NOT_ALLOWED"
    assert ready.refused(*HARM, "--at", "2999-01-01 10:00") == "TIME_IN_FUTURE"


def test_the_same_command_counts_once(ready: Clinic) -> None:
    first = ready.json(*HARM, "--once", "h1")
    again = ready.json(*HARM, "--once", "h1")
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert len(ready.json("course", "show", "c-1")["harms"]) == 1


def test_who_may_not_opens_no_course(ready: Clinic) -> None:
    for person in ("pat", "dee", "olu", "mo"):
        words = [*HARM[:-1], person]
        assert ready.refused(*words) == "ROLE_NOT_PERMITTED"

"""Outcomes from the command line: in one line by a person in a hurry, and followed up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from conftest import Clinic, found
from test_course import OPEN

from assuage.clock import SystemClock

ROW = ("outcome", "record", "c-1", "phq-9", "--answers")
LOW, RISK = "1,1,1,1,1,1,1,1,0", "2,2,3,2,1,2,1,1,1"


@pytest.fixture
def ready(clinic: Clinic) -> Clinic:
    clinic.session()
    clinic.do(*OPEN)
    return clinic


def test_a_row_of_answers_is_scored_in_the_answer(ready: Clinic) -> None:
    """source: PHQ-9, the sum of its items: 8 and 15; phq-9.toml for the bands"""
    out = ready.do(*ROW, LOW, "--patient", "p-1", "--as", "ana")
    assert "PHQ-9 total: 8, mild" in out
    assert "Patient p-1, course c-1" in out
    assert "MUST FOLLOW" not in out
    (point,) = ready.json("outcome", "show", "c-1", "--as", "ana")["outcomes"][0]["points"]
    assert point["score"]["totals"] == {"total": 8.0}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("1,1,1,1,1,1,1,1", "DATA_INVALID"),
        ("1,1,1,1,1,1,1,1,4", "ANSWER_IMPOSSIBLE"),
        ("1,1,1,1,1,1,1,1,x", "ANSWER_IMPOSSIBLE"),
        ("1,1,1,1,1,1,1,1,NaN", "ANSWER_IMPOSSIBLE"),
        (",,,,,,,,", "DATA_INVALID"),
    ],
)
def test_a_bad_row_stores_nothing(ready: Clinic, answers: str, told: str) -> None:
    assert ready.refused(*ROW, answers, "--as", "ana") == told
    assert ready.json("course", "show", "c-1")["outcomes"][0]["recorded"] == 0


def test_a_wrong_patient_is_noticed(ready: Clinic) -> None:
    assert ready.refused(*ROW, LOW, "--patient", "p-2", "--as", "ana") == "COURSE_OF_OTHER"


def test_what_is_raised_is_said_listed_and_answered(ready: Clinic) -> None:
    told = ready.json(*ROW, RISK, "--as", "ana")
    assert [one["alarm"] for one in told["must_follow"]] == ["suicidal-thoughts"]
    outcome = told["events"][0]["data"]["outcome"]
    (open_,) = ready.json("outcome", "follow-up", "--as", "ben")["open"]
    assert (open_["outcome"], open_["patient"]) == (outcome, "p-1")
    assert outcome in ready.do("course", "show", "c-1")
    assert "C-SSRS" in ready.do("outcome", "follow-up", "--as", "ben")
    done = ("outcome", "answer", "c-1", outcome, "--text", "no plan, seen", "--as", "cy")
    assert "no plan" not in str(ready.json(*done))
    assert ready.refused(*done) == "FOLLOW_UP_NOT_OPEN"
    assert ready.do("outcome", "follow-up", "--as", "ben").startswith("Nothing")
    for words in (("outcome", "follow-up"), ("outcome", "show", "c-1")):
        assert ready.refused(*words, "--as", "pat") == "ROLE_NOT_PERMITTED"


def test_the_answer_on_a_terminal_says_what_must_follow(ready: Clinic) -> None:
    out = ready.do(*ROW, RISK, "--as", "ana")
    assert "MUST FOLLOW" in out
    assert f"assuage outcome answer c-1 {found('o', out)}" in out


def test_an_unanswered_question_is_not_told_as_if_it_had_been_said(ready: Clinic) -> None:
    out = ready.do(*ROW, "1,0,1,0,0,0,0,0,", "--as", "ana")
    assert "NOT RULED OUT, an answer is missing, ask:" in out
    assert "MUST FOLLOW" not in out
    assert "NOT RULED OUT" in ready.do("outcome", "follow-up", "--as", "ben")


def test_change_is_told_from_the_declared_baseline_alone(ready: Clinic) -> None:
    before = SystemClock().utc_now() - timedelta(days=3)
    at = before.isoformat(sep=" ", timespec="minutes")
    base = found("o", ready.do(*ROW, RISK, "--at", at, "--as", "ana"))
    assert "no baseline was declared" in ready.do("outcome", "show", "c-1", "--as", "ana")
    ready.do("outcome", "baseline", "c-1", base, "--as", "ana")
    assert ready.refused("outcome", "baseline", "c-1", base, "--as", "ana") == "BASELINE_UNFITTING"
    ready.do(*ROW, LOW, "--as", "ana")
    told = ready.json("outcome", "show", "c-1", "--as", "ana")["outcomes"][0]
    assert (told["baseline"], told["points"][1]["change"]) == (base, -7)
    assert "-7" in ready.do("outcome", "show", "c-1", "--as", "ana")


def test_an_outcome_is_corrected_withdrawn_and_missed(ready: Clinic) -> None:
    told = found("o", ready.do(*ROW, LOW, "--as", "ana"))
    change = ("outcome", "correct", "c-1", told, "--reason", "misread", "--as", "ana")
    assert ready.refused(*change) == "OPTION_MISSING"
    assert "total: 9" in ready.do(*change, "--answers", "2,1,1,1,1,1,1,1,0")
    ready.do(*change, "--withdraw")
    assert ready.refused(*change, "--withdraw") == "OUTCOME_UNKNOWN"
    again = found("o", ready.do(*ROW, LOW, "--as", "ana"))
    withdraw = ("outcome", "correct", "c-1", again, "--withdraw", "--reason", "x", "--as", "ana")
    for repeated in (False, True):
        assert ready.json(*withdraw, "--once", "w1")["repeated"] is repeated
    miss = ("outcome", "miss", "c-1", "phq-9", "--why", "declined", "--as", "ana", "--due")
    assert ready.refused(*miss, "22 Nov") == "VALUE_NOT_ALLOWED"
    assert ready.refused(*miss, "2019-01-05") == "OUTCOME_STALE"
    due = str(SystemClock().utc_now().date() - timedelta(days=3))
    missed = found("m", ready.do(*miss, due))
    show = ("outcome", "show", "c-1", "--as", "ana")
    assert f"Missed on {due}: declined" in ready.do(*show)
    wrong = ("outcome", "correct", "c-1", missed, "--reason", "wrong patient", "--as", "ana")
    assert ready.refused(*wrong, "--answers", LOW) == "OUTCOME_UNKNOWN"
    ready.do(*wrong, "--withdraw")
    assert "Missed on" not in ready.do(*show)
    assert ready.refused(*wrong, "--withdraw") == "OUTCOME_UNKNOWN"


def test_a_form_typed_in_twice_counts_once(ready: Clinic) -> None:
    first = ready.json(*ROW, RISK, "--once", "form-1", "--as", "ana")
    again = ready.json(*ROW, RISK, "--once", "form-1", "--as", "ana")
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert again["must_follow"] == first["must_follow"]
    assert ready.refused(*ROW, RISK, "--as", "ben") == "OUTCOME_REPEATED"
    assert ready.json("course", "show", "c-1")["outcomes"][0]["recorded"] == 1


def test_after_an_erasure_the_points_stay_without_scores(ready: Clinic) -> None:
    ready.do(*ROW, LOW, "--as", "ana")
    words = ("record", "erase", "p-1", "--reason", "asked", "--as", "mo", "--witness", "ben")
    ready.own_passphrase("ben")
    ready.do(*words)
    assert "erased" in ready.do("outcome", "show", "c-1", "--as", "ana")
    assert ready.refused(*ROW, LOW, "--as", "ana") == "PATIENT_ERASED"
    (told, _) = ready.json("outcome", "show", "c-1", "--as", "ana")["outcomes"]
    assert [one["score"] for one in told["points"]] == [None]


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_view_fits_the_terminal(
    ready: Clinic, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ready.do(*ROW, RISK, "--as", "ana")
    for words in (("outcome", "show", "c-1", "--as", "ana"), ("course", "show", "c-1")):
        out = ready.do(*words)
        lines = [line for line in out.splitlines() if not line.startswith(("Head", "Course"))]
        assert max(map(len, lines)) <= int(columns)

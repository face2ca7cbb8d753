"""What is recorded is answers; what they raise stays until a person has looked."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from assuage.care import course
from assuage.care.outcomes import facts as f
from assuage.care.outcomes import recording
from assuage.care.outcomes.recording import NewOutcome
from assuage.knowledge import library
from assuage.record import chain
from assuage.record.store import StoreFailed
from assuage.refusals import Refused
from care.world import SOUTH, START, World, code, refusal

from .treated import (
    NRS,
    PHQ,
    asked,
    dose,
    ended,
    erase,
    meanwhile,
    phq,
    ready,
    session,
    stored_bytes,
    treated,
    view,
)

DAY = timedelta(days=1)


@pytest.fixture
def w() -> World:
    return ready()


def record(w: World, new: NewOutcome, *, again: bool = False, whose: str = "") -> str:
    desk = w.desk("nia")
    return code(lambda: recording.record(desk, "c1", new, patient=whose, again=again))


# What can be recorded.


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (NewOutcome(PHQ, phq(9)), "ok"),
        (NewOutcome(PHQ, phq(9) | {"q1": 4}), "ANSWER_IMPOSSIBLE"),
        (NewOutcome(PHQ, phq(9) | {"q1": "-1"}), "ANSWER_IMPOSSIBLE"),
        (NewOutcome(PHQ, phq(9) | {"q1": float("nan")}), "ANSWER_IMPOSSIBLE"),
        (NewOutcome(PHQ, phq(9) | {"q1": "1.5"}), "ANSWER_IMPOSSIBLE"),
        (NewOutcome(PHQ, {"q10": 1}), "ANSWER_IMPOSSIBLE"),
        (NewOutcome(PHQ, {}), "DATA_INVALID"),
        (NewOutcome("phq", phq(9)), "VALUE_NOT_ALLOWED"),
        (NewOutcome("eq-5d-5l", {}), "INSTRUMENT_NOT_SCORED"),
        (NewOutcome(PHQ, phq(9), rated_by="clinician"), "VALUE_NOT_ALLOWED"),
        (NewOutcome(PHQ, phq(9), guess="placebo"), "VALUE_NOT_ALLOWED"),
        (NewOutcome(PHQ, phq(9), guess="unsure"), "ok"),
        (NewOutcome(PHQ, phq(9), session="s1"), "OPTION_CONFLICT"),
        (NewOutcome(PHQ, phq(9), phase="before"), "OPTION_CONFLICT"),
        (NewOutcome(PHQ, phq(9), session="s9", phase="before"), "SESSION_UNKNOWN"),
        (NewOutcome(PHQ, phq(9), session="s1", phase="before"), "SESSION_UNFITTING"),
        (NewOutcome(PHQ, phq(9), at=START + timedelta(minutes=6)), "TIME_IN_FUTURE"),
        (NewOutcome(PHQ, phq(9), at=START + timedelta(minutes=5)), "ok"),
        (NewOutcome(PHQ, phq(9), at=START - 90 * DAY), "ok"),
        (NewOutcome(PHQ, phq(9), at=START - 91 * DAY), "OUTCOME_STALE"),
        (NewOutcome(PHQ, phq(9), at=START - 365 * DAY), "OUTCOME_STALE"),
    ],
)
def test_what_can_be_recorded(w: World, new: NewOutcome, told: str) -> None:
    session(w, "s1")  # of the same patient, but of no course
    head = w.record.head()
    assert record(w, new) == told
    assert (w.record.head() != head) is (told == "ok")


def test_a_stale_date_is_told_with_the_date(w: World) -> None:
    desk = w.desk("nia")
    new = NewOutcome(PHQ, phq(9), at=datetime(2025, 3, 4, 9, tzinfo=UTC))
    assert "2025-03-04" in str(refusal(lambda: recording.record(desk, "c1", new)))


def test_whose_course_it_is_can_be_made_sure(w: World) -> None:
    assert record(w, NewOutcome(PHQ, phq(9)), whose="p2") == "COURSE_OF_OTHER"
    assert record(w, NewOutcome(PHQ, phq(9)), whose="p1") == "ok"
    w.found(SOUTH)
    desk = w.desk("nia", site=SOUTH)
    new = NewOutcome(PHQ, phq(9))
    assert code(lambda: recording.record(desk, "c1", new)) == "COURSE_ELSEWHERE"
    assert code(lambda: recording.record(w.desk("nia"), "c9", new)) == "COURSE_UNKNOWN"


def test_where_both_sides_may_rate_somebody_says_who(w: World) -> None:
    both = next(
        one.id
        for one in library.instruments()
        if one.filled_by == "patient-or-clinician" and one.item
    )
    item = library.instrument(both).item[0]
    low = library.instrument(both).scale_of(item).low
    new = NewOutcome(both, {item.id: low})
    assert record(w, new) == "OPTION_MISSING"
    assert record(w, NewOutcome(both, {item.id: low}, rated_by="self")) == "ok"
    assert record(w, NewOutcome(both, {item.id: low}, rated_by="clinician")) == "ok"


# Phase against the session: minutes from its opening (dose at 60, end at 120), the outcome.
@pytest.mark.parametrize(
    ("phase", "minute", "told"),
    [
        ("before", -2000, "ok"),
        ("before", 59, "ok"),
        ("before", 61, "OUTCOME_TIMING"),
        ("during", -1, "OUTCOME_TIMING"),
        ("during", 90, "ok"),
        ("during", 121, "OUTCOME_TIMING"),
        ("after", -1, "OUTCOME_TIMING"),
        ("after", 121, "ok"),
        ("after", 5000, "ok"),
        ("later", 121, "VALUE_NOT_ALLOWED"),
    ],
)
def test_a_phase_fits_the_time_of_its_session(w: World, phase: str, minute: int, told: str) -> None:
    w.clock.go(days=2)
    start = w.clock.instant
    session(w, "s1")
    course.join(w.desk("nia"), "c1", "s1")
    w.clock.go(hours=1)
    dose(w, "s1")
    w.clock.go(hours=1)
    ended(w, "s1")
    w.clock.go(days=5)
    at = start + timedelta(minutes=minute)
    assert record(w, NewOutcome(PHQ, phq(9), at, session="s1", phase=phase)) == told
    if told == "ok":
        (held,) = view(w).outcomes.values()
        assert held.told is not None
        # source: the calendar, of days that are counted by hand: 9:00 plus so many minutes
        assert held.told.day == {-2000: -2, 59: 0, 90: 0, 121: 0, 5000: 3}[minute]


# One form typed in twice.


def test_the_same_command_counts_once(w: World) -> None:
    desk = w.desk("nia", command="once")
    first = recording.record(desk, "c1", NewOutcome(PHQ, phq(20)))
    again = recording.record(desk, "c1", NewOutcome(PHQ, phq(20)))
    assert [one.hash for one in first.events] == [one.hash for one in again.events]
    assert first.score == again.score
    assert len(view(w).outcomes) == 1


def test_a_form_that_is_typed_in_twice_is_seen(w: World) -> None:
    assert record(w, NewOutcome(PHQ, phq(9))) == "ok"
    assert record(w, NewOutcome(PHQ, phq(10))) == "OUTCOME_REPEATED"  # at the same minute
    assert record(w, NewOutcome(PHQ, phq(10)), again=True) == "OUTCOME_REPEATED"
    w.clock.go(hours=1)
    assert record(w, NewOutcome(PHQ, phq(9))) == "OUTCOME_REPEATED"  # the same answers
    assert record(w, NewOutcome(PHQ, phq(9)), again=True) == "ok"
    w.clock.go(hours=1)
    assert record(w, NewOutcome(PHQ, phq(10))) == "ok"
    assert record(w, NewOutcome(NRS, {"q1": 3})) == "ok"
    w.clock.go(days=1)
    assert record(w, NewOutcome(PHQ, phq(9))) == "ok"  # another day


def test_two_who_type_the_same_form_at_once_store_it_once(w: World) -> None:
    new = NewOutcome(PHQ, phq(9))
    other = w.desk("noa")

    def theirs() -> None:
        recording.record(type(other)(w.record, w.clock, other.site_id, other.by), "c1", new)

    meanwhile(w, theirs)
    assert record(w, new) == "OUTCOME_REPEATED"
    (held,) = view(w).outcomes.values()
    assert held.by == "noa"


def test_what_a_failing_disk_may_have_stored_counts_once(w: World) -> None:
    """The disk fails after the events are on it; the same command is given again."""
    store: Any = w.record.store
    plain = store.append

    def append(*given: Any) -> Any:
        store.append = plain
        plain(*given)
        raise StoreFailed("here", "the power was cut")

    desk = w.desk("nia", command="form-1")
    store.append = append
    new = NewOutcome(PHQ, phq(17, 1))
    told = refusal(lambda: recording.record(desk, "c1", new))
    assert told.code == "RECORD_UNSURE"
    assert "form-1" in told.remedy
    again = recording.record(desk, "c1", new)
    assert [one.alarm.id for one in again.follow] == ["suicidal-thoughts"]
    assert len(view(w).outcomes) == len(recording.follow_ups(w.desk("nia"))) == 1


def test_what_a_failing_disk_did_not_store_is_stored_by_the_repeat(w: World) -> None:
    store: Any = w.record.store
    plain = store.append

    def append(*_given: Any) -> Any:
        store.append = plain
        raise StoreFailed("here", "the power was cut")

    desk = w.desk("nia", command="form-1")
    store.append = append
    new = NewOutcome(PHQ, phq(9))
    assert code(lambda: recording.record(desk, "c1", new)) == "RECORD_UNSURE"
    assert view(w).outcomes == {}
    assert code(lambda: recording.record(desk, "c1", new)) == "ok"
    assert len(view(w).outcomes) == 1


# What is stored.


def test_no_answer_and_no_word_stands_in_the_clear(w: World) -> None:
    told = asked(w, phq(17, 2), guess="active")
    recording.correct(w.desk("nia"), "c1", told, phq(16, 2), "Ada misread it")
    recording.answer(w.desk("dia"), "c1", told, "Ada was seen")
    recording.miss(w.desk("nia"), "c1", PHQ, date(2026, 3, 3), "declined", "Ada was angry")
    held = stored_bytes(w)
    for secret in (b"Ada", b"misread", b"seen", b"angry", b"guess", b'"q9"', b"suicid"):
        assert secret not in held
    assert b'"active"' not in held


def test_a_canary_in_the_clear_would_be_seen(w: World) -> None:
    course.end(w.desk("nia"), "c1", "completed")
    assert b'"completed"' in stored_bytes(w)


def test_erasure_makes_answers_unreadable_and_keeps_counts(w: World) -> None:
    told = asked(w, 12, guess="active")
    w.clock.go(days=1)
    asked(w, 9)
    before = view(w)
    counts = (len(before.outcomes), before.version, before.standing(PHQ)[0][1].assessed_at)
    assert recording.scored(w.record, before.standing(PHQ)[0][1]) is not None
    erase(w)
    after = w.record.rebuild(course.Course, "course/c1")
    assert (len(after.outcomes), after.version, after.standing(PHQ)[0][1].assessed_at) == counts
    for _, held in after.standing():
        assert recording.scored(w.record, held) is None
        assert recording.opened_body(w.record, held.answers) is None
    assert chain.verify(w.record.store.read_all()).fault is None
    desk = w.desk("nia")
    assert record(w, NewOutcome(PHQ, phq(9))) == "PATIENT_ERASED"
    assert code(lambda: recording.correct(desk, "c1", told, None, "r")) == "PATIENT_ERASED"
    missed = code(lambda: recording.miss(desk, "c1", PHQ, date(2026, 3, 3), "other", "x"))
    assert missed == "ok"  # a visit that was due is still data


def test_fractions_are_stored_as_text_and_read_back_exactly(w: World) -> None:
    """source: the same digits, written without an exponent"""
    told = asked(w, {"q1": 7}, instrument=NRS)
    held = view(w).outcomes[told].told
    assert held is not None
    text = w.record.keyring.open(held.answers)
    assert text is not None
    assert json.loads(text) == {"answers": {"q1": "7"}, "guess": None}
    assert recording._text(0.1) == "0.1"
    assert recording._text(1e-7) == "0.0000001"
    assert recording._text(20.0) == "20"


# Corrections and baselines.


def test_a_correction_names_the_event_that_it_corrects(w: World) -> None:
    told = asked(w, 12)
    version = view(w).outcomes[told].version
    recording.correct(w.desk("noa"), "c1", told, phq(11), "misread")
    last = list(w.record.events("course/c1"))[-1].fact
    assert isinstance(last, f.OutcomeCorrected)
    assert (last.outcome, last.corrects) == (told, version)
    held = view(w).outcomes[told]
    assert held.told is not None
    score = recording.scored(w.record, held.told)
    assert score is not None
    assert (score.main, held.corrected, held.by) == (11, 1, "nia")
    assert code(lambda: recording.correct(w.desk("nia"), "c1", told, {"q1": 9}, "r")) == (
        "ANSWER_IMPOSSIBLE"
    )
    recording.correct(w.desk("nia"), "c1", told, None, "wrong patient")
    assert view(w).standing() == []
    for answers in (None, phq(3)):
        again = code(lambda given=answers: recording.correct(w.desk("nia"), "c1", told, given, "r"))
        assert again == "OUTCOME_UNKNOWN"


def test_a_baseline_is_declared_once_and_a_change_names_the_old_one(w: World) -> None:
    first = asked(w, 20)
    w.clock.go(hours=2)
    second = asked(w, 18)
    desk = w.desk("nia")
    assert code(lambda: recording.declare_baseline(desk, "c1", "o-0")) == "OUTCOME_UNKNOWN"
    recording.declare_baseline(desk, "c1", first)
    assert code(lambda: recording.declare_baseline(desk, "c1", first)) == "BASELINE_UNFITTING"
    recording.declare_baseline(desk, "c1", second)
    last = list(w.record.events("course/c1"))[-1].fact
    assert isinstance(last, f.BaselineDeclared)
    assert (last.outcome, last.replaces, last.instrument) == (second, first, PHQ)


def test_what_came_after_the_first_dose_is_no_baseline(w: World) -> None:
    treated(w)
    early = asked(w, 20, at=w.clock.instant - timedelta(hours=3))
    w.clock.go(days=1)
    late = asked(w, 10)
    w.clock.go(hours=1)
    empty = asked(w, {"q1": 1})  # no total: too few items
    desk = w.desk("nia")
    assert code(lambda: recording.declare_baseline(desk, "c1", late)) == "BASELINE_UNFITTING"
    assert code(lambda: recording.declare_baseline(desk, "c1", empty)) == "BASELINE_UNFITTING"
    assert code(lambda: recording.declare_baseline(desk, "c1", early)) == "ok"


# What must follow.


def test_thoughts_of_suicide_stay_open_until_a_person_answers(w: World) -> None:
    new = NewOutcome(PHQ, phq(17, 1))
    stored = recording.record(w.desk("nia"), "c1", new)
    assert [one.alarm.id for one in stored.follow] == ["suicidal-thoughts"]
    assert all(one.alarm.remedy for one in stored.follow)
    (open_,) = recording.follow_ups(w.desk("nia"))
    told = open_.outcome.id
    assert (open_.patient, open_.instrument) == ("p1", PHQ)
    assert open_.alarms == stored.follow
    desk = w.desk("dia")
    assert code(lambda: recording.answer(desk, "c1", told, " ")) == "FIELD_INVALID"
    assert code(lambda: recording.answer(desk, "c1", "o-0", "x")) == "FOLLOW_UP_NOT_OPEN"
    events = recording.answer(desk, "c1", told, "asked, no plan")
    assert events[0].by.person == "dia"
    assert recording.follow_ups(w.desk("nia")) == ()
    assert code(lambda: recording.answer(desk, "c1", told, "again")) == "FOLLOW_UP_NOT_OPEN"


def test_an_item_left_empty_rules_nothing_out(w: World) -> None:
    without = {name: value for name, value in phq(9).items() if name != "q9"}
    stored = recording.record(w.desk("nia"), "c1", NewOutcome(PHQ, without))
    assert [(one.alarm.id, one.certain) for one in stored.follow] == [("suicidal-thoughts", False)]
    assert len(recording.follow_ups(w.desk("nia"))) == 1


def test_the_suicide_screener_raises_what_it_finds(w: World) -> None:
    items = library.instrument("c-ssrs-screener").item
    stored = recording.record(
        w.desk("nia"),
        "c1",
        NewOutcome("c-ssrs-screener", {one.id: 1 for one in items}, rated_by="clinician"),
    )
    assert "high-risk" in [one.alarm.id for one in stored.follow]


def test_a_correction_and_an_erasure_answer_nothing(w: World) -> None:
    told = asked(w, phq(17, 3))
    recording.correct(w.desk("nia"), "c1", told, phq(14, 0), "misread")
    assert len(recording.follow_ups(w.desk("nia"))) == 1
    recording.correct(w.desk("nia"), "c1", told, None, "wrong patient")
    (open_,) = recording.follow_ups(w.desk("nia"))
    assert (open_.instrument, open_.alarms) == ("", None)
    erase(w)
    assert len(recording.follow_ups(w.desk("nia"))) == 1
    recording.answer(w.desk("dia"), "c1", told, "nobody of ours")
    assert recording.follow_ups(w.desk("nia")) == ()


def test_a_correction_can_raise_what_was_not_there(w: World) -> None:
    told = asked(w, phq(14, 0))
    assert recording.follow_ups(w.desk("nia")) == ()
    stored = recording.correct(w.desk("nia"), "c1", told, phq(14, 2), "item 9 was overlooked")
    assert stored.follow
    recording.answer(w.desk("dia"), "c1", told, "seen")
    recording.correct(w.desk("nia"), "c1", told, phq(14, 3), "it was 3")
    assert len(recording.follow_ups(w.desk("nia"))) == 1


# Missed, and typed in one row.


def test_a_missed_visit_is_data(w: World) -> None:
    desk = w.desk("nia")
    day = date(2026, 3, 4)
    assert code(lambda: recording.miss(desk, "c1", PHQ, day, "bored")) == "VALUE_NOT_ALLOWED"
    assert code(lambda: recording.miss(desk, "c1", PHQ, day + DAY, "declined")) == "TIME_IN_FUTURE"
    assert code(lambda: recording.miss(desk, "c1", PHQ, day, "declined", "was angry")) == "ok"
    assert code(lambda: recording.miss(desk, "c1", PHQ, day, "other")) == "OUTCOME_REPEATED"
    assert code(lambda: recording.miss(desk, "c1", NRS, day, "other")) == "ok"
    assert [one.why for one in view(w).missed.values()] == ["declined", "other"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0,1,2,3,0,1,2,3,0", dict(zip([f"q{n}" for n in range(1, 10)], "012301230", strict=True))),
        ("0, 1 ,2,3,0,1,2,3,", None),
        ("0,1,2,3,0,1,2,3,-", None),
        ("0,1,2,3,0,1,2,3,.", None),
    ],
)
def test_answers_are_typed_in_one_row(text: str, told: dict[str, str] | None) -> None:
    held = recording.in_order(library.instrument(PHQ), text)
    if told is None:
        assert list(held.values()) == [*"01230123", None]
    else:
        assert held == told


@pytest.mark.parametrize("text", ["", "1", "0,1,2,3,0,1,2,3", "0,1,2,3,0,1,2,3,0,1", "012301230"])
def test_a_row_that_is_too_short_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="9 items"):
        recording.in_order(library.instrument(PHQ), text)


def test_who_may_not_sees_nothing(w: World) -> None:
    for person in ("pia", "aud", "max", "rev"):
        desk = w.desk(person)
        assert code(lambda desk=desk: recording.follow_ups(desk)) == "ROLE_NOT_PERMITTED"

"""Harms are told with both denominators, and none is lost when a person is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.care import course
from assuage.care.outcomes import harms
from assuage.care.outcomes.harms import ANY, Exposed, NewHarm
from care.world import START, World, code

from .treated import erase, harmed, opened, ready, stored_bytes, treated, view

HARM = NewHarm("nausea", 1, "no", "possible", "none")
NOTHING = NewHarm("", 0, "", "", "")
DAY = timedelta(days=1)
TERMS = ("nausea", "liver", "fall")


@pytest.fixture
def w() -> World:
    return ready()


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (HARM, "ok"),
        (NewHarm("sickness", 1, "no", "possible", "none"), "VALUE_NOT_ALLOWED"),
        (NewHarm("nausea", 0, "no", "possible", "none"), "VALUE_NOT_ALLOWED"),
        (NewHarm("nausea", 6, "no", "possible", "none"), "VALUE_NOT_ALLOWED"),
        (NewHarm("nausea", 1, "yes", "possible", "none"), "VALUE_NOT_ALLOWED"),
        (NewHarm("nausea", 1, "no", "sure", "none"), "VALUE_NOT_ALLOWED"),
        (NewHarm("nausea", 1, "no", "possible", "waited"), "VALUE_NOT_ALLOWED"),
        (NewHarm("other", 1, "no", "possible", "none"), "OPTION_MISSING"),
        (NewHarm("other", 1, "no", "possible", "none", note="a rash"), "ok"),
        (NewHarm("nausea", 1, "no", "possible", "none", session="s9"), "SESSION_UNFITTING"),
        (NewHarm("nausea", 1, "no", "possible", "none", session="s1"), "ok"),
        (NewHarm("liver", 5, "no", "possible", "none"), "OPTION_CONFLICT"),
        (NewHarm("liver", 5, "hospitalisation", "possible", "none"), "OPTION_CONFLICT"),
        (NewHarm("liver", 3, "death", "possible", "none"), "OPTION_CONFLICT"),
        (NewHarm("liver", 4, "no", "possible", "none"), "OPTION_CONFLICT"),
        (NewHarm("liver", 5, "death", "possible", "none"), "ok"),
        (NewHarm("liver", 4, "life-threatening", "possible", "none"), "ok"),
        (NewHarm("nausea", 1, "no", "possible", "none", START - 365 * DAY), "OUTCOME_STALE"),
        (NewHarm("nausea", 1, "no", "possible", "none", START - DAY), "ok"),
        (NewHarm("nausea", 1, "no", "possible", "none", START - DAY, "s1"), "OUTCOME_TIMING"),
    ],
)
def test_what_a_harm_can_be(w: World, new: NewHarm, told: str) -> None:
    treated(w)
    assert code(lambda: harms.record(w.desk("nia"), "c1", new)) == told


def test_a_harm_can_be_corrected_and_withdrawn(w: World) -> None:
    told = harmed(w)
    desk = w.desk("noa")
    worse = NewHarm("vomiting", 2, "no", "probable", "slowed")
    harms.correct(desk, "c1", told, worse, "wrong row")
    held = view(w).harms[told].told
    assert held is not None
    assert (held.term, held.grade) == ("vomiting", 2)
    harms.correct(desk, "c1", told, None, "wrong patient")
    assert view(w).harms[told].told is None
    for right in (worse, None):
        again = code(lambda new=right: harms.correct(desk, "c1", told, new, "r"))
        assert again == "HARM_UNKNOWN"


def test_a_correction_changes_nothing_that_it_doesnt_say(w: World) -> None:
    treated(w)
    told = harmed(w, "other", where="s1", grade=3, serious="hospitalisation", note="Ada fell ill")
    before = view(w).harms[told].told
    assert before is not None
    w.clock.go(days=3)
    desk = w.desk("noa")
    harms.correct(desk, "c1", told, replace(NOTHING, relation="unlikely"), "seen again")
    assert view(w).harms[told].told == before.model_copy(update={"relation": "unlikely"})
    worse = replace(NOTHING, grade=5)  # what stays must still fit what is said anew
    assert code(lambda: harms.correct(desk, "c1", told, worse, "r")) == "OPTION_CONFLICT"
    early = replace(NOTHING, onset_at=START - DAY)
    assert code(lambda: harms.correct(desk, "c1", told, early, "r")) == "OUTCOME_TIMING"
    course.part(desk, "c1", "s1", "of another course")
    assert code(lambda: harms.correct(desk, "c1", told, early, "r")) == "ok"


def test_an_erasure_makes_no_harm_rarer(w: World) -> None:
    treated(w)
    harmed(w, "other", where="s1", note="Ada fell ill", serious="hospitalisation")
    before = harms.told(harms.exposures(w.record, ["c1"]))
    assert b"fell ill" not in stored_bytes(w)
    erase(w)
    assert harms.told(harms.exposures(w.record, ["c1"])) == before
    assert code(lambda: harms.record(w.desk("nia"), "c1", HARM)) == "ok"


def test_exposure_counts_sessions_with_a_dose_and_people_once(w: World) -> None:
    treated(w, "s1")
    opened(w, "c2")
    treated(w, "s2", of="c2")
    harmed(w, "nausea", where="s1")
    harmed(w, "nausea", where="s2", of="c2", serious="hospitalisation")
    harmed(w, "liver")
    (one,) = harms.exposures(w.record, ["c1", "c2"])
    assert (one.person, one.sessions, one.serious) == ("p1", 2, {"nausea"})
    assert sorted(one.harms) == [("liver", ""), ("nausea", "s1"), ("nausea", "s2")]


@st.composite
def exposed(draw: st.DrawFn) -> list[Exposed]:
    people = []
    for number in range(draw(st.integers(0, 6))):
        sessions = draw(st.integers(0, 4))
        where = st.sampled_from(["", *(f"s{n}" for n in range(sessions))])
        events = draw(st.lists(st.tuples(st.sampled_from(TERMS), where), max_size=6))
        serious = draw(st.frozensets(st.sampled_from(TERMS))) & {term for term, _ in events}
        people.append(Exposed(f"p{number}", sessions, tuple(events), serious))
    return people


@given(exposed())
def test_every_count_is_that_of_a_slow_count(people: list[Exposed]) -> None:
    """Counted again here, session by session and person by person."""
    treated_ = [one for one in people if one.sessions]
    told = {one.term: one for one in harms.told(people)}
    assert set(told) == {ANY, *(term for one in treated_ for term, _ in one.harms)}
    for term, one in told.items():
        wanted = TERMS if term == ANY else (term,)
        sessions = sum(
            any((name, f"s{n}") in person.harms for name in wanted)
            for person in treated_
            for n in range(person.sessions)
        )
        whom = [p for p in treated_ if any(name in wanted for name, _ in p.harms)]
        assert (one.sessions.count, one.people.count) == (sessions, len(whom))
        assert one.sessions.of == sum(p.sessions for p in treated_)
        assert one.people.of == len(treated_)
        mine = [sum(name in wanted for name, _ in p.harms) for p in treated_]
        assert (one.events, one.most_of_one) == (sum(mine), max(mine, default=0))
        loose = sum(name in wanted and not where for p in treated_ for name, where in p.harms)
        assert one.outside == loose
        assert one.serious.count == sum(any(t in p.serious for t in wanted) for p in treated_)

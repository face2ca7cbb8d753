"""A trajectory is what its events say, recomputed here from the events alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.care import course as courses
from assuage.care.outcomes import facts as f
from assuage.care.outcomes import recording, trajectory
from assuage.record.keyring import PATIENT_KEY
from assuage.record.store import Secret
from care.world import World, code

from .treated import NRS, PHQ, asked, dose, ended, erase, nrs, phq, ready, session, treated, view


@pytest.fixture
def w() -> World:
    return ready()


def of(w: World, instrument: str = PHQ) -> trajectory.Trajectory:
    return trajectory.trajectory(w.record, "c1", instrument)


def test_without_a_declared_baseline_there_are_scores_and_no_change(w: World) -> None:
    asked(w, 20)
    treated(w)
    w.clock.go(days=1)
    asked(w, 5)
    told = of(w)
    assert [one.value for one in told.points] == [20, 5]
    assert [(one.raw, one.percent, one.status) for one in told.points] == [(None,) * 3] * 2
    assert (told.baseline, told.why) == (None, "no baseline was declared")


def test_a_baseline_that_was_declared_after_the_first_dose_is_marked(w: World) -> None:
    first, second = asked(w, 20), asked(w, 22, at=w.clock.instant - timedelta(hours=1))
    recording.declare_baseline(w.desk("nia"), "c1", first)
    w.clock.go(hours=1)
    treated(w)
    assert not of(w).late
    w.clock.go(days=1)
    asked(w, 13)
    recording.declare_baseline(w.desk("nia"), "c1", second)
    assert of(w).late
    assert not of(w, NRS).late


def test_response_is_lost_and_found_again(w: World) -> None:
    """Half of 20 is 10: 50 % or more has responded. source: phq-9.toml, [response]"""
    recording.declare_baseline(w.desk("nia"), "c1", asked(w, 20))
    w.clock.go(hours=1)
    treated(w)
    for total in (11, 10, 4, 12, 9):
        w.clock.go(days=1)
        asked(w, total)
    told = of(w)
    after = told.points[1:]
    assert [one.status for one in after] == ["not", "responded", "responded", "lost", "responded"]
    assert [one.raw for one in after] == [-9, -10, -16, -8, -11]
    assert [one.percent for one in after] == [45, 50, 80, 40, 55]
    assert [one.remitted for one in after] == [False, False, True, False, False]
    assert told.relapsed is not None
    assert told.relapsed.value == 12
    assert [one.course_day for one in told.points] == [0, 1, 2, 3, 4, 5]


def test_what_was_asked_before_the_baseline_is_no_change_from_it(w: World) -> None:
    asked(w, 4)
    w.clock.go(hours=1)
    recording.declare_baseline(w.desk("nia"), "c1", asked(w, 20))
    early, base = of(w).points
    assert (early.before, early.raw, early.status) == (True, None, None)
    assert (base.baseline, base.before, base.raw) == (True, False, None)
    assert judged(w)[0][2:] == (None, None)


def test_what_shows_the_drug_is_no_response(w: World) -> None:
    recording.declare_baseline(w.desk("nia"), "c1", nrs(w, 8))
    w.clock.go(hours=1)
    treated(w)
    w.clock.go(hours=1)
    nrs(w, 0)
    w.clock.go(days=1)
    nrs(w, 8)
    acute, later = of(w, NRS).points[1:]
    assert (acute.acute, acute.raw, acute.status) == (True, -8, None)
    assert (later.acute, later.raw) == (False, 0)
    assert of(w, NRS).relapsed is None
    assert "dose" in acute.why


def test_a_baseline_that_came_too_late_is_none(w: World) -> None:
    """It was declared before anybody said that the session belongs to the course."""
    session = treated_elsewhere(w)
    w.clock.go(days=1)
    recording.declare_baseline(w.desk("nia"), "c1", asked(w, 20))
    assert of(w).baseline is not None
    courses.join(w.desk("nia"), "c1", session)
    assert (of(w).baseline, of(w).why) == (
        None,
        "the declared baseline was assessed after the first dose",
    )


def treated_elsewhere(w: World) -> str:
    name = session(w, "s1")
    dose(w, name)
    ended(w, name)
    return name


def test_a_baseline_that_was_withdrawn_is_none(w: World) -> None:
    told = asked(w, 20)
    recording.declare_baseline(w.desk("nia"), "c1", told)
    recording.correct(w.desk("nia"), "c1", told, None, "wrong patient")
    assert of(w).why == "the declared baseline was withdrawn"


def test_what_was_named_and_never_asked_is_shown(w: World) -> None:
    asked(w, {"q1": 2, **{f"q{n}": 0 for n in range(2, 8)}}, instrument="gad-7")
    told = {one.instrument: one for one in trajectory.look(w.desk("nia"), "c1")}
    assert list(told) == [PHQ, NRS, "gad-7"]
    assert [(one.primary, one.prespecified, len(one.points)) for one in told.values()] == [
        (True, True, 0),
        (False, True, 0),
        (False, False, 1),
    ]
    assert code(lambda: trajectory.look(w.desk("pia"), "c1")) == "ROLE_NOT_PERMITTED"
    assert code(lambda: trajectory.look(w.desk("nia"), "c9")) == "COURSE_UNKNOWN"


def test_an_erased_person_has_points_without_scores(w: World) -> None:
    recording.declare_baseline(w.desk("nia"), "c1", asked(w, 20))
    w.clock.go(days=1)
    asked(w, 10)
    erase(w)
    told = of(w)
    assert [(one.score, one.raw, one.status) for one in told.points] == [(None,) * 3] * 2
    assert told.why == "the baseline's answers were erased"


def test_a_key_put_back_by_hand_shows_no_answer(w: World) -> None:
    asked(w, 20)
    key = w.record.store.secret(PATIENT_KEY, "p1")
    erase(w)
    w.record.store.append((), (Secret(PATIENT_KEY, "p1", key),))
    assert [one.score for one in of(w).points] == [None]
    assert courses.described(w.record, view(w)).weight_g is None


def test_a_score_by_other_rules_is_marked(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(w, 20)
    assert [one.other_rules for one in of(w).points] == [False]
    monkeypatch.setattr(recording, "rules_of", lambda _id: "0" * 16)
    assert [one.other_rules for one in of(w).points] == [True]


# Time windows.


@dataclass
class Mark:
    course_day: int | None
    acute: bool = False


@pytest.mark.parametrize(
    ("days", "window", "which"),
    [
        ([5, 8, 10], "week-1", 8),
        ([6, 8], "week-1", 8),  # as near: the later
        ([4, 11], "week-1", None),
        ([None, 7], "week-1", 7),
        ([0], "day-1", None),
        ([1], "day-1", 1),
        ([84, 83], "week-12", 84),
    ],
)
def test_the_nearest_stands_for_a_window(
    days: list[int | None], window: str, which: int | None
) -> None:
    """source: knowledge/registry.toml, the windows"""
    found = trajectory.at_windows([Mark(day) for day in days]).get(window)
    assert (found.course_day if found else None) == which


def test_what_shows_the_drug_stands_for_no_window() -> None:
    assert trajectory.at_windows([Mark(7, acute=True)]) == {}
    near = trajectory.at_windows([Mark(7, acute=True), Mark(10)])["week-1"]
    assert near.course_day == 10


# Any history, against a model of its own.

Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "dose", "baseline", "correct", "withdraw"]),
        st.integers(0, 27),
        st.integers(1, 40),
    ),
    max_size=14,
)


def play(w: World, steps: list[Step]) -> None:
    """Do what can be done, hours apart; what is refused isn't done."""
    ids: list[str] = []
    for n, (step, number, hours) in enumerate(steps):
        w.clock.go(hours=hours)
        q9 = min(3, number) if number > 24 else 0
        which = ids[number % len(ids)] if ids else ""
        if step == "ask":
            ids.append(asked(w, phq(number, q9)))
        elif step == "dose":
            treated(w, f"s{n}")
        elif which:
            code(partial(change, w, step, which, phq(number, q9)))


def change(w: World, step: str, which: str, answers: dict[str, int]) -> None:
    desk = w.desk("nia")
    if step == "baseline":
        recording.declare_baseline(desk, "c1", which)
    else:
        given = answers if step == "correct" else None
        recording.correct(desk, "c1", which, given, "r")


def judged(w: World) -> list[tuple[str, int, int | None, str | None]]:
    """Recompute (outcome, total, change, status) from the stored events, by hand."""
    totals: dict[str, tuple[datetime, int]] = {}
    baseline, doses, sessions = "", [], []
    for event in w.record.events("course/c1"):
        match event.fact:
            case f.OutcomeRecorded(outcome=one, told=told):
                totals[one] = (told.assessed_at, total(w, told))
            case f.OutcomeCorrected(outcome=one, right=None):
                totals.pop(one)
            case f.OutcomeCorrected(outcome=one, right=f.Assessment() as told):
                totals[one] = (told.assessed_at, total(w, told))
            case f.BaselineDeclared(outcome=one):
                baseline = one
            case courses.SessionJoined(session=one):
                sessions.append(one)
    for name in sessions:
        doses += [
            event.fact.happened_at  # type: ignore[attr-defined]
            for event in w.record.events(f"session/{name}")
            if event.fact.kind == "AdministrationConfirmed"
        ]
    base = totals.get(baseline)
    if base and doses and base[0] > min(doses):
        base = None
    found = []
    responded = False
    for one, (at, value) in sorted(totals.items(), key=lambda row: (row[1][0], row[0])):
        change, status = None, None
        if base and one != baseline and at > base[0]:
            change = value - base[1]
            acute = any(given <= at and given.date() == at.date() for given in doses)
            if base[1] and not acute:
                met = 2 * value <= base[1]
                status = "responded" if met else "lost" if responded else "not"
                responded = responded or met
        found.append((one, value, change, status))
    return found


def total(w: World, told: f.Assessment) -> int:
    text = w.record.keyring.open(told.answers)
    assert text is not None
    return sum(map(int, json.loads(text)["answers"].values()))


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_any_trajectory_is_what_its_events_say(steps: list[Step]) -> None:
    w = ready()
    play(w, steps)
    told = [
        (one.outcome, one.value, None if one.raw is None else one.raw, one.status)
        for one in of(w).points
    ]
    assert told == judged(w)
    held = view(w)
    again = w.record.rebuild(courses.Course, "course/c1")
    assert (held.version, held.baselines) == (again.version, again.baselines)
    assert [one.id for one, _ in held.standing()] == [one.id for one, _ in again.standing()]


def test_the_model_of_this_test_can_disagree(w: World) -> None:
    recording.declare_baseline(w.desk("nia"), "c1", asked(w, 20))
    w.clock.go(days=1)
    asked(w, 10)
    assert judged(w)[1][2:] == (-10, "responded")

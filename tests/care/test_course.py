"""A course is opened with its outcomes named, and a session belongs to at most one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from assuage.care import course
from assuage.care.course import Course, Courses, NewCourse

from .outcomes.treated import (
    NRS,
    PHQ,
    dose,
    ended,
    erase,
    meanwhile,
    opened,
    ready,
    session,
    stored_bytes,
    treated,
    view,
)
from .world import SOUTH, World, code

NEW = NewCourse("c9", "p1", "depression", "depression-iv", 6, (PHQ, NRS), PHQ)


@pytest.fixture
def w() -> World:
    return ready()


def test_a_course_says_what_counts_before_anything_is_known(w: World) -> None:
    held = view(w).opened
    assert held is not None
    assert (held.outcomes, held.primary, held.sessions_planned) == ((PHQ, NRS), PHQ, 6)
    assert course.of_patient(w.record, "p1") == ("c1",)
    assert course.of_site(w.record, "north") == ("c1",)
    assert view(w).version == w.record.rebuild(Course, "course/c1").version


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": "Ada Example"}, "ID_INVALID"),
        ({"id": "c1"}, "COURSE_EXISTS"),
        ({"patient": "p9"}, "PATIENT_UNKNOWN"),
        ({"indication": "sadness"}, "VALUE_NOT_ALLOWED"),
        ({"regimen": "depression"}, "VALUE_NOT_ALLOWED"),
        ({"outcomes": ("phq9",)}, "VALUE_NOT_ALLOWED"),
        ({"outcomes": (PHQ, PHQ)}, "OPTION_CONFLICT"),
        ({"outcomes": ()}, "VALUE_NOT_ALLOWED"),
        ({"primary": "gad-7"}, "VALUE_NOT_ALLOWED"),
        ({"sessions_planned": 0}, "QUANTITY_IMPLAUSIBLE"),
        ({"sessions_planned": 1000}, "QUANTITY_IMPLAUSIBLE"),
        ({"sex": "f"}, "VALUE_NOT_ALLOWED"),
        ({"weight_g": 70}, "QUANTITY_IMPLAUSIBLE"),
        ({"weight_g": 700_000}, "QUANTITY_IMPLAUSIBLE"),
        ({}, "ok"),
    ],
)
def test_what_a_course_can_be(w: World, change: dict[str, object], told: str) -> None:
    head = w.record.head()
    new = replace(NEW, **change)  # type: ignore[arg-type]
    assert code(lambda: course.open_course(w.desk("dia"), new)) == told
    assert (w.record.head() != head) is (told == "ok")


def test_sex_and_weight_are_locked_and_go_with_the_key(w: World) -> None:
    assert b"female" not in stored_bytes(w)
    assert b"70000" not in stored_bytes(w)
    course.describe(w.desk("nia"), "c1", weight_g=68_500)
    held = course.described(w.record, view(w))
    assert (held.sex, held.weight_g) == ("female", 68_500)
    erase(w)
    gone = course.described(w.record, view(w))
    assert (gone.sex, gone.weight_g) == (None, None)


def test_a_session_belongs_to_one_course_of_the_same_patient(w: World) -> None:
    w.patient("p2")
    opened(w, "c2")
    session(w, "s1")
    session(w, "s2", "p2")
    desk = w.desk("nia")
    assert code(lambda: course.join(desk, "c1", "s2")) == "SESSION_UNFITTING"
    assert code(lambda: course.join(desk, "c1", "s9")) == "SESSION_UNKNOWN"
    assert code(lambda: course.join(desk, "c9", "s1")) == "COURSE_UNKNOWN"
    assert code(lambda: course.join(desk, "c1", "s1")) == "ok"
    for other in ("c1", "c2"):
        assert code(lambda other=other: course.join(desk, other, "s1")) == "SESSION_UNFITTING"
    assert (view(w).sessions, view(w, "c2").sessions) == (["s1"], [])


def test_a_session_that_joined_by_mistake_can_join_another(w: World) -> None:
    opened(w, "c2")
    treated(w, "s1")
    desk = w.desk("nia")
    assert code(lambda: course.part(desk, "c2", "s1", "wrong")) == "SESSION_UNFITTING"
    assert code(lambda: course.part(desk, "c1", "s1", "Ada's other course")) == "ok"
    assert b"other course" not in stored_bytes(w)
    assert code(lambda: course.part(desk, "c1", "s1", "again")) == "SESSION_UNFITTING"
    assert course.dosed(w.record, view(w)).first_at is None
    assert code(lambda: course.join(desk, "c2", "s1")) == "ok"
    assert course.dosed(w.record, view(w, "c2")).first_at is not None


def join_new(w: World) -> None:
    """Somebody opens another course and lets the same session join it."""
    opened(w, "c2")
    course.join(w.desk("noa"), "c2", "s1")


@pytest.mark.parametrize("there_already", [True, False])
def test_two_who_join_a_session_at_once_dont_both(w: World, there_already: bool) -> None:
    """Also when the other course begins in that very moment."""
    session(w, "s1")
    other: Callable[[], object] = lambda: join_new(w)  # noqa: E731
    if there_already:
        opened(w, "c2")
        other = lambda: course.join(w.desk("noa"), "c2", "s1")  # noqa: E731
    meanwhile(w, other)
    assert code(lambda: course.join(w.desk("nia"), "c1", "s1")) == "SESSION_UNFITTING"
    assert (view(w).sessions, view(w, "c2").sessions) == ([], ["s1"])


def test_a_course_of_another_site_is_left_alone(w: World) -> None:
    w.found(SOUTH)
    desk = w.desk("nia", site=SOUTH)
    assert code(lambda: course.end(desk, "c1", "completed")) == "COURSE_ELSEWHERE"
    session(w, "s1", site=SOUTH)
    assert code(lambda: course.join(w.desk("nia"), "c1", "s1")) == "SESSION_UNFITTING"


def test_a_course_ends_once_and_takes_no_later_session(w: World) -> None:
    session(w, "s1")
    w.clock.go(hours=1)
    desk = w.desk("nia")
    assert code(lambda: course.end(desk, "c1", "tired")) == "VALUE_NOT_ALLOWED"
    assert code(lambda: course.end(desk, "c1", "harm", "Ada had cystitis")) == "ok"
    assert b"cystitis" not in stored_bytes(w)
    assert code(lambda: course.end(desk, "c1", "completed")) == "COURSE_ENDED"
    w.clock.go(hours=1)
    session(w, "s2")
    assert code(lambda: course.join(w.desk("nia"), "c1", "s2")) == "SESSION_UNFITTING"
    assert code(lambda: course.join(w.desk("nia"), "c1", "s1")) == "ok"  # it was under way


def test_a_course_that_was_ended_by_mistake_goes_on(w: World) -> None:
    desk = w.desk("nia")
    assert code(lambda: course.reopen(desk, "c1", "r")) == "COURSE_NOT_ENDED"
    course.end(desk, "c1", "died")
    assert code(lambda: course.reopen(w.desk("pia"), "c1", "r")) == "ROLE_NOT_PERMITTED"
    assert code(lambda: course.reopen(desk, "c1", "")) == "FIELD_INVALID"
    assert code(lambda: course.reopen(desk, "c1", "it was Bob who died")) == "ok"
    assert b"Bob" not in stored_bytes(w)
    assert view(w).ended is None
    w.clock.go(hours=1)
    treated(w, "s1")
    assert code(lambda: course.end(w.desk("nia"), "c1", "completed")) == "ok"


def test_no_course_ends_before_its_last_dose(w: World) -> None:
    treated(w, "s1")
    early = w.clock.instant - timedelta(minutes=1)
    desk = w.desk("nia")
    assert code(lambda: course.end(desk, "c1", "completed", at=early)) == "OUTCOME_TIMING"
    assert code(lambda: course.end(desk, "c1", "completed", at=w.clock.instant)) == "ok"


def test_nothing_new_is_said_of_an_erased_patient_but_the_end(w: World) -> None:
    session(w, "s1")
    erase(w)
    desk = w.desk("nia")
    assert code(lambda: course.open_course(desk, NEW)) == "PATIENT_ERASED"
    assert code(lambda: course.join(desk, "c1", "s1")) == "PATIENT_ERASED"
    assert code(lambda: course.describe(desk, "c1", sex="male")) == "PATIENT_ERASED"
    assert code(lambda: course.end(desk, "c1", "other", "erased")) == "ok"


def test_a_command_given_twice_counts_once(w: World) -> None:
    desk = w.desk("nia", command="once")
    first = course.open_course(desk, NEW)
    again = course.open_course(desk, NEW)
    assert [one.hash for one in first] == [one.hash for one in again]
    assert w.record.view(Courses, "patient/p1").ids == ["c1", "c9"]


def test_the_first_dose_is_the_first_that_stands(w: World) -> None:
    assert course.dosed(w.record, view(w)).first_at is None
    session(w, "s1")
    course.join(w.desk("nia"), "c1", "s1")
    assert course.dosed(w.record, view(w)).first_at is None
    w.clock.go(days=1)
    treated(w, "s2")
    first = w.clock.utc_now()
    w.clock.go(hours=2)
    dose(w, "s1")
    held = course.dosed(w.record, view(w))
    assert (held.first_at, [name for name, _ in held.sessions]) == (first, ["s2", "s1"])


def test_what_follows_a_dose_that_day_or_in_its_session_shows_the_drug(w: World) -> None:
    """The day is the site's; a session over several days counts until it ends."""
    session(w, "s1")
    course.join(w.desk("nia"), "c1", "s1")
    before = w.clock.instant
    w.clock.go(hours=1)
    dose(w, "s1")
    given = w.clock.instant
    w.clock.go(hours=30)
    assert course.dosed(w.record, view(w)).acute(w.clock.instant)  # nobody has ended it
    ended(w, "s1")
    last = w.clock.instant
    w.clock.go(hours=1)
    held = course.dosed(w.record, view(w))
    assert [held.acute(at) for at in (before, given, last, w.clock.instant)] == [
        False,
        True,
        True,
        False,
    ]

"""Only a reviewer looks, and every look leaves a trace before anything is shown."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from rich.console import Console

from assuage.care import site as sites
from assuage.care.signals import REFUSED, SHOWN, Period, Report, look, render
from assuage.care.signals import look as package_look
from assuage.care.signals.look import LONGEST
from assuage.care.site import RecordLookedAt
from assuage.knowledge import library
from assuage.record.store import StoreFailed
from assuage.refusals import Refused

from ..world import NORTH, STAFF, START, World, code

PERIOD = Period(START - timedelta(days=91), START)
# The package has a function of the same name as this module.
MODULE = import_module("assuage.care.signals.look")


def looks(world: World) -> list[tuple[str, str, str]]:
    events = world.record.events(sites.stream(NORTH))
    return [
        (one.by.person, one.fact.what, one.fact.why)
        for one in events
        if isinstance(one.fact, RecordLookedAt)
    ]


def test_the_package_shows_one_command() -> None:
    assert package_look is look


@pytest.mark.parametrize("person", sorted(STAFF))
def test_only_the_role_may_look_and_both_leave_a_trace(ready: World, person: str) -> None:
    told = code(lambda: look(ready.desk(person), PERIOD, "the quarter's review"))
    if "diversion-reviewer" in STAFF[person]:
        assert told == "ok"
        assert looks(ready) == [(person, SHOWN, "the quarter's review")]
    else:
        assert told == "ROLE_NOT_PERMITTED"
        assert looks(ready) == [(person, REFUSED, "the quarter's review")]


def test_only_one_role_has_the_permission() -> None:
    able = {role for role, acts in library.roles().items() if "view-signals" in acts}
    assert able == {"diversion-reviewer"}


def test_a_refused_look_without_a_reason_is_recorded_too(ready: World) -> None:
    assert code(lambda: look(ready.desk("nia"), PERIOD, " ")) == "ROLE_NOT_PERMITTED"
    assert looks(ready) == [("nia", REFUSED, "no reason given")]


@pytest.mark.parametrize("why", ["", "  \n"])
def test_a_look_needs_a_reason(ready: World, why: str) -> None:
    assert code(lambda: look(ready.desk("rev"), PERIOD, why)) == "FIELD_INVALID"
    assert looks(ready) == []


def test_a_period_that_is_not_over_is_refused(ready: World) -> None:
    future = Period(START, START + timedelta(days=1))
    assert code(lambda: look(ready.desk("rev"), future, "why")) == "TIME_IN_FUTURE"
    assert looks(ready) == []


def test_an_unknown_site_shows_nothing(ready: World) -> None:
    assert code(lambda: look(ready.desk("rev", site="west"), PERIOD, "why")) == "SITE_UNKNOWN"


def test_a_look_is_recorded_before_anything_is_read(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        assert looks(ready) == [("rev", SHOWN, "why")]
        raise OSError("the disk went away")

    monkeypatch.setattr(MODULE, "gather", fail)
    with pytest.raises(OSError, match="the disk"):
        look(ready.desk("rev"), PERIOD, "why")
    assert looks(ready) == [("rev", SHOWN, "why")]


def test_what_could_not_be_recorded_is_not_shown(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreFailed("here", "the disk is full")

    def never(*_: object) -> None:
        raise AssertionError("something was read")

    monkeypatch.setattr(ready.record.store, "append", full)
    monkeypatch.setattr(MODULE, "gather", never)
    for person in ("rev", "nia"):
        with pytest.raises(Refused) as caught:
            look(ready.desk(person), PERIOD, "why")
        assert caught.value.code == "RECORD_UNSURE"


def test_the_look_stands_when_the_report_fails_to_print(ready: World) -> None:
    class Broken(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError("the terminal went away")

    report = look(ready.desk("rev"), PERIOD, "why")
    with pytest.raises(OSError, match="the terminal"):
        render(report, Console(file=Broken()))
    assert looks(ready) == [("rev", SHOWN, "why")]


def test_the_same_command_told_twice_is_two_looks(ready: World) -> None:
    desk = ready.desk("rev", command="told-once")
    for _ in range(2):
        look(desk, PERIOD, "why")
    assert len(looks(ready)) == 2


def test_a_long_reason_is_one_line_of_bounded_length(ready: World) -> None:
    look(ready.desk("rev"), PERIOD, "a\nb " * 1000)
    ((_, _, why),) = looks(ready)
    assert len(why) <= LONGEST
    assert "\n" not in why


def test_the_report_says_who_asked_what_and_where_the_record_stood(ready: World) -> None:
    ready.draw()
    ready.clock.go(days=1)
    period = Period(START - timedelta(days=90), START + timedelta(days=1))
    report = look(ready.desk("rev"), period, "review")
    assert isinstance(report, Report)
    assert (report.asked.by, report.asked.why, report.asked.site) == ("rev", "review", NORTH)
    assert report.asked.head == str(ready.record.head())
    assert datetime.fromisoformat(report.asked.at) == ready.clock.instant
    assert report.people == 1
    assert {one.person_name for one in report.findings} == {"Nia"}
    assert {one.status for one in report.findings} == {"too few to tell"}

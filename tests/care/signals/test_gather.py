"""The whole way: real commands into a store, and the rows that come out are those by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from assuage.care import chair
from assuage.care.register import checks, facts, vial
from assuage.care.signals.gather import gather
from assuage.care.signals.report import Asked, report
from assuage.care.signals.seen import Drawn, Given, Period, Seen, Wasted

from ..world import MG, NORTH, START, VIAL, World, only

PERIOD = Period(START - timedelta(days=7), START + timedelta(days=7))
ASKED = Asked(NORTH, "a", "b", 91, "rev", "test", "now", "0:00")
TOLERANCE_UG = 25 * MG  # 5 % of 500 mg, as the world's own note says
MIN = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return START + minutes * MIN


def drawn(by: str, minutes: float, session: str, **other: object) -> Drawn:
    usual: dict[str, object] = {
        "recorded_at": at(minutes),
        "ended_at": None,
        "area": "ward",
        "session_area": "ward",
        "item": VIAL.id,
        "unit_ug": VIAL.unit_ug,
        "given_ug": 0,
        "wasted_ug": 0,
        "settled": True,
        "undone": False,
        "accepted": False,
        "missing_ug": 0,
        "tolerance_ug": TOLERANCE_UG,
        "late_days": 0,
    }
    fields: dict[str, Any] = usual | other
    return Drawn(by=by, at=at(minutes), session=session, **fields)


def morning(world: World) -> None:
    """A dose with its pump and effect, its waste before a witness, and the end of the session."""
    draw = world.draw()
    world.clock.go(minutes=10)
    intent = world.intend(draw, 100)
    world.clock.go(minutes=40)
    vial.confirm(world.desk("nia"), "s1", intent, 100 * MG)
    chair.read_pump(world.desk("nia"), "s1", intent, 90 * MG)
    chair.note_effect(world.desk("nia"), "s1", intent, False)
    world.clock.go(minutes=25)
    world.waste(draw, 390)
    world.clock.go(minutes=5)
    chair.end_session(world.desk("nia"), "s1")


def afternoon(world: World) -> None:
    """One unit goes back, one comes from another area, is corrected, and stays open."""
    world.session("s2", area="theatre")
    back = world.draw("s2", by="noa")
    vial.put_back(world.desk("noa", "nia"), back, "not needed")
    world.clock.go(minutes=10)
    told = vial.draw(world.desk("noa"), "s2", VIAL, "ward", at=world.clock.instant - 5 * MIN)
    other = str(only(told, facts.VialDrawn).draw)  # type: ignore[attr-defined]
    number = world.give(other, 200, "s2", by="noa")
    checks.correct(world.desk("noa", "nia"), number, "misread", 150 * MG)


def by_hand() -> Seen:
    end = at(80)
    return Seen(
        drawn=(
            drawn(
                *("nia", 0, "s1"),
                ended_at=end,
                given_ug=100 * MG,
                wasted_ug=390 * MG,
                missing_ug=10 * MG,
            ),
            drawn(
                *("noa", 80, "s2"),
                session_area="theatre",
                settled=False,
                undone=True,
                missing_ug=None,
            ),
            drawn(
                *("noa", 85, "s2"),
                recorded_at=at(90),
                session_area="theatre",
                given_ug=150 * MG,
                settled=False,
                undone=True,
                missing_ug=None,
            ),
        ),
        given=(
            Given("nia", at(50), at(50), "s1", end, "iv", 100 * MG, 90 * MG, False),
            Given("noa", at(90), at(90), "s2", None, "iv", 150 * MG, None, None),
        ),
        wasted=(Wasted("nia", "noa", at(75), "s1", 25.0),),
        at_work={START.date(): frozenset({"nia", "noa", "pia"})},
    )


@pytest.fixture
def day(ready: World) -> World:
    morning(ready)
    afternoon(ready)
    return ready


def test_the_rows_are_those_by_hand_and_say_the_same(day: World) -> None:
    found = gather(day.record, NORTH, PERIOD)
    assert found == by_hand()
    assert report(ASKED, found, {}) == report(ASKED, by_hand(), {})


def test_the_same_many_times_over_raises_the_same_signals(empty: World) -> None:
    """Twelve sessions each of two nurses; one of them draws in the wrong area and wastes more."""
    empty.found()
    empty.patient()
    empty.stock(30)
    empty.stock(30, area="theatre")
    for number in range(24):
        by, witness = ("nia", "noa") if number % 2 else ("noa", "nia")
        session = empty.session(f"s{number}")
        draw = empty.draw(session, area="theatre" if by == "nia" else "ward", by=by)
        empty.give(draw, 100, session, by)
        empty.clock.go(minutes=10)
        empty.waste(draw, 400, by, witness)
        empty.clock.go(hours=1)
        chair.end_session(empty.desk(by), session)
    seen = gather(empty.record, NORTH, PERIOD)
    assert (len(seen.drawn), len(seen.given), len(seen.wasted)) == (24, 24, 24)
    raised = report(ASKED, seen, {}).raised
    assert [(one.signal, one.person, one.count, one.of) for one in raised] == [
        ("elsewhere", "nia", 12, 12)
    ]


def test_what_lies_outside_the_period_is_left_out(day: World) -> None:
    before = Period(START - timedelta(days=2), START)
    seen = gather(day.record, NORTH, before)
    assert (seen.drawn, seen.given, seen.wasted) == ((), (), ())
    until = gather(day.record, NORTH, Period(START, at(60)))
    assert (len(until.drawn), len(until.given), len(until.wasted)) == (1, 1, 0)


def test_a_site_without_a_register_has_no_rows(empty: World) -> None:
    empty.found()
    assert gather(empty.record, NORTH, PERIOD) == Seen((), (), (), {})


def test_a_waste_that_was_corrected_to_nothing_is_left_out(ready: World) -> None:
    draw = ready.draw()
    number = ready.waste(draw, 100)
    checks.correct(ready.desk("nia", "noa"), number, "not wasted", 0)
    seen = gather(ready.record, NORTH, PERIOD)
    assert seen.wasted == ()
    assert [one.undone for one in seen.drawn] == [True]
    assert [one.wasted_ug for one in seen.drawn] == [0]


def test_who_gave_is_who_intended_also_when_another_settles_it(ready: World) -> None:
    draw = ready.draw()
    intent = ready.intend(draw, 100)
    chair.enter(ready.desk("noa"), "s1")
    vial.confirm(ready.desk("noa", "ned"), "s1", intent, 100 * MG)
    (dose,) = gather(ready.record, NORTH, PERIOD).given
    assert dose.by == "nia"

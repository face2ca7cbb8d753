"""A session from its opening to its end, on either side of every refusal."""

from __future__ import annotations

import pytest

from assuage.care import chair
from assuage.care import session as sessions
from assuage.care.chair import NewSession

from .world import MG, World, code, in_memory


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    return made


# id, patient, prescriber, area, outcome; the first refusal in its order is shown.
OPENINGS = """
s2   p1  dia   ward    ok
s1   p1  dia   ward    SESSION_EXISTS
s2   p9  dia   ward    PATIENT_UNKNOWN
s2   p1  nia   ward    PRESCRIBER_NOT_PERMITTED
s2   p1  zoe   ward    PERSON_UNKNOWN
s2   p1  dia   cellar  AREA_UNKNOWN
S2   p1  dia   ward    ID_INVALID
s1   p1  dia   cellar  AREA_UNKNOWN
"""


@pytest.mark.parametrize("row", OPENINGS.strip().splitlines())
def test_a_session_is_opened_or_refused(w: World, row: str) -> None:
    name, who, doctor, area, told = row.split()
    new = NewSession(name, who, "order", doctor, area)
    assert code(lambda: chair.open_session(w.desk("nia"), new)) == told


def test_a_session_names_an_order(w: World) -> None:
    new = NewSession("s2", "p1", "", "dia", "ward")
    assert code(lambda: chair.open_session(w.desk("nia"), new)) == "ID_INVALID"


# Pump reading in micrograms, for which dose, and the outcome.
PUMP = """
0        yes  ok
100000   yes  ok
-1       yes  QUANTITY_IMPLAUSIBLE
99999999999999999999 yes QUANTITY_IMPLAUSIBLE
5        no   INTENT_UNKNOWN
"""


@pytest.mark.parametrize("row", PUMP.strip().splitlines())
def test_what_the_pump_says_is_kept(w: World, row: str) -> None:
    ug, known, told = row.split()
    intent = w.intend(w.draw())
    named = intent if known == "yes" else ""
    assert code(lambda: chair.read_pump(w.desk("nia"), "s1", named, int(ug))) == told
    dose = w.record.view(sessions.Session, "session/s1").doses[intent]
    assert dose.pump_ug == (int(ug) if told == "ok" else None)
    assert dose.state == "intended"


def test_whether_there_was_an_effect_is_kept(w: World) -> None:
    intent = w.intend(w.draw())
    chair.note_effect(w.desk("nia"), "s1", intent, False)
    assert w.record.view(sessions.Session, "session/s1").doses[intent].effect is False
    assert code(lambda: chair.note_effect(w.desk("nia"), "s1", "", True)) == "INTENT_UNKNOWN"


def test_the_end_settles_what_was_drawn_and_stops_for_nothing(w: World) -> None:
    even, short, other = w.draw(), w.draw(), w.draw()
    w.give(even, 490)
    w.give(short, 100)
    w.session("s2")
    elsewhere = w.draw("s2")
    chair.end_session(w.desk("nia"), "s1")
    book = w.book()
    assert not book.draws[even].open
    assert [one.fact.draw for one in book.cases.values()] == [short, other]
    assert [one.fact.missing_ug for one in book.cases.values()] == [400 * MG, 500 * MG]
    assert book.draws[elsewhere].open
    for call in (
        lambda: chair.end_session(w.desk("nia"), "s1"),
        lambda: w.draw("s1"),
        lambda: w.intend(short),
    ):
        assert code(call) == "SESSION_ENDED"
    assert chair.enter(w.desk("nia"), "s1") == ()


def test_a_session_doesnt_end_in_the_future_or_nowhere(w: World) -> None:
    tomorrow = w.clock.utc_now().replace(day=5)
    assert code(lambda: chair.end_session(w.desk("nia"), "s1", tomorrow)) == "TIME_IN_FUTURE"
    assert code(lambda: chair.end_session(w.desk("nia"), "s9")) == "SESSION_UNKNOWN"


def test_an_end_sent_twice_returns_the_discrepancy_too(w: World) -> None:
    w.give(w.draw(), 100)
    desk = w.desk("nia", command="once")
    first = chair.end_session(desk, "s1")
    assert [one.fact.kind for one in first] == ["SessionEnded", "DiscrepancyOpened"]
    assert chair.end_session(desk, "s1") == first

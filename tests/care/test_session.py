"""A dose is intended, then confirmed, or not given, or unknown; nothing else, and by people."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assuage.care import chair
from assuage.care import session as sessions
from assuage.care.register import checks, vial

from .world import MG, World, code, in_memory

# From a state, an act, by whom and beside whom: the outcome and the state afterwards.
MOVES = """
intended   confirm    nia  -    ok                  confirmed
intended   confirm    noa  -    WITNESS_MISSING     intended
intended   confirm    noa  nia  ok                  confirmed
intended   not-given  nia  -    ok                  not-given
intended   enter      noa  -    ok                  unknown
intended   intend     nia  -    DOSE_UNRESOLVED     intended
intended   end        nia  -    DOSE_UNRESOLVED     intended
unknown    confirm    nia  -    WITNESS_MISSING     unknown
unknown    confirm    nia  nia  WITNESS_IS_ACTOR    unknown
unknown    confirm    nia  aud  ROLE_NOT_PERMITTED  unknown
unknown    confirm    nia  noa  ok                  confirmed
unknown    not-given  nia  -    WITNESS_MISSING     unknown
unknown    not-given  dia  noa  ok                  not-given
unknown    enter      noa  -    ok                  unknown
unknown    intend     nia  -    DOSE_UNRESOLVED     unknown
unknown    end        nia  noa  DOSE_UNRESOLVED     unknown
confirmed  confirm    nia  noa  INTENT_RESOLVED     confirmed
confirmed  not-given  nia  noa  INTENT_RESOLVED     confirmed
confirmed  enter      noa  -    ok                  confirmed
confirmed  intend     nia  -    ok                  confirmed
confirmed  end        nia  -    ok                  confirmed
not-given  confirm    nia  noa  INTENT_RESOLVED     not-given
not-given  not-given  nia  noa  INTENT_RESOLVED     not-given
not-given  enter      noa  -    ok                  not-given
not-given  intend     nia  -    ok                  not-given
not-given  end        nia  -    ok                  not-given
"""


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    return made


def dose(w: World, intent: str) -> sessions.Dose:
    return w.record.view(sessions.Session, "session/s1").doses[intent]


@pytest.mark.parametrize("row", MOVES.strip().splitlines())
def test_every_move_of_a_dose(w: World, row: str) -> None:
    state, act, by, beside, told, after = row.split()
    draw = w.draw()
    intent = w.intend(draw, 100)
    if state == "confirmed":
        vial.confirm(w.desk("nia"), "s1", intent, 100 * MG)
    elif state == "not-given":
        vial.not_given(w.desk("nia"), "s1", intent, "refused")
    elif state == "unknown":
        chair.enter(w.desk("noa"), "s1")
    assert dose(w, intent).state == state
    desk = w.desk(by, beside.strip("-"))
    acts: dict[str, Callable[[], object]] = {
        "confirm": lambda: vial.confirm(desk, "s1", intent, 100 * MG),
        "not-given": lambda: vial.not_given(desk, "s1", intent, "refused"),
        "enter": lambda: chair.enter(desk, "s1"),
        "intend": lambda: vial.intend(desk, "s1", vial.Dosing(draw, MG, "iv")),
        "end": lambda: chair.end_session(desk, "s1"),
    }
    assert code(acts[act]) == told
    assert dose(w, intent).state == after


def test_what_was_given_counts_and_not_what_was_intended(w: World) -> None:
    draw = w.draw()
    intent = w.intend(draw, 100)
    vial.confirm(w.desk("noa", "nia"), "s1", intent, 80 * MG)
    told = dose(w, intent)
    assert (told.given_ug, told.intended.ug) == (80 * MG, 100 * MG)
    assert (told.by, told.confirmed_by) == ("nia", "noa")


def test_a_correction_reaches_the_session(w: World) -> None:
    draw = w.draw()
    number = w.give(draw, 100)
    checks.correct(w.desk("nia", "noa"), number, "it was 90", 90 * MG)
    (told,) = w.record.view(sessions.Session, "session/s1").doses.values()
    assert (told.given_ug, told.state) == (90 * MG, "confirmed")


def test_who_enters_is_shown_what_is_open(w: World) -> None:
    draw = w.draw()
    intent = w.intend(draw)
    assert [one.intended.intent for one in chair.enter(w.desk("noa"), "s1")] == [intent]
    vial.not_given(w.desk("noa", "ned"), "s1", intent, "refused")
    assert chair.enter(w.desk("noa"), "s1") == ()


def test_a_session_that_isnt_there_or_has_ended(w: World) -> None:
    assert code(lambda: sessions.of(w.record, "s9")) == "SESSION_UNKNOWN"
    assert code(lambda: sessions.opening(sessions.Session(), "s9")) == "SESSION_UNKNOWN"
    chair.end_session(w.desk("nia"), "s1")
    assert code(lambda: sessions.running(w.record, "s1")) == "SESSION_ENDED"
    assert sessions.of(w.record, "s1").ended_at is not None


def test_for_whom_and_on_whose_order(w: World) -> None:
    view = sessions.running(w.record, "s1")
    told = sessions.treatment(sessions.opening(view, "s1"), "s1")
    assert (told.patient, told.order, told.session, told.prescriber) == (
        "p1",
        "order-1",
        "s1",
        "dia",
    )

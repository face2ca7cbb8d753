"""What the commands share refuses on both sides of each limit."""

from __future__ import annotations

import pytest

from assuage.care import patient
from assuage.care.register import shared
from assuage.record.canonical import LARGEST_WHOLE

from ..world import NORTH, VIAL, World, code, in_memory


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    return made


@pytest.mark.parametrize(
    ("units", "told", "with_none"),
    [
        (1, "ok", "ok"),
        (shared.UNITS_MAX, "ok", "ok"),
        (shared.UNITS_MAX + 1, "UNITS_INVALID", "UNITS_INVALID"),
        (0, "UNITS_INVALID", "ok"),
        (-1, "UNITS_INVALID", "UNITS_INVALID"),
    ],
)
def test_a_count_of_units(units: int, told: str, with_none: str) -> None:
    assert code(lambda: shared.some(units)) == told
    assert code(lambda: shared.none_or_some(units)) == with_none


@pytest.mark.parametrize("ug", [-1, LARGEST_WHOLE + 1])
def test_an_amount_that_no_fact_can_hold(ug: int) -> None:
    assert code(lambda: shared.measured(ug, "the pump")) == "QUANTITY_IMPLAUSIBLE"
    assert shared.measured(0, "the pump") == 0
    assert shared.measured(LARGEST_WHOLE, "the pump") == LARGEST_WHOLE


def test_what_is_there_and_what_isnt(w: World) -> None:
    draw, desk = w.draw(), w.desk("nia")
    book = shared.book_of(desk)
    assert shared.draw_of(book, draw) is shared.open_draw(book, draw)
    assert code(lambda: shared.draw_of(book, "d-0")) == "DRAW_UNKNOWN"
    assert shared.area_of(desk, "ward") == "ward"
    assert code(lambda: shared.area_of(desk, "")) == "AREA_UNKNOWN"
    assert code(lambda: shared.in_stock(book, VIAL, "ward", 9)) == "ok"
    assert code(lambda: shared.in_stock(book, VIAL, "ward", 10)) == "STOCK_SHORT"
    assert code(lambda: shared.book_of(w.desk("nia", site="nowhere"))) == "SITE_UNKNOWN"
    w.waste(draw, 500)
    assert code(lambda: shared.open_draw(w.book(), draw)) == "DRAW_CLOSED"


def test_a_dose_is_open_until_somebody_says(w: World) -> None:
    draw, desk = w.draw(), w.desk("nia")
    held = w.book().draws[draw]
    assert shared.dose_open(desk, held) is None
    intent = w.intend(draw)
    dose = shared.dose_open(desk, held)
    assert dose is not None
    assert dose.intent == intent
    assert code(lambda: shared.nothing_open(desk, held)) == "DOSE_UNRESOLVED"


def test_text_is_sealed_as_long_as_there_is_a_key(w: World) -> None:
    desk, keyring = w.desk("nia"), w.record.keyring
    assert patient.shown(keyring, shared.sealed(desk, "p1", "why")) == "why"
    patient.erase(w.desk("max", "noa"), "p1", "asked", keep_until=None, accepted="by law")
    assert shared.sealed(desk, "p1", "why").box == ""


def test_ids_differ_and_a_decision_is_of_the_sites_register(w: World) -> None:
    assert len({shared.new_id("d") for _ in range(1000)}) == 1000
    made = shared.decision(w.desk("nia"), [])
    assert list(made.facts) == [f"register/{NORTH}/ketamine"]

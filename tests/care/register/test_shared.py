"""What the commands share refuses on both sides of each limit, and tells why.

source: amounts are the test's own; a vial holds 500 mg.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from assuage.care import patient
from assuage.care import session as sessions
from assuage.care.register import checks, discrepancy, shared, vial
from assuage.care.register.item import Item
from assuage.record.canonical import LARGEST_WHOLE
from assuage.record.keyring import Keyring
from assuage.refusals import Refusal, Refused

from ..world import NORTH, SOUTH, VIAL, World, code, in_memory, refusal


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    return made


@pytest.mark.parametrize(
    ("units", "told", "with_none"),
    [
        (1, "ok", "ok"),
        (999_999, "ok", "ok"),
        (1_000_000, "UNITS_INVALID", "UNITS_INVALID"),
        (0, "UNITS_INVALID", "ok"),
        (-1, "UNITS_INVALID", "UNITS_INVALID"),
    ],
)
def test_a_count_of_units(units: int, told: str, with_none: str) -> None:
    assert code(lambda: shared.some(units)) == told
    assert code(lambda: shared.none_or_some(units)) == with_none
    assert (shared.some(3), shared.none_or_some(3), shared.none_or_some(0)) == (3, 3, 0)


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
    other = w.draw()
    assert shared.dose_open(desk, w.book().draws[other]) is None


def test_text_is_sealed_as_long_as_there_is_a_key(w: World) -> None:
    desk, keyring = w.desk("nia"), w.record.keyring
    assert patient.shown(keyring, shared.sealed(desk, "p1", "why")) == "why"
    patient.erase(w.desk("max", "noa"), "p1", "asked", accepted="by law")
    assert shared.sealed(desk, "p1", "why").box == ""


def test_ids_differ_and_a_decision_is_of_the_sites_register(w: World) -> None:
    assert len({shared.new_id("d") for _ in range(1000)}) == 1000
    made = shared.decision(w.desk("nia"), [])
    assert list(made.facts) == [f"register/{NORTH}/ketamine"]


OTHER = Item(VIAL.id, VIAL.product, VIAL.name, VIAL.drug, 400_000, 50_000)

# A call on a world with two open draws and a frozen theatre, and what its refusal tells.
TOLD: dict[str, tuple[Callable[[World], object], dict[str, object]]] = {
    "an area": (
        lambda w: shared.area_of(w.desk("nia"), "cellar"),
        {"area": "cellar", "choices": "main, ward, theatre"},
    ),
    "another site": (
        lambda w: shared.session_of(w.desk("nia", site=SOUTH), "s1"),
        {"session": "s1"},
    ),
    "a size": (
        lambda w: shared.same_unit(w.book(), OTHER),
        {"item": VIAL.id, "now_mg": 400, "held_mg": 500},
    ),
    "a stock": (
        lambda w: shared.in_stock(w.book(), VIAL, "ward", 11),
        {"item": VIAL.id, "area": "ward", "held": 8, "units": 11},
    ),
    "a count": (lambda _: shared.some(0), {"units": 0}),
    "an amount": (
        lambda _: shared.measured(-1, "the pump"),
        {
            "what": "the pump",
            "text": -1,
            "low": 0,
            "high": LARGEST_WHOLE,
            "unit": "ug",
            "example": "25000",
        },
    ),
    "a long name": (lambda w: shared.draw_of(w.book(), "d" * 61), {"draw": "d" * 60}),
    "a dose": (
        lambda w: shared.nothing_open(w.desk("nia"), next(iter(w.book().draws.values()))),
        {"session": "s1"},
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_refusal_tells_what_it_is_about(w: World, name: str) -> None:
    w.found(SOUTH)
    act, told = TOLD[name]
    w.intend(w.draw())
    w.draw()
    assert refusal(lambda: act(w)).fields == told | (
        {"choices": ", ".join(w.book().draws)} if name == "a long name" else {}
    ) | ({"intent": intent(w)} if name == "a dose" else {})


def intent(w: World) -> str:
    (dose,) = w.record.view(sessions.Session, "session/s1").open_doses
    return dose.intended.intent


def test_a_draw_that_isnt_there_is_answered_by_those_that_are(w: World) -> None:
    told = refusal(lambda: shared.draw_of(w.book(), "d-0")).fields
    assert told == {"draw": "d-0", "choices": "none is open"}
    draw = w.draw()
    w.waste(draw, 500)
    assert refusal(lambda: shared.draw_of(w.book(), "d-0")).fields["choices"] == "none is open"
    assert refusal(lambda: shared.open_draw(w.book(), draw)).fields == {"draw": draw}


def test_a_frozen_page_is_told_with_its_discrepancy(w: World) -> None:
    shared.not_frozen(w.book(), VIAL, "ward")
    discrepancy.report(w.desk("nia"), VIAL, "ward", 0, "x")
    (case,) = w.book().cases
    told = refusal(lambda: shared.not_frozen(w.book(), VIAL, "ward")).fields
    assert told == {"item": VIAL.id, "area": "ward", "discrepancy": case}
    shared.not_frozen(w.book(), VIAL, "theatre")


def test_a_key_that_is_missing_stops_what_has_to_be_sealed(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Refused(Refusal.SITE_KEY_MISSING, path="x")

    monkeypatch.setattr(Keyring, "seal", refuse)
    assert code(lambda: shared.sealed(w.desk("nia"), "p1", "why")) == "SITE_KEY_MISSING"


def test_an_erased_patients_text_still_names_the_patient(w: World) -> None:
    patient.erase(w.desk("max", "noa"), "p1", "asked", accepted="by law")
    assert shared.sealed(w.desk("nia"), "p1", "why").owner == "p1"


def test_an_id_is_short_and_a_decision_takes_other_streams_along(w: World) -> None:
    assert re.fullmatch("d-[0-9a-f]{10}", shared.new_id("d"))
    made = shared.decision(w.desk("nia"), [], {"session/s1": []})
    assert list(made.facts) == [f"register/{NORTH}/ketamine", "session/s1"]


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_text_isnt_sealed(w: World, text: str) -> None:
    told = refusal(lambda: shared.sealed(w.desk("nia"), "p1", text)).fields
    assert told == {"field": "a text", "what": "the command", "why": "it is empty"}


def test_text_is_sealed_for_whom_its_entry_concerns_and_clear_for_none(w: World) -> None:
    desk = w.desk("nia")
    draw = w.draw()
    w.waste(draw, 100)
    for number in (1, 2, 3, 5):  # a delivery, a draw, a waste and a footnote to the draw
        checks.correct(desk, number, "a footnote")
    (gap,) = vial.settle(desk, draw)
    facts = [line.event.fact for line in w.book().lines]
    concerned = [shared.patient_of(w.book(), fact) for fact in facts]
    assert concerned == ["", "p1", "p1", "", "p1", "p1", "p1", "p1"]
    assert shared.patient_of(w.book(), gap.fact) == "p1"
    told = discrepancy.reconstruct(w.desk("pia"), gap.fact.discrepancy, None, None, "as charted")
    assert shared.patient_of(w.book(), told[0].fact) == "p1"
    assert shared.told(desk, "", "why") == "why"
    sealed = shared.told(desk, "p1", "why")
    assert not isinstance(sealed, str)
    assert w.record.keyring.open(sealed) == "why"
